import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.names import LETTERS, joined_name, numbers_from_names, split_name
from archflow.graph.table import Table, read_table
from archflow.spaces.fbnet import BLOCKS
from archflow.spaces.ofa_mobilenetv3 import ATTRIBUTES
from tests.strategies import sets


@pytest.mark.parametrize(
    ("name", "base", "numbers"),
    [
        ("conv_k3_c64", "conv", {"kernel": 3, "channels": 64}),
        ("conv3x3", "conv", {"kernel": 3}),
        ("conv3x3-bn-relu", "conv-bn-relu", {"kernel": 3}),
        ("nor_conv_1x1", "nor_conv", {"kernel": 1}),
        ("mbconv_k5_e6_c96", "mbconv", {"kernel": 5, "expansion": 6, "channels": 96}),
        ("sep_conv_5x5", "sep_conv", {"kernel": 5}),
        ("dil_conv_3x3_d2", "dil_conv", {"kernel": 3, "dilation": 2}),
        ("stem_conv3x3s2_c128", "stem_conv", {"kernel": 3, "stride": 2, "channels": 128}),
        ("mbconv_stage0_k7_e6", "mbconv", {"stage": 0, "kernel": 7, "expansion": 6}),
        ("res_branch0_n4_c128", "res", {"branch": 0, "n": 4, "channels": 128}),
        ("vitblock_h4_m3.5", "vitblock", {"heads": 4, "m": 3.5}),
        ("input_r224", "input", {"resolution": 224}),
        ("basic_block_x2channels_stride2", "basic_block_x2channels", {"stride": 2}),
        # What is no number of an attribute stays.
        *[(name, name, {}) for name in ("input", "relu6", "conv2d", "c_k-1", "conv_1x7_7x1", "k5_e6", "3x3", "_")],
        ("conv_1x7", "conv_1x7", {}),
        ("conv3x3_k5", "conv3x3_k5", {}),
        ("mb3_k3", "mb3", {"kernel": 3}),
    ],
)  # fmt: skip
def test_names_are_split(name, base, numbers):
    assert split_name(name) == (base, numbers)


bases = st.from_regex(r"[a-z]{2,9}[1-9]?(_[a-z]{1,9})?", fullmatch=True)
attributes = st.sampled_from([*LETTERS.values(), "ratio", "layers"])
values = st.integers(0, 4096) | st.integers(1, 400).map(lambda n: n / 8)


@given(bases, st.dictionaries(attributes, values))
def test_a_name_that_was_put_together_is_split_again(base, numbers):
    assert split_name(joined_name(base, numbers)) == (base, numbers)


@given(st.text(max_size=20))
def test_any_text_is_split_and_keeps_a_name(text):
    base, numbers = split_name(text)
    assert bool(base) == bool(text)
    assert all(np.isfinite(value) for value in numbers.values())


def test_a_set_gets_plain_names_and_attributes():
    ops = ("input_r32", "conv", "conv_k3", "conv3x3_c8", "output")
    some = ArchitectureSet.from_architectures([Architecture(ops, tuple((i, i + 1) for i in range(4)))])
    found = numbers_from_names(some)
    nan = np.nan
    assert found.vocabulary.ops == ("input", "output", "conv")
    expected = {"kernel": (nan, nan, 3, 3, nan), "channels": (nan, nan, nan, 8, nan), "resolution": (32, *[nan] * 4)}
    assert found[0] == Architecture(("input", "conv", "conv", "conv", "output"), some[0].edges, expected)


@given(sets(attributes=True))
def test_names_without_numbers_change_nothing(some):
    found = numbers_from_names(some)
    assert list(found) == list(some)
    assert (found.hashes == some.hashes).all()


def test_columns_fill_what_names_leave_open_and_may_not_contradict():
    some = ArchitectureSet.from_architectures(
        [Architecture(("conv_k3", "conv"), (), {"kernel": (3, 5), "groups": (1, 2)})]
    )
    assert numbers_from_names(some)[0] == Architecture(("conv", "conv"), (), {"kernel": (3, 5), "groups": (1, 2)})
    other = ArchitectureSet.from_architectures([some[0], Architecture(("conv_k3",), (), {"kernel": (7,)})])
    with pytest.raises(ArchflowError, match="row 1: 'conv_k3' has kernel 7 in its column"):
        numbers_from_names(other)


def test_a_table_is_read_with_the_numbers_in_its_names(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text('ops,edge_src,edge_dst\n"[input, conv_k3_c64, output]","[0, 1]","[1, 2]"\n')
    assert read_table(path).architectures.vocabulary.ops == ("input", "output", "conv_k3_c64")
    read = read_table(path, numbers_in_names=True).architectures
    assert read.vocabulary.ops == ("input", "output", "conv")
    assert read[0].attributes["channels"][1] == 64
    Table(read).write(path)
    assert list(read_table(path).architectures) == list(read)
    path.write_text('ops,edge_src,edge_dst,node_kernel\n"[conv_k3]",[],[],[5]\n')
    with pytest.raises(ArchflowError, match=r"mine\.csv: row 0: 'conv_k3' has kernel 5"):
        read_table(path, numbers_in_names=True)


def test_the_names_of_older_tables_say_what_the_spaces_say():
    for name, numbers in ATTRIBUTES.items():
        assert split_name(name) == (name.split("_")[0], numbers)
    for name, numbers in BLOCKS.items():
        assert split_name(f"mbconv_{name}")[1].items() <= numbers.items()
