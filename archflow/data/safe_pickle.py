"""Read pickles without executing them.

A pickle is a program for a small stack machine, and Python's own machine imports and calls whatever the program names.
The machine here knows only the instructions that build data. A name that the program asks for must be on the caller's
allow-list and stays a name; a call that it asks for is recorded as a `Call` and never made. Nothing in this file can
run foreign code: it imports no module, looks up no attribute and calls nothing that a pickle names.
`archflow.data.pickled_arrays` turns the recorded calls into arrays and columns.

Work and memory are bounded by the file's size and the number of instructions, whatever the file claims to hold.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from pickletools import opcodes
from typing import Any

from archflow.errors import ArchflowError
from archflow.files import regular_file

MOST_BYTES = 1 << 26
MOST_INSTRUCTIONS = 3_000_000  # six times those of the largest published file
_KEYS = (str, bytes, int, float, type(None))
LONGEST_KEY, LARGEST_KEY = 1000, (1 << 61) - 2
"""Bounds on a dictionary's keys. Comparing longer texts over and over could take too long; larger integers, which are
not their own hashes, can be chosen to collide."""


@dataclass(frozen=True)
class Name:
    """A function or class that a pickle names, as `module:name`; not imported."""

    name: str


@dataclass(eq=False)
class Call:
    """A call that a pickle asks for, recorded but not made.

    state: the argument that the pickle would pass to the new object's `__setstate__`.
    """

    function: str
    arguments: tuple[Any, ...]
    state: Any = None


def read_pickle(path: str | Path, allowed: Collection[str] = ()) -> Any:
    """Read a pickle of protocol 2 or later: plain data, and `Name`s and `Call`s of allowed names.

    allowed: the names that may occur, as `module:name`.

    Raises ArchflowError, naming the byte, for: a name that is not allowed, an instruction that does more than
    build data (persistent ids, extension codes, instances of old classes), a truncated or damaged file, a file that is
    too large.
    """
    path = Path(path)
    try:
        with regular_file(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ArchflowError(f"{path}: cannot be read ({error.strerror})") from None
    return parse_pickle(content, allowed, str(path))


def read_torch_file(path: str | Path, allowed: Collection[str] = ()) -> Any:
    """Read a torch file (a zip archive, torch 1.6 or later) without tensors. Raises as for `read_pickle`."""
    try:
        with zipfile.ZipFile(regular_file(path)) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith("/data.pkl")]
            if len(entries) != 1:
                raise ArchflowError(f"{path}: not a torch file: it has {len(entries)} entries data.pkl instead of one")
            if entries[0].compress_type != zipfile.ZIP_STORED:
                raise ArchflowError(f"{path}: not a torch file: its content is compressed, which torch never does")
            with archive.open(entries[0]) as entry:  # at most the limit, whatever size it claims
                content = entry.read(MOST_BYTES + 1)
    except ArchflowError:
        raise
    except (OSError, EOFError, RuntimeError, ValueError, struct.error, zipfile.BadZipFile) as error:
        raise ArchflowError(f"{path}: not a whole torch file ({error}); get it again") from None
    return parse_pickle(content, allowed, str(path))


def parse_pickle(content: bytes, allowed: Collection[str], where: str) -> Any:
    """`read_pickle` for bytes; `where` names them in errors."""
    if len(content) > MOST_BYTES:
        raise ArchflowError(f"{where}: larger than {MOST_BYTES >> 20} MiB, too large for a pickle to be read safely")
    machine = _Machine(content, frozenset(allowed))
    try:
        return machine.run()
    except _Fault as fault:
        raise ArchflowError(f"{where}: byte {machine.began}: {fault}") from None


class _Fault(Exception):
    """Why a pickle is refused."""


class _Machine:
    """Stack, marks and memo of one pickle."""

    def __init__(self, content: bytes, allowed: frozenset[str]) -> None:
        self.content, self.allowed = content, allowed
        self.at = self.began = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.stopped = False

    def run(self) -> Any:
        if self.content[:1] != b"\x80":
            raise _Fault("not a pickle of protocol 2 or later")
        for _ in range(MOST_INSTRUCTIONS):
            self.began = self.at
            code = self.byte()
            instruction = _INSTRUCTIONS[code]
            if instruction is None:
                what = next((f"instruction {o.name}" for o in opcodes if ord(o.code) == code), "an unknown instruction")
                raise _Fault(f"{what} is refused: it is not one that builds plain data")
            instruction(self)
            if self.stopped:
                if self.at < len(self.content) or self.marks or len(self.stack) != 1:
                    raise _Fault("the pickle ends with more than one object; the file is damaged")
                return self.stack.pop()
        raise _Fault(f"more than {MOST_INSTRUCTIONS:,} instructions")

    def take(self, count: int) -> bytes:
        taken = self.content[self.at : self.at + count]
        if len(taken) < count:
            raise _Fault("the pickle ends too early; the file is truncated")
        self.at += count
        return taken

    def byte(self) -> int:
        if self.at >= len(self.content):
            raise _Fault("the pickle ends too early; the file is truncated")
        self.at += 1
        return self.content[self.at - 1]

    def number(self, form: struct.Struct) -> Any:
        return form.unpack(self.take(form.size))[0]

    def text(self, content: bytes) -> str:
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise _Fault("text that is not UTF-8; the file is damaged") from None

    def line(self) -> str:
        end = self.content.find(b"\n", self.at)
        if end < 0:
            raise _Fault("the pickle ends too early; the file is truncated")
        return self.text(self.take(end + 1 - self.at)[:-1])

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self, count: int = 1) -> list[Any]:
        """Pop the topmost `count` objects."""
        if len(self.stack) - (self.marks[-1] if self.marks else 0) < count:
            raise _Fault("it takes an object that is not there; the file is damaged")
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def pop_to_mark(self) -> list[Any]:
        """Pop the objects after the last mark, and the mark."""
        if not self.marks:
            raise _Fault("it takes objects up to a mark that is not there; the file is damaged")
        start = self.marks.pop()
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def top(self, kind: type) -> Any:
        """The topmost object, without popping it; it must be of that type."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0) or type(self.stack[-1]) is not kind:
            raise _Fault(f"it fills something that is not a {kind.__name__.lower()}; the file is damaged or hostile")
        return self.stack[-1]

    def fill_dict(self, items: list[Any]) -> None:
        target = self.top(dict)
        if len(items) % 2:
            raise _Fault("a key without a value; the file is damaged")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, _KEYS):  # hashing a deeply nested tuple would exhaust the C stack
                raise _Fault(f"a key that is a {type(key).__name__.lower()}, neither text nor number")
            large = isinstance(key, int) and abs(key) > LARGEST_KEY
            if large or (isinstance(key, (str, bytes)) and len(key) > LONGEST_KEY):
                raise _Fault("a key that is too large; the file is damaged or hostile")
            target[key] = value

    def recall(self, key: int) -> None:
        if key not in self.memo:
            raise _Fault(f"it recalls object {key}, which it never stored; the file is damaged")
        self.push(self.memo[key])

    def remember(self, key: int) -> None:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise _Fault("it stores an object that is not there; the file is damaged")
        self.memo[key] = self.stack[-1]

    def name(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)):
            raise _Fault("a name that is not text; the file is damaged or hostile")
        if f"{module}:{name}" not in self.allowed:
            shown = f"{module}.{name}"[:100]
            raise _Fault(f"the pickle asks for {shown!r}, which is not on the allow-list; the file is not read")
        self.push(Name(f"{module}:{name}"))

    def call(self) -> None:
        function, arguments = self.pop(2)
        if type(function) is not Name or type(arguments) is not tuple:
            raise _Fault("a call of something that is not an allowed name; the file is damaged or hostile")
        self.push(Call(function.name, arguments))

    def build(self) -> None:
        (state,) = self.pop()
        target = self.top(Call)
        if target.state is not None:
            raise _Fault("a second state for one object; the file is damaged or hostile")
        target.state = state

    def protocol(self) -> None:
        if self.began or not 2 <= self.byte() <= 5:
            raise _Fault("not a pickle of protocol 2 to 5")

    def long(self) -> None:
        size = self.byte()
        if size > 16:
            raise _Fault(f"an integer of {size} bytes")
        self.push(int.from_bytes(self.take(size), "little", signed=True))

    def stop(self) -> None:
        self.stopped = True


