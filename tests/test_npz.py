"""Arrays of others: as they were saved, or one line; never more memory than the file accounts for."""

import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.npz import read_arrays

ARRAYS = {
    "a": np.arange(60, dtype=np.uint8).reshape(5, 12),
    "b": np.asfortranarray(np.linspace(0, 1, 12).reshape(3, 4)),
    "c": np.array(["one", "another"]),
    "d": np.zeros((0, 3)),
    "e": np.array(3),
}


def saved(compressed: bool) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **ARRAYS)
    return file.getvalue()


def refused(path: Path, *names: str) -> str:
    with pytest.raises(ArchflowError) as caught:
        read_arrays(path, *names)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line
    return line


@pytest.mark.parametrize("compressed", [True, False])
def test_what_was_saved_comes_back(tmp_path, compressed):
    (tmp_path / "x.npz").write_bytes(saved(compressed))
    for name, array in zip(ARRAYS, read_arrays(tmp_path / "x.npz", *ARRAYS), strict=True):
        assert array.dtype == ARRAYS[name].dtype
        assert np.array_equal(array, ARRAYS[name])
    (only,) = read_arrays(tmp_path / "x.npz", "c")
    assert only.tolist() == ["one", "another"]


@given(st.booleans(), st.data())
def test_damaged_bytes_give_the_same_arrays_or_one_line(tmp_path_factory, compressed, data):
    content = bytearray(saved(compressed))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    path.write_bytes(content)
    try:
        arrays = read_arrays(path, *ARRAYS)
    except ArchflowError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either is right
    else:
        assert all(np.array_equal(a, b) for a, b in zip(arrays, ARRAYS.values(), strict=True))


def member(header: bytes, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header))
    return b"\x93NUMPY" + version + size + header + body


def described(shape: str, kind: str = "'|u1'") -> bytes:
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        member(described("(3000000000,)")),
        member(described("(10000000000000000000,)", "'<U0'")),
        member(described("(-1, -3)"), b"abc"),
        member(described("(-8,)")),
        member(described("(2,)"), b"abc"),
        member(described("(4,)"), b"abc"),
        member(described("(3,)", "'|O'"), b"x" * 24),
        member(described("(" * 900 + ")" * 900)),
        member(described("(" + "9" * 5000 + ",)")),
        member(described("(3,)", "'|a1'"), b"abc"),
        member(described("(3,)", "[1]"), b"abc"),
        member(described("(3,)", "None"), b"abc"),
        member(described("(3,)").replace(b"'shape'", b"'form'"), b"abc"),
        member(b"\xff\xfe", b"abc"),
        member(b"[" * 9000),
        member(b"a" * 20_000),
        member(described("(3,)"), b"abc", version=b"\x03\x00"),
        member(described("(3,)"), b"abc", version=b"\x09\x09"),
        b"",
        b"\x93NUMPY",
        b"no array",
    ],
)
def test_headers_that_claim_what_is_not_there_are_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", content)
    tracemalloc.start()
    try:
        assert "not a readable .npz file of plain arrays" in refused(path, "a")
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


def test_content_out_of_proportion_to_the_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "x.npz"
    header = described(f"({400 << 20},)")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as stream:
        stream.write(member(header))
        for _ in range(400):
            stream.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        assert "asks for 0.4 GB of memory with 0.4 MB on disk" in refused(path, "a")
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


def test_other_files_are_named(tmp_path):
    assert "No such file" in refused(tmp_path / "absent.npz", "a")
    assert "is a folder" in refused(tmp_path, "a")
    os.mkfifo(tmp_path / "pipe.npz")
    assert "is a pipe or a device" in refused(tmp_path / "pipe.npz", "a")
    np.save(tmp_path / "one.npy", np.zeros(3))
    assert "not a readable .npz file" in refused(tmp_path / "one.npy", "a")
    np.savez(tmp_path / "x.npz", a=np.zeros(3))
    assert "no array b and c, only a: add it" in refused(tmp_path / "x.npz", "b", "a", "c")
    np.savez(tmp_path / "none.npz")
    assert "no array a, only nothing" in refused(tmp_path / "none.npz", "a")
