"""TFRecord framing, the protocol buffers inside, and the official NAS-Bench-101 format."""

import base64
import json
import os
import struct

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.data.benchmarks import BENCHMARKS
from archflow.data.provision import import_files
from archflow.data.readers.nasbench101_tfrecord import read_tfrecord, read_whole_tfrecord
from archflow.data.tfrecord import crc32c, masked_crc, read_records
from archflow.errors import ArchflowError
from archflow.graph.table import read_table
from archflow.protobuf import fields
from tests.data import tfrecords
from tests.data.tfrecords import framed, model_metrics, training, varint, write_tfrecord


def test_checksums_of_rfc_3720():
    contents = [bytes(32), b"\xff" * 32, bytes(range(32)), bytes(range(31, -1, -1)), b"123456789", b""]
    assert crc32c(contents).tolist() == [0x8A9136AA, 0x62A8AB43, 0x46DD794E, 0x113FDB5C, 0xE3069283, 0]


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_checksums_of_many_are_those_of_each(contents):
    assert crc32c(contents).tolist() == [tfrecords.crc32c(content) for content in contents]
    assert masked_crc(contents).astype("<u4").tobytes() == b"".join(map(tfrecords.masked, contents))


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_records_come_back(tmp_path_factory, contents):
    path = write_tfrecord(tmp_path_factory.mktemp("records") / "x.tfrecord", contents)
    assert list(read_records(path)) == contents


def test_records_are_checked_in_many_lots(tmp_path, monkeypatch):
    monkeypatch.setattr("archflow.data.tfrecord._CHECKED_TOGETHER", 3)
    contents = [str(i).encode() * i for i in range(11)]
    path = write_tfrecord(tmp_path / "x.tfrecord", contents)
    assert list(read_records(path)) == contents
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(b"9999") + 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ArchflowError, match="the checksum of record 9 is wrong"):
        list(read_records(path))


