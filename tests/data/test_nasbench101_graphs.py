"""The packed graphs of NAS-Bench-101: as published, or one line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.data.nasbench101_graphs import graphs_of, read_graphs
from archflow.errors import ArchflowError

PACKED = {
    "md5": np.arange(48, dtype=np.uint8).reshape(3, 16),
    "n_vertices": np.array([2, 3, 4], np.uint8),
    "edge_bits": np.array([1, 7, 0b110011], np.uint32),
    "labels_base3": np.array([0, 2, 5], np.uint8),
}


def packed(folder, **changes):
    path = folder / "nasbench101_graphs.npz"
    np.savez_compressed(path, **(PACKED | changes))
    return path


def test_packed_graphs_are_unpacked(tmp_path):
    graphs = read_graphs(packed(tmp_path))
    assert [(a.ops[1:-1], sorted(a.edges)) for a in graphs] == [
        ((), [(0, 1)]),
        (("maxpool3x3",), [(0, 1), (0, 2), (1, 2)]),
        (("conv1x1-bn-relu", "maxpool3x3"), [(0, 1), (0, 2), (1, 3), (2, 3)]),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"n_vertices": np.array([2, 3, 8], np.uint8)},
        {"n_vertices": np.array([2, 3, 0], np.uint8)},
        {"n_vertices": np.array([2, 3, 2**40])},
        {"n_vertices": np.array([2, 3], np.uint8)},
        {"n_vertices": np.array(3)},
        {"n_vertices": np.zeros((0,), np.uint8), "edge_bits": np.zeros(0, int), "labels_base3": np.zeros(0, int)},
        {"edge_bits": np.array([1.5, 7, 3])},
        {"edge_bits": np.array(["a", "b", "c"])},
        {"labels_base3": np.zeros((3, 1), np.uint8)},
        {name: np.full(423_625, 2, np.uint8) for name in ("n_vertices", "edge_bits", "labels_base3")},
    ],
)
def test_other_arrays_under_these_names_are_refused(tmp_path, changes):
    with pytest.raises(ArchflowError, match="not the packed NAS-Bench-101 graphs; get it again"):
        read_graphs(packed(tmp_path, **changes))


def test_a_foreign_archive_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", other=np.zeros(3))
    with pytest.raises(ArchflowError, match="no array n_vertices and edge_bits and labels_base3, only other"):
        read_graphs(tmp_path / "x.npz")


def test_hashes_of_another_shape_are_refused(own):
    packed(own, md5=PACKED["md5"][:, :8])
    with pytest.raises(ArchflowError, match="not the packed NAS-Bench-101 graphs"):
        graphs_of(["00" * 16])
    packed(own)
    assert [a.ops[1:-1] for a in graphs_of([bytes(range(16, 32)).hex()])] == [("maxpool3x3",)]


@given(st.data())
def test_damaged_files_give_the_same_graphs_or_one_line(tmp_path_factory, data):
    path = packed(tmp_path_factory.mktemp("packed"))
    graphs = list(read_graphs(path))
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        assert list(read_graphs(path)) == graphs
    except ArchflowError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either is right
