"""Writes the official NAS-Bench-101 format, from its description, by other means than the reader's."""

import base64
import json
import struct
from pathlib import Path


def crc32c(content: bytes) -> int:
    """CRC-32C bit by bit."""
    state = 0xFFFFFFFF
    for byte in content:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


def masked(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def framed(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + masked(length) + content + masked(content)


def varint(value: int) -> bytes:
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def model_metrics(params: int, evaluations: list[dict[int, float]], total_time: float = 1.0) -> bytes:
    """A `ModelMetrics`; an evaluation is field number -> value."""
    message = b""
    for evaluation in evaluations:
        inner = b"".join(bytes([number << 3 | 1]) + struct.pack("<d", value) for number, value in evaluation.items())
        inner += bytes([6 << 3 | 2]) + varint(200) + b"c" * 200  # checkpoint_path: a length of two groups
        message += bytes([1 << 3 | 2]) + varint(len(inner)) + inner
    return message + bytes([2 << 3]) + varint(params) + bytes([3 << 3 | 1]) + struct.pack("<d", total_time)


def training(hash_: str, epochs: int, ops, edges, params: int, measured: dict[str, float]) -> bytes:
    """One record. measured: time, train, val, test at the end of the training."""
    size = len(ops)
    matrix = "".join("1" if (a, b) in set(edges) else "0" for a in range(size) for b in range(size))
    end = {
        1: float(epochs),
        2: measured["time"],
        3: measured["train"],
        4: measured["val"],
        5: measured["test"],
    }
    start = dict.fromkeys(range(1, 6), 0.0)
    metrics = model_metrics(params, [start, {**end, 1: epochs / 2, 4: 0.123}, end])
    return json.dumps([hash_, epochs, matrix, ",".join(ops), base64.b64encode(metrics).decode()]).encode()


def write_tfrecord(path: Path, records: list[bytes]) -> Path:
    path.write_bytes(b"".join(map(framed, records)))
    return path
