"""Foreign binary files: pickles, arrays, torch files, TFRecords, protocol buffers."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch

from archflow.data.nasbench101_graphs import read_graphs
from archflow.data.pickled_arrays import NUMPY_NAMES, columns
from archflow.data.safe_pickle import read_pickle, read_torch_file
from archflow.data.tfrecord import read_records
from archflow.protobuf import fields
from tests.data.tfrecords import framed
from tests.fuzz.mutate import Random, damaged_bytes
from tests.fuzz.surface import Attempt, surface


def _reader(path: Path, content: bytes, read) -> Attempt:
    def attempt(random: Random) -> None:
        path.write_bytes(damaged_bytes(content, random))
        read(path)

    return attempt


@surface
def pickles(folder: Path) -> Attempt:
    content = pickle.dumps({"a": np.arange(5), "b": [1, 2.5, "x", None], 3: {"c": (1, 2)}})
    return _reader(folder / "x.pickle", content, lambda path: columns(read_pickle(path, NUMPY_NAMES)))


@surface
def torch_files(folder: Path) -> Attempt:
    path = folder / "x.pth"
    torch.save({"a": 1, "b": [1.5, "x"]}, path)
    return _reader(path, path.read_bytes(), read_torch_file)


@surface
def packed_graphs(folder: Path) -> Attempt:
    path = folder / "x.npz"
    real = Path(__file__).parents[3] / "shared" / "data" / "nasbench101_graphs.npz"
    if real.is_file():
        with np.load(real) as arrays:
            np.savez(path, **{name: arrays[name][:50] for name in arrays.files})
    else:
        np.savez(path, **{name: np.zeros(5, np.uint8) for name in ("ops", "matrix", "hashes")})
    return _reader(path, path.read_bytes(), read_graphs)


@surface
def tfrecords(folder: Path) -> Attempt:
    content = b"".join(framed(bytes(range(size))) for size in (0, 5, 200))
    return _reader(folder / "x.tfrecord", content, lambda path: list(read_records(path)))


@surface
def messages(folder: Path) -> Attempt:
    content = b"\x08\x96\x01\x12\x07testing\x1d\x00\x00\x80?" * 5

    def attempt(random: Random) -> None:
        fields(damaged_bytes(content, random))

    return attempt
