"""Pickles are read, not carried out: plain data comes back, and whatever would run is refused by name."""

import os
import pickle
import pickletools
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.data import safe_pickle
from archflow.data.pickled_arrays import NUMPY_NAMES, PANDAS_NAMES, array, columns, number
from archflow.data.safe_pickle import Call, Name, parse_pickle, read_pickle, read_torch_file
from archflow.errors import ArchflowError

PROTO = b"\x80\x04"
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text() | st.binary()
KEYS = st.text() | st.integers(-(2**31), 2**31) | st.none()
DATA = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner), max_leaves=30
)


def parse(content: bytes, allowed=()) -> Any:
    return parse_pickle(content, allowed, "here")


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def named(module: str, name: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(name) + b"\x93"


@given(DATA, st.integers(3, 5))
def test_plain_data_comes_back(value, protocol):
    assert parse(pickle.dumps(value, protocol)) == value


def test_shared_and_long_objects_come_back(tmp_path):
    shared = ["x" * 300, b"y" * 300]
    value = {"a": shared, "b": shared, **{f"key {i}": (i, float(i)) for i in range(3000)}}
    (tmp_path / "p").write_bytes(pickle.dumps(value))
    read = read_pickle(tmp_path / "p")
    assert read == value
    assert read["a"] is read["b"]


class Evil:
    """What a pickle of it calls: `function(*arguments)`."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def attacks(marker: Path) -> dict[str, Any]:
    """Each makes the marker file when it is unpickled by Python's own machine."""
    touch = f"open({str(marker)!r}, 'w').close()"
    return {
        "posix.system": Evil(os.system, f"touch {marker}"),
        "builtins.exec": Evil(exec, touch),
        "builtins.eval": Evil(eval, touch),
        "subprocess.check_call": Evil(subprocess.check_call, ["touch", str(marker)]),
        "pathlib.Path.touch": Evil(Path.touch, marker),
    }


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("where", ["alone", "in a list", "as a key", "in an object array", "behind numbers"])
@pytest.mark.parametrize(
    "attack", ["posix.system", "builtins.exec", "builtins.eval", "subprocess.check_call", "pathlib.Path.touch"]
)
def test_nothing_is_run(attack, where, protocol, tmp_path):
    marker = tmp_path / "marker"
    evil = attacks(marker)[attack]
    holders = {
        "alone": evil,
        "in a list": [1, evil],
        "as a key": {evil: 1},
        "in an object array": np.array([evil, "x"], object),
        "behind numbers": {"perf": np.float64(0.5), "x": evil},
    }
    content = pickle.dumps(holders[where], protocol)
    try:
        pickle.loads(content)
    except TypeError:
        assert where == "as a key"  # it has run by then, and what it gave cannot be a key
    assert marker.exists(), "the attack must work where nobody defends"
    marker.unlink()
    with pytest.raises(ArchflowError, match=r"byte \d+: the pickle asks for '[\w.]+', which is not on the allow-list"):
        parse(content, PANDAS_NAMES)
    assert not marker.exists()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_chain_of_attributes_is_not_followed(protocol, tmp_path):
    marker = tmp_path / "marker"
    content = pickle.dumps(Evil(getattr, Path(marker), "touch"), protocol)
    assert callable(pickle.loads(content))
    with pytest.raises(ArchflowError, match=r"'builtins\.getattr'|'__builtin__\.getattr'"):
        parse(content, PANDAS_NAMES)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "path.join"),
        ("numpy", "dtype.__class__"),
        ("numpy", "dtype.__init__.__globals__"),
        ("numpy", "f2py.crackfortran.myeval"),
        ("numpy.core", "multiarray:scalar"),
        ("", "numpy:dtype"),
        ("builtins", "slice.__class__"),
        ("pandas.core.frame", "DataFrame.eval"),
        ("numpy.testing._private.utils", "runstring"),
    ],
)
def test_names_with_dots_and_neighbours_of_the_allowed_are_refused(module, name):
    for content in (named(module, name), b"c" + module.encode() + b"\n" + name.encode() + b"\n"):
        with pytest.raises(ArchflowError, match="not on the allow-list"):
            parse(PROTO + content + b")R.", PANDAS_NAMES)


def test_allowed_names_and_calls_are_noted_not_made():
    call = parse(PROTO + named("numpy", "dtype") + text("f8") + b"\x85R.", NUMPY_NAMES)
    assert (call.function, call.arguments, call.state) == ("numpy:dtype", ("f8",), None)
    assert parse(PROTO + named("numpy", "ndarray") + b".", NUMPY_NAMES) == Name("numpy:ndarray")
    # Nothing of numpy or pandas is touched, so it does not matter that there is no such module.
    assert parse(PROTO + named("no.such.module", "x") + b")\x81.", {"no.such.module:x"}).function == "no.such.module:x"


