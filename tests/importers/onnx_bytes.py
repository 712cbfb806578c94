"""ONNX files byte by byte, so that a test can write one that no tool would."""

from __future__ import annotations

from collections.abc import Sequence


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes) -> bytes:
    """A node; attributes are integers, lists of integers, or bytes of an array."""
    parts = [field(1, name) for name in inputs] + [field(2, name) for name in outputs] + [field(4, op)]
    for name, value in attributes.items():
        content = field(1, name)
        if isinstance(value, bytes):
            content += field(5, value)
        elif isinstance(value, int):
            content += field(3, value)
        else:
            content += b"".join(field(8, each) for each in value)
        parts.append(field(5, content))
    return field(1, b"".join(parts) + (field(7, domain) if domain else b""))


def array(name: str, shape: Sequence[int], kind: int = 1, values: bytes = b"", location: str = "") -> bytes:
    """The content of an array: 1 is float32, 7 int64."""
    content = b"".join(field(1, size) for size in shape) + field(2, kind) + field(8, name)
    content += field(9, values) if values else b""
    return content + (field(13, field(1, "location") + field(2, location)) if location else b"")


def integers(name: str, values: Sequence[int]) -> bytes:
    return array(name, [len(values)], 7, b"".join(value.to_bytes(8, "little", signed=True) for value in values))


def initializer(content: bytes) -> bytes:
    return field(5, content)


def value(name: str, shape: Sequence[int | str] | None, number: int = 11) -> bytes:
    """An input (11), output (12), or value between nodes (13)."""
    sizes = b""
    for size in shape or ():
        sizes += field(1, field(1, size) if isinstance(size, int) else field(2, size))
    kind = field(1, 1) + (b"" if shape is None else field(2, sizes))
    return field(number, field(1, name) + field(2, field(1, kind)))


def output(name: str) -> bytes:
    return value(name, None, 12)


def model(*parts: bytes, opset: int = 18) -> bytes:
    """A file with a graph of these parts."""
    return field(1, 8) + field(8, field(2, opset)) + field(7, b"".join(parts))
