import numpy as np

from archflow.predict.components import COMPONENTS
from archflow.predict.metrics import kendall_tau
from archflow.search.fitted_blend import ROWS, FittedBlend
from tests.search.known_cells import known_cells


def fitted(names=("forest", "ridge"), count=40):
    space, known, score = known_cells()
    rows = np.arange(count)
    parts = [COMPONENTS.get(name)() for name in names]
    return FittedBlend(parts, known.seen.select(rows), score[rows], space.usual, 0)


def test_it_ranks_what_it_has_not_seen():
    _, known, score = known_cells()
    mean, std = fitted()(known.seen)
    assert kendall_tau(mean[40:], score[40:]) > 0.8
    assert (std > 0).all()


def test_a_component_that_needs_encoders_is_left_out_without_them():
    seen = known_cells()[1].seen
    np.testing.assert_array_equal(fitted(("ridge",))(seen)[0], fitted(("networks", "ridge"))(seen)[0])


def test_other_candidates_change_nothing(monkeypatch):
    blend, seen = fitted(), known_cells()[1].seen
    everything = blend(seen)
    assert len(seen) < ROWS
    monkeypatch.setattr("archflow.search.fitted_blend.ROWS", 64)
    for whole, part in zip(everything, blend(seen.select(np.arange(50, 200))), strict=True):
        np.testing.assert_allclose(whole[50:], part, rtol=1e-9)