DTYPE = named("numpy", "dtype") + text("f8") + b"\x85R"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"N)R.", "no allowed name"),
        (text("os") + b")R.", "no allowed name"),
        (DTYPE + b")R.", "no allowed name"),  # calling what a call gave
        (named("numpy", "dtype") + b"NR.", "no allowed name"),
        (b"}})\x81.", "no allowed name"),
        (b"]}b.", "fills something that is no call"),
        (named("numpy", "dtype") + b"}b.", "fills something that is no call"),  # a state for the class itself
        (DTYPE + b"}b}b.", "second state"),
        (DTYPE + b"Na.", "fills something that is no list"),
        (DTYPE + b"K\x01K\x02s.", "fills something that is no dict"),
        (b"}]K\x01s.", "a key that is a list"),
        (b"})\x85\x85\x85K\x01s.", "a key that is a tuple"),
        (b"}(K\x01u.", "a key without a value"),
        (b"K\x01K\x02\x93.", "a name that is no text"),
    ],
)
def test_tricks_with_allowed_objects_are_refused(content, reason):
    with pytest.raises(ArchflowError, match=reason):
        parse(PROTO + content, NUMPY_NAMES)


BUILDING = {code[0] for code in safe_pickle._BUILDING}


@pytest.mark.parametrize(
    "opcode", [o for o in pickletools.opcodes if ord(o.code) not in BUILDING], ids=lambda o: o.name
)
def test_every_other_instruction_is_refused_by_name(opcode):
    with pytest.raises(ArchflowError, match=f"byte 4: instruction {opcode.name} is refused"):
        parse(PROTO + b"NN" + opcode.code.encode("latin-1") + b"x\ny\n.")


def test_persistent_ids_and_extension_codes_are_among_the_refused():
    refused = {o.name for o in pickletools.opcodes if ord(o.code) not in BUILDING}
    assert {"PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "INST", "OBJ", "NEWOBJ_EX", "NEXT_BUFFER"} <= refused


@pytest.mark.parametrize(
    "content",
    [
        b"\x8e" + struct.pack("<Q", 1 << 62) + b"x.",
        b"\x8d" + struct.pack("<Q", (1 << 64) - 1) + b".",
        b"X" + struct.pack("<I", 0xFFFFFFFF) + b"x.",
        b"Nr" + struct.pack("<I", 0xFFFFFFFF) + b"j" + struct.pack("<I", 0xFFFFFFFE) + b".",
        b"\x8a\xff" + b"\x01" * 255 + b".",
        b"\x95" + struct.pack("<Q", 1 << 62) + b"N",
    ],
)
def test_what_a_file_claims_to_hold_costs_nothing(content):
    tracemalloc.start()
    with pytest.raises(ArchflowError):
        parse(PROTO + content)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_work_and_size_are_bounded(monkeypatch, tmp_path):
    monkeypatch.setattr(safe_pickle, "MOST_INSTRUCTIONS", 1000)
    with pytest.raises(ArchflowError, match="more than 1,000 instructions"):
        parse(PROTO + b"(" + b"]" * 2000 + b"l.")
    monkeypatch.setattr(safe_pickle, "MOST_BYTES", 1 << 16)
    (tmp_path / "large").write_bytes(pickle.dumps(b"x" * (1 << 17)))
    with pytest.raises(ArchflowError, match="too large"):
        read_pickle(tmp_path / "large")
    for kind, reason in ((zipfile.ZIP_DEFLATED, "compressed"), (zipfile.ZIP_STORED, "too large")):
        with zipfile.ZipFile(tmp_path / "bomb.pt", "w", kind) as archive:
            archive.writestr("archive/data.pkl", bytes(1 << 25))
        tracemalloc.start()
        with pytest.raises(ArchflowError, match=reason):
            read_torch_file(tmp_path / "bomb.pt")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()


def test_deep_nesting_and_laughs_do_no_harm():
    deep = parse(PROTO + b"]" + b"]" * 200_000 + b"a" * 200_000 + b".")
    for read in (number, array, columns):
        with pytest.raises(ArchflowError, match="type list"):
            read(deep)
    # Each list holds the one before ten times: 10**40 leaves if anyone unfolded it.
    laughs = b"".join(b"](" + (b"h" + bytes([i])) * 10 + b"e\x94" for i in range(40))
    folded = parse(PROTO + b"(]\x94" + laughs + b"t.")
    with pytest.raises(ArchflowError, match="type tuple"):
        columns(folded)


def test_truncated_streams_are_said_to_be(tmp_path):
    whole = pickle.dumps({"a": [1.5, "text", b"bytes"], "b": (None, True, -7, 1 << 40)})
    for end in range(len(whole)):
        with pytest.raises(ArchflowError):
            parse(whole[:end])
    with pytest.raises(ArchflowError, match="truncated"):
        parse(whole[:-1])
    with pytest.raises(ArchflowError, match="more than one object"):
        parse(whole + b"N.")
    with pytest.raises(ArchflowError, match="cannot be read"):
        read_pickle(tmp_path / "absent")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_byte_gives_data_or_one_error(at, change):
    content = bytearray(pickle.dumps({i: {"perf": np.float64(i), "x": [i, "y", (None,)]} for i in range(5)}, 4))
    content[at % len(content)] ^= change
    gives_data_or_one_line(bytes(content))


@given(st.binary(max_size=200))
def test_noise_gives_data_or_one_error(noise):
    gives_data_or_one_line(PROTO + noise + b".")


def gives_data_or_one_line(content: bytes) -> None:
    refusal = ""
    try:
        read = parse(content, NUMPY_NAMES)
    except ArchflowError as error:
        read, refusal = None, str(error)
    assert only_plain(read)
    assert "\n" not in refusal


def only_plain(value: Any) -> bool:
    """Nothing but inert data came out; a damaged pickle may hold itself."""
    waiting, seen = [value], {}
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one
        if type(one) is Call:
            assert one.function in NUMPY_NAMES
            waiting += [*one.arguments, one.state]
        elif type(one) is dict:
            waiting += [*one, *one.values()]
        elif type(one) in (list, tuple):
            waiting += one
        elif type(one) not in (str, bytes, int, float, bool, type(None), Name):
            return False
    return True


# Arrays and tables.


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
        np.array([True, False]),
        np.zeros((0, 3), np.float32),
    ],
    ids=["floats", "by column, big endian", "booleans", "empty"],
)
def test_arrays_come_back(value, protocol):
    read = array(parse(pickle.dumps(value, protocol), NUMPY_NAMES))
    assert np.array_equal(read, value)
    assert read.dtype == value.dtype


