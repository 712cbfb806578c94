"""Cells of NAS-Bench-201 that NASLib and NNI wrote."""

import pytest

from archflow.errors import ArchflowError
from archflow.spaces import NASBench201

SPACE = NASBench201()
CELL = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
NNI = {
    "0_1": "conv_3x3",
    "0_2": "none",
    "1_2": "avg_pool_3x3",
    "0_3": "skip_connect",
    "1_3": "conv_1x1",
    "2_3": "conv_3x3",
}


@pytest.mark.parametrize(
    "text",
    [
        "(2, 1, 0, 4, 3, 2)",
        "[2, 1, 0, 4, 3, 2]\n",
        "'(np.int64(2), np.int64(1), np.int64(0), np.int64(4), np.int64(3), np.int64(2))'",
        str(NNI),
        f"  {CELL} ",
        f'"{CELL}"',
    ],
)
def test_forms_that_name_one_cell(text):
    assert SPACE.format(SPACE.parse(text)) == CELL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(2, 1, 0, 4, 3, 5)", "expected"),
        ("(2, 1, 0, 4, 3)", "expected"),
        ("(2, 1, 0, 4, 3, True)", "expected"),
        ("(" * 900, "expected"),
        ("{}", "expected"),
        (str(NNI | {"0_1": "conv_5x5"}), "unknown operation 'conv_5x5'"),
        (str(NNI | {"3_4": "none"}), "expected"),
        ("__import__('os')", "expected"),
    ],
)
def test_others_are_refused_in_one_line(text, message):
    with pytest.raises(ArchflowError, match=message) as caught:
        SPACE.parse(text)
    assert "\n" not in str(caught.value)
