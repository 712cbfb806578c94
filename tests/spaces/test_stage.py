import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.stage import NodeForms, Stage


def test_all_runs_of_a_stage():
    stage = Stage(("a", "b"), (1, 2))
    assert stage.size == 6
    assert stage.runs().tolist() == [[0, -1], [1, -1], [0, 0], [0, 1], [1, 0], [1, 1]]


FORMS = NodeForms(
    ["conv_k3", "conv_k5", "skip"],
    {"conv_k3": "conv", "conv_k5": "conv"},
    {"conv_k3": {"kernel": 3}, "conv_k5": {"kernel": 5}},
)


def test_nodes_are_read_by_name_and_attributes_or_by_the_old_name_alone():
    new = Architecture(("conv", "conv", "skip"), ((0, 1), (1, 2)), {"kernel": [5, 3, np.nan]})
    old = Architecture(("conv_k5", "conv_k3", "skip"), ((0, 1), (1, 2)))
    for each in (new, old):
        assert FORMS.read(ArchitectureSet.from_architectures([each])).tolist() == [1, 0, 2]
    assert FORMS.number("skip") == 2
    assert FORMS.twins == []


def test_a_node_that_is_none_of_them_is_named_by_its_row():
    good = Architecture(("skip",), ())
    bad = Architecture(("conv",), (), {"kernel": [7]})
    with pytest.raises(ArchflowError, match="row 1: unknown operation 'conv' with kernel 7"):
        FORMS.read(ArchitectureSet.from_architectures([good, bad]))


def test_operations_of_one_form_are_twins():
    assert NodeForms(["a", "b"], {"a": "c", "b": "c"}, {}).twins == [("a", "b")]