@pytest.mark.parametrize("value", [0.25, 3, True, np.float64(0.1), np.float32(0.1), np.int16(-5)])
def test_numbers_come_back(value):
    assert number(parse(pickle.dumps(value, 4), NUMPY_NAMES)) == float(value)


@pytest.mark.parametrize(
    "hostile",
    [
        np.array([None, "x"], object),
        np.array([["x"], [{}]], object),
        np.zeros(2, [("a", "f8")]),
        np.array(["2020"], "M8[Y]"),
        np.array(["text"]),
    ],
    ids=["object", "nested object", "structured", "date", "fixed text"],
)
def test_arrays_of_other_things_are_refused(hostile):
    with pytest.raises(ArchflowError):
        array(parse(pickle.dumps(hostile, 4), NUMPY_NAMES))


def note(function: str, *arguments: Any, state: Any = None) -> Call:
    return Call(function, arguments, state)


F8 = note("numpy:dtype", "f8", False, True, state=(3, "<", None, None, None, -1, -1, 0))


def noted_array(shape: Any, kind: Any, content: Any, order: Any = False) -> Call:
    made = note("numpy.core.multiarray:_reconstruct", Name("numpy:ndarray"), (0,), b"b")
    made.state = (1, shape, kind, order, content)
    return made


@pytest.mark.parametrize(
    "hostile",
    [
        noted_array((1 << 60,), F8, b""),
        noted_array((1 << 40, 0), F8, b""),
        noted_array((-1,), F8, b""),
        noted_array((0,) * 100, F8, b""),
        noted_array((True,), F8, b"12345678"),
        noted_array([1], F8, b"12345678"),
        noted_array((2,), F8, b"12345678"),
        noted_array((1,), F8, "12345678"),
        noted_array((1,), note("numpy:dtype", "V8", state=(3, "<")), b"12345678"),
        noted_array((1,), note("numpy:dtype", "f8,O", state=(3, "<")), b"12345678"),
        noted_array((1,), note("numpy:dtype", "O8", state=(3, "|")), b"12345678"),
        noted_array((1,), note("numpy:dtype", "f8", state=None), b"12345678"),
        noted_array((1,), note("numpy:dtype", "f8", state=(3, [])), b"12345678"),
        noted_array((1,), note("numpy:dtype", [], state=(3, "<")), b"12345678"),
        noted_array((1,), note("numpy:dtype", state=(3, "<")), b"12345678"),
        note("numpy.core.multiarray:_reconstruct", Name("numpy:dtype"), (0,), b"b"),
        note("numpy.core.multiarray:_reconstruct"),
        note("numpy.core.multiarray:scalar", F8, b"12345678"),
    ],
)
def test_notes_that_state_impossible_arrays_are_refused(hostile):
    with pytest.raises(ArchflowError):
        array(hostile)


