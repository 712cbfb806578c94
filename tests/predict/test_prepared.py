import numpy as np

from archflow.encoders import create
from archflow.predict.prepared import Prepared


def test_equal_preparations_are_made_once(architectures):
    whole, again = (create("mlp", architectures, view="whole", width=4, seed=seed) for seed in (0, 1))
    other = create("mlp", architectures, view="contracted", width=4, seed=0)
    prepared = Prepared([whole, other, again], architectures)
    count = len(architectures)
    assert len(prepared.together) == 2 * count
    assert prepared.rows(0).tolist() == prepared.rows(2).tolist() == list(range(count))
    assert prepared.rows(1).tolist() == list(range(count, 2 * count))
    assert prepared.tiled(np.arange(count)).tolist() == 2 * list(range(count))
    side_by_side = np.concatenate([each.embed(architectures) for each in (whole, other, again)], 1)
    np.testing.assert_array_equal(prepared.embeddings("cpu"), side_by_side)
