"""Pickles are read, not carried out: plain data comes back, and whatever would run is refused by name."""

import os
import pickle
import pickletools
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.data import safe_pickle
from archflow.data.pickled_arrays import NUMPY_NAMES, PANDAS_NAMES
from archflow.data.safe_pickle import Name, parse_pickle, read_pickle
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
        (b"N)R.", "not an allowed name"),
        (text("os") + b")R.", "not an allowed name"),
        (DTYPE + b")R.", "not an allowed name"),  # calling what a call gave
        (named("numpy", "dtype") + b"NR.", "not an allowed name"),
        (b"}})\x81.", "not an allowed name"),
        (b"]}b.", "fills something that is no call"),
        (named("numpy", "dtype") + b"}b.", "fills something that is no call"),  # a state for the class itself
        (DTYPE + b"}b}b.", "second state"),
        (DTYPE + b"Na.", "fills something that is not a list"),
        (DTYPE + b"K\x01K\x02s.", "fills something that is not a dict"),
        (b"}]K\x01s.", "a key that is a list"),
        (b"})\x85\x85\x85K\x01s.", "a key that is a tuple"),
        (b"}(K\x01u.", "a key without a value"),
        (b"K\x01K\x02\x93.", "a name that is not text"),
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
