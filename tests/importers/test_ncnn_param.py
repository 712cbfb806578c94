"""ncnn's .param files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.importers.ncnn_param import NcnnImporter, from_param, parsed_numbers, shapes_of
from archflow.testing import check_importer

TEXT = """7767517
7 8
Input            data     0 1 data 0=8 1=8 2=3
Convolution      conv     1 1 data conv 0=4 1=3 3=2 4=1 5=1 6=108 9=1
Split            split    1 2 conv a b
ConvolutionDepthWise dw   1 1 a c 0=4 1=3 4=1 6=36 7=4
Eltwise          sum      2 1 b c d 0=1
Pooling          pool     1 1 d e 0=1 4=1
InnerProduct     fc       1 1 e f 0=10 1=1 2=40
Softmax          prob     1 1 f out
"""


def write(path, text=TEXT):
    path.write_text(text)
    return str(path)


def test_a_file_is_a_model(tmp_path):
    found = from_param(write(tmp_path / "small.param"))
    ops = ("conv2d", "relu", "conv2d", "add", "global_avg_pool", "linear", "softmax")
    assert found.architecture.ops == ("input", *ops, "output")
    assert found.columns["params"] == 112 + 36 + 50
    assert found.columns["macs"] == 16 * 108 + 16 * 36 + 40
    assert found.architecture.attributes["groups"][3] == 4
    assert found.architecture.attributes["shape_2"][:4] == (8, 4, 4, 4)


def test_contract(tmp_path):
    lines = TEXT.splitlines()
    damaged = {
        "magic": TEXT[1:],
        "cut": "\n".join(lines[:3])[:-20],
        "few": "7767517\n1 1\nInput data 0\n",
        "backwards": "\n".join([*lines[:2], lines[3], lines[2]]),
        "huge": TEXT.replace("0=4 1=3", "0=99999999999999 1=3"),
        "nan": TEXT.replace("0=4", "0=nan"),
        "negative": TEXT.replace("0=8 1=8", "0=8 1=8 -23330=4,3,-5,8,3"),
        "words": TEXT.replace("0=4", "zero=four"),
        "nothing": "7767517\n0 0\n",
        "empty": "",
    }
    paths = [write(tmp_path / f"{name}.param", text) for name, text in damaged.items()]
    paths.append(str(tmp_path / "no_such.param"))
    (tmp_path / "binary.param").write_bytes(bytes(range(256)))
    check_importer(NcnnImporter, write(tmp_path / "small.param"), [*paths, str(tmp_path / "binary.param")])


def test_an_unknown_layer_is_opaque(tmp_path):
    found = from_param(write(tmp_path / "x.param", TEXT.replace("Softmax ", "Frobnicate ")))
    assert found.opaque == {"Frobnicate": 1}


def test_numbers_and_shapes():
    assert parsed_numbers(["0=3", "-23303=2,1,5", "4=1,2", '5="text"']) == {0: 3, 3: [1, 5], 4: [1, 2], 5: 0}
    assert shapes_of([3, 8, 6, 4, 1, 9, 1, 1]) == [(1, 4, 6, 8), (1, 9)]
    assert shapes_of([7, 1, 1, 1]) == shapes_of([]) == []
    with pytest.raises(ValueError, match="invalid"):
        parsed_numbers(["zero"])


@given(
    st.lists(st.sampled_from([*TEXT.split(), "-1", "9999999999", "0=0", "6=0", "1=-3", "-23330=1,9"]), max_size=30),
    st.data(),
)
def test_shuffled_words_are_read_or_refused(tmp_path_factory, words, data):
    path = tmp_path_factory.mktemp("param") / "x.param"
    breaks = data.draw(st.lists(st.sampled_from(" \n"), min_size=len(words), max_size=len(words)))
    path.write_text("7767517\n1 1\n" + "".join(a + b for a, b in zip(words, breaks, strict=True)))
    try:
        message = from_param(path).name
    except ArchflowError as error:
        message = str(error)
    assert "\n" not in message