@pytest.mark.parametrize("arguments", [(), (F8,), (F8, b"1"), (F8, "12345678"), (None, b"12345678"), (F8, b"1" * 9)])
def test_notes_that_state_impossible_numbers_are_refused(arguments):
    with pytest.raises(ArchflowError):
        number(Call("numpy.core.multiarray:scalar", arguments))


@pytest.fixture
def pandas_pickle(monkeypatch) -> bytes:
    """A table of two columns of numbers and one of texts as pandas 1.0 pickles it, from stand-ins of its classes."""
    index, frame_class, manager_class = (type(name, (), {}) for name in ("Index", "DataFrame", "BlockManager"))

    def _new_index(cls, content): ...

    class Names:
        def __init__(self, *names: str) -> None:
            self.names = names

        def __reduce__(self):
            return _new_index, (index, {"data": np.array(self.names, object), "name": None})

    manager_class.__getstate__ = lambda self: self.state
    homes = {
        "pandas.core.internals.managers": {"BlockManager": manager_class},
        "pandas.core.frame": {"DataFrame": frame_class},
        "pandas.core.indexes.base": {"Index": index, "_new_Index": _new_index},
    }
    manager, frame = manager_class(), frame_class()
    blocks = [np.arange(6.0).reshape(2, 3), np.array([["p", "q", "r"]], object)]
    manager.state = ([Names("a", "text", "b"), Names()], blocks, [Names("a", "b"), Names("text")], {})
    frame._data = manager
    with monkeypatch.context() as patch:
        for name in ("pandas", "pandas.core", "pandas.core.internals", "pandas.core.indexes", *homes):
            patch.setitem(sys.modules, name, ModuleType(name))
        for home, content in homes.items():
            for name, value in content.items():
                value.__module__, value.__qualname__ = home, name
                setattr(sys.modules[home], name, value)
        return pickle.dumps(frame, 4)


def test_a_table_comes_back_without_pandas(pandas_pickle):
    assert "pandas" not in sys.modules
    read = columns(parse(pandas_pickle, PANDAS_NAMES))
    assert {name: column.tolist() for name, column in read.items()} == {
        "a": [0.0, 1.0, 2.0],
        "b": [3.0, 4.0, 5.0],
        "text": ["p", "q", "r"],
    }


def test_a_damaged_table_is_refused(pandas_pickle):
    def changed(change) -> Call:
        frame = parse(pandas_pickle, PANDAS_NAMES)
        manager = frame.state["_data"]
        axes, blocks, names, more = manager.state
        manager.state = change(axes, blocks, names, more)
        return frame

    for change in (
        lambda axes, blocks, names, more: (axes, blocks[:1], names, more),
        lambda axes, blocks, names, more: (axes, blocks, names[::-1], more),
        lambda axes, blocks, names, more: (axes, blocks, [None, None], more),
        lambda axes, blocks, names, more: (
            axes,
            [noted_array((2, 3), F8, bytes(48)), noted_array((1, 2), F8, bytes(16))],
            names,
            more,
        ),
        lambda axes, blocks, names, more: (axes,),
        lambda axes, blocks, names, more: None,
    ):
        with pytest.raises(ArchflowError):
            columns(changed(change))


def test_torch_files_of_plain_data_are_read_and_others_refused(tmp_path):
    import torch

    torch.save({"a": [1.5, 2.5]}, tmp_path / "plain.pt")
    assert read_torch_file(tmp_path / "plain.pt") == {"a": [1.5, 2.5]}
    torch.save([torch.zeros(2)], tmp_path / "tensor.pt")
    with pytest.raises(ArchflowError, match=r"torch\._utils\._rebuild_tensor"):
        read_torch_file(tmp_path / "tensor.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "plain.pt").read_bytes()[:-60])
    (tmp_path / "text.pt").write_text("no archive")
    for name in ("cut.pt", "text.pt", "absent.pt"):
        with pytest.raises(ArchflowError, match="not a whole torch file"):
            read_torch_file(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "other.pt", "w") as archive:
        archive.writestr("readme", "x")
    with pytest.raises(ArchflowError, match="0 entries"):
        read_torch_file(tmp_path / "other.pt")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_torch_file_gives_data_or_one_error(tmp_path_factory, at, change):
    path = tmp_path_factory.mktemp("torch") / "x.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps([1.5, "text"], 2))
        archive.writestr("archive/version", "3")
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= change
    path.write_bytes(content)
    refusal = ""
    try:
        read = read_torch_file(path)
    except ArchflowError as error:
        read, refusal = None, str(error)
    assert only_plain(read)
    assert "\n" not in refusal
