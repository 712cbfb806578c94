"""Encoders with settings of their own in a comparison."""

import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.studies.encoders import Comparison, compare_encoders
from archflow_reproduce.studies.variants import variant
from tests.tables import scored_cells


def test_a_name_alone_has_no_settings():
    assert variant("gin") == ("gin", {})


def test_settings_follow_the_name():
    assert variant("ledg_former masks=1 text=true") == ("ledg_former", {"masks": 1, "text": True})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gni", "gin"),
        ("gin maks=1", "no setting 'maks'"),
        ("ledg_former masks=one", "masks 'one' is no whole number"),
        ("ledg_former masks", "ENCODER SETTING=VALUE"),
    ],
)
def test_what_is_no_variant_is_refused(name, said):
    with pytest.raises(ArchflowError, match=said):
        variant(name)


def test_variants_are_compared_under_their_own_names(tmp_path):
    names = [
        "ledg_former depth=1 width=8 masks=1",
        "ledg_former depth=1 width=8 masks=3",
        "ledg_former depth=1 width=8 text=true",
    ]
    comparison = Comparison("cells", None, names, metric="score", labels=(20,), runs=1, epochs=(2,), split_by="all")
    cells = compare_encoders(comparison, scored_cells(200), tmp_path)["cells"]
    assert [cell["encoder"] for cell in cells] == names
    assert [cell["config"]["encoder_config"].get("masks") for cell in cells] == [1, 3, None]
    assert len({tuple(cell["methods"]["supervised"]["tau"]) for cell in cells}) == 3