_Step = Callable[[_Machine], object]
_U1, _U2, _U4, _U8, _I4, _F8 = map(struct.Struct, ("<B", "<H", "<I", "<Q", "<i", ">d"))


def _text(size: struct.Struct) -> _Step:
    return lambda m: m.push(m.text(m.take(m.number(size))))


def _bytes(size: struct.Struct) -> _Step:
    return lambda m: m.push(m.take(m.number(size)))


def _tuple(size: int) -> _Step:
    return lambda m: m.push(tuple(m.pop(size)))


_BUILDING: dict[bytes, _Step] = {
    b"\x80": _Machine.protocol,
    b"\x95": lambda m: m.take(8),  # a frame's length, which only helps to read from a stream
    b".": _Machine.stop,
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"J": lambda m: m.push(m.number(_I4)),
    b"K": lambda m: m.push(m.byte()),
    b"M": lambda m: m.push(m.number(_U2)),
    b"\x8a": _Machine.long,
    b"G": lambda m: m.push(m.number(_F8)),
    b"X": _text(_U4),
    b"\x8c": _text(_U1),
    b"\x8d": _text(_U8),
    b"B": _bytes(_U4),
    b"C": _bytes(_U1),
    b"\x8e": _bytes(_U8),
    b"(": lambda m: m.marks.append(len(m.stack)),
    b")": lambda m: m.push(()),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"t": lambda m: m.push(tuple(m.pop_to_mark())),
    b"]": lambda m: m.push([]),
    b"a": lambda m: (item := m.pop(), m.top(list).extend(item)),
    b"e": lambda m: (items := m.pop_to_mark(), m.top(list).extend(items)),
    b"}": lambda m: m.push({}),
    b"s": lambda m: m.fill_dict(m.pop(2)),
    b"u": lambda m: m.fill_dict(m.pop_to_mark()),
    b"q": lambda m: m.remember(m.byte()),
    b"r": lambda m: m.remember(m.number(_U4)),
    b"\x94": lambda m: m.remember(len(m.memo)),
    b"h": lambda m: m.recall(m.byte()),
    b"j": lambda m: m.recall(m.number(_U4)),
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": lambda m: m.name(*m.pop(2)),
    b"R": _Machine.call,
    b"\x81": _Machine.call,
    b"b": _Machine.build,
}
_INSTRUCTIONS: list[_Step | None] = [_BUILDING.get(bytes([code])) for code in range(256)]