def test_every_damaged_byte_and_every_truncation_is_found(tmp_path):
    contents = [b"first", b"second one"]
    whole = b"".join(map(framed, contents))
    path = tmp_path / "x.tfrecord"
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        with pytest.raises(ArchflowError, match=r"record [01]"):
            list(read_records(path))
    ends = {0, len(framed(contents[0]))}
    for end in set(range(len(whole))) - ends:
        path.write_bytes(whole[:end])
        with pytest.raises(ArchflowError, match=r"record [01].*truncated"):
            list(read_records(path))
    path.write_bytes(struct.pack("<QI", 1 << 60, 0))
    with pytest.raises(ArchflowError, match="no sound length"):
        list(read_records(path))
    with pytest.raises(ArchflowError, match="cannot be read"):
        list(read_records(tmp_path / "absent"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArchflowError, match="is a pipe or a device"):
        list(read_records(tmp_path / "pipe"))


@given(st.integers(0, 2**64 - 1), st.floats(allow_nan=False), st.binary(max_size=300), st.integers(1, 2000))
def test_fields_of_every_kind_come_back(whole, real, content, number):
    message = (
        varint(number << 3) + varint(whole)
        + varint(number << 3 | 1) + struct.pack("<d", real)
        + varint(number << 3 | 2) + varint(len(content)) + content
        + varint(number << 3 | 5) + struct.pack("<f", 0.5)
    )  # fmt: skip
    assert fields(message) == {number: [whole, real, content, 0.5]}


@pytest.mark.parametrize("message", [b"\x08", b"\x09123", b"\x0a\x05ab", b"\x0d12", b"\x0b", b"\x08" + b"\xff" * 11])
def test_damaged_messages_are_refused(message):
    with pytest.raises(ArchflowError, match="protocol buffer"):
        fields(message)


OPS = ("input", "conv3x3-bn-relu", "maxpool3x3", "output")
EDGES = [(0, 1), (1, 2), (2, 3), (0, 3)]
MEASURED = {"time": 100.0, "train": 0.9, "val": 0.8, "test": 0.7}


def repeats(hash_: str, epochs: int, first: float, params: int = 7, ops=OPS, edges=EDGES) -> list[bytes]:
    """Three trainings whose accuracies and times grow by 0.01 a repeat."""
    return [
        training(hash_, epochs, ops, edges, params, {key: value * first + 0.01 * i for key, value in MEASURED.items()})
        for i in range(3)
    ]


def test_the_table_of_a_small_file(tmp_path):
    other = (("input", "conv1x1-bn-relu", "output"), [(0, 1), (1, 2)])
    records = [*repeats("b" * 32, 4, 1.0), *repeats("b" * 32, 108, 0.5), *repeats("a" * 32, 4, 0.25, 9, *other)]
    records.append(training("a" * 32, 108, *other, 9, MEASURED))
    table = read_tfrecord(write_tfrecord(tmp_path / "x.tfrecord", records))
    assert [(a.ops, sorted(a.edges)) for a in table.architectures] == [other, (OPS, sorted(EDGES))]
    assert table.metric("params").tolist() == [9, 7]
    assert table.metric("val_acc_4").tolist() == [0.2, 0.8]
    assert table.metric("val_acc_4_r2") == pytest.approx([0.22, 0.82])
    assert table.metric("test_acc_108_r1") == pytest.approx([np.nan, 0.36], nan_ok=True)
    assert table.metric("test_acc_4_mean3") == pytest.approx([0.7 / 4 + 0.01, 0.71])
    assert table.metric("train_acc_108_mean3") == pytest.approx([np.nan, 0.46], nan_ok=True)  # only one training
    assert table.metric("train_time_108_s").tolist() == [100.0, 50.0]


@pytest.mark.parametrize("lengths", [(108,), (4, 108)])
def test_a_file_cut_between_two_records_is_not_taken_for_whole(tmp_path, monkeypatch, cache, lengths):
    monkeypatch.setattr("archflow.data.readers.nasbench101_tfrecord.CELLS", 2)
    other = (("input", "conv1x1-bn-relu", "output"), [(0, 1), (1, 2)])
    trainings = [[*repeats("b" * 32, n, 1.0), *repeats("a" * 32, n, 0.5, 9, *other)] for n in lengths]
    by_repeat = [of_length[i] for i in (0, 3, 1, 4, 2, 5) for of_length in trainings]
    whole = write_tfrecord(tmp_path / "whole.tfrecord", by_repeat)
    assert len(read_whole_tfrecord(whole)) == 2
    cut = tmp_path / "cut.tfrecord"
    for count in range(1, len(by_repeat)):
        with pytest.raises(ArchflowError, match=r"trainings of \d cells; the official file has .* it is cut off"):
            read_whole_tfrecord(write_tfrecord(cut, by_repeat[:count]))
    with pytest.raises(ArchflowError, match="it is cut off"):
        import_files(BENCHMARKS["nasbench101"], [cut])
    assert import_files(BENCHMARKS["nasbench101"], [whole]) == cache / "nasbench101.parquet"


def test_real_rows_come_back(data_folder, tmp_path):
    path = data_folder / "nasbench101.parquet"
    hashes = pq.read_table(path, columns=["arch_id"])["arch_id"].to_pylist()
    table = read_table(path)
    columns = [f"{part}_acc_108_r{n}" for part in ("val", "test") for n in range(3)]
    values = np.stack([table.metric(name) for name in columns], axis=1)
    rows = np.flatnonzero(np.isfinite(values).all(axis=1))[:60]
    records = []
    for row in np.random.default_rng(0).permutation(rows).tolist():
        cell = table.architectures[row]
        for n in range(3):
            measured = {"time": 1.0, "train": 0.5, "val": values[row, n], "test": values[row, 3 + n]}
            records.append(training(hashes[row], 108, cell.ops, cell.edges, row, measured))
    read = read_tfrecord(write_tfrecord(tmp_path / "x.tfrecord", records))
    assert read.metric("params").tolist() == rows.tolist()  # the table is in the order of the hashes too
    assert np.array_equal(np.stack([read.metric(name) for name in columns], axis=1), values[rows])
    expected = table.architectures.select(rows)
    assert [(a.ops, sorted(a.edges)) for a in read.architectures] == [(a.ops, sorted(a.edges)) for a in expected]


def changed(**fields_: object) -> bytes:
    names = ("hash", "epochs", "matrix", "ops", "metrics")
    values = dict(zip(names, json.loads(training("c" * 32, 108, OPS, EDGES, 7, MEASURED)), strict=True))
    return json.dumps(list((values | fields_).values())).encode()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"no json", "record 1 is not"),
        (b"[]", "record 1 is not"),
        (b'{"a": 1}', "record 1 is not"),
        (changed(hash=5), "record 1 is not"),
        (changed(matrix=[0]), "record 1 is not"),
        (changed(epochs="108"), "record 1 is not.*'108' epochs"),
        (changed(epochs=10**30), "record 1 is not"),
        (b"[" * 50_000, "record 1 is not"),
        (changed(metrics="?"), "record 1 is not"),
        (changed(metrics=""), "record 1 is not"),
        (changed(metrics=base64.b64encode(model_metrics(7, [{1: 0.0}])).decode()), "record 1 is not"),
        (changed(metrics=base64.b64encode(b"\x08\x01").decode()), "record 1 is not"),
        (changed(hash="d" * 32, matrix="0" * 16), "another graph"),
        (changed(matrix="0" * 15), "does not fit operations"),
        (changed(matrix="0" * 9), "does not fit operations"),
        (changed(matrix="2" * 16), "other than 0 and 1"),
        (changed(matrix="é" * 16), "other than 0 and 1"),
        (changed(matrix="1" * 16), "edge to itself"),
        (changed(ops="input,conv9x9,maxpool3x3,output"), "unknown operation 'conv9x9'"),
        (changed(matrix="0" * 64, ops=",".join(["maxpool3x3"] * 8)), "does not fit operations"),
    ],
)
def test_records_that_are_no_trainings_are_refused(record, reason, tmp_path):
    good = training("d" * 32, 108, OPS, EDGES, 7, MEASURED)
    with pytest.raises(ArchflowError, match=reason):
        read_tfrecord(write_tfrecord(tmp_path / "x.tfrecord", [good, record]))


def test_more_than_three_repeats_are_refused(tmp_path):
    records = [training("d" * 32, 108, OPS, EDGES, 7, MEASURED)] * 4
    with pytest.raises(ArchflowError, match="4 trainings of 108 epochs instead of 3"):
        read_tfrecord(write_tfrecord(tmp_path / "x.tfrecord", records))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(ArchflowError, match="no record"):
        read_tfrecord(write_tfrecord(tmp_path / "x.tfrecord", []))
