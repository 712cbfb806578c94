"""Arrays, numbers and tables out of a pickle's notes: what was pickled comes back, what cannot be is refused."""

import pickle
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from archflow.data.pickled_arrays import NUMPY_NAMES, PANDAS_NAMES, array, columns, number
from archflow.data.safe_pickle import Call, Name, parse_pickle
from archflow.errors import ArchflowError


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
    read = array(parse_pickle(pickle.dumps(value, protocol), NUMPY_NAMES, "here"))
    assert np.array_equal(read, value)
    assert read.dtype == value.dtype


@pytest.mark.parametrize("value", [0.25, 3, True, np.float64(0.1), np.float32(0.1), np.int16(-5)])
def test_numbers_come_back(value):
    assert number(parse_pickle(pickle.dumps(value, 4), NUMPY_NAMES, "here")) == float(value)


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
        array(parse_pickle(pickle.dumps(hostile, 4), NUMPY_NAMES, "here"))


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


def test_a_table_comes_back_without_pandas(pandas_pickle, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)  # importing it fails
    read = columns(parse_pickle(pandas_pickle, PANDAS_NAMES, "here"))
    assert {name: column.tolist() for name, column in read.items()} == {
        "a": [0.0, 1.0, 2.0],
        "b": [3.0, 4.0, 5.0],
        "text": ["p", "q", "r"],
    }


def test_a_damaged_table_is_refused(pandas_pickle):
    def changed(change) -> Call:
        frame = parse_pickle(pandas_pickle, PANDAS_NAMES, "here")
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
