import pytest

from archflow.graph.synonyms import SYNONYMS, known_as


def test_a_synonym_leads_back():
    assert SYNONYMS
    assert all(SYNONYMS[other] == name != other for name, other in SYNONYMS.items())


@pytest.mark.parametrize(
    ("op", "names", "own", "expected"),
    [
        ("nor_conv_3x3", {"nor_conv_3x3", "conv3x3-bn-relu"}, set(), "nor_conv_3x3"),
        ("nor_conv_3x3", {"conv3x3-bn-relu"}, {"nor_conv_3x3"}, "conv3x3-bn-relu"),
        ("nor_conv_3x3", {"conv3x3-bn-relu"}, {"conv3x3-bn-relu"}, None),  # another operation of the same set
        ("nor_conv_3x3", {"conv1x1-bn-relu"}, set(), None),
        ("strange", {"conv1x1-bn-relu"}, set(), None),
    ],
)
def test_an_operation_is_known_by_its_name_or_else_its_synonym(op, names, own, expected):
    assert known_as(op, names, own) == expected
