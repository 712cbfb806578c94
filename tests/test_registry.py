import importlib
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from archflow import registry
from archflow.encoders import ENCODERS, Embedder, create
from archflow.errors import ArchflowError
from archflow.features import FEATURES
from archflow.predict.feature_kinds import features_of, rebuilt_features
from archflow.pretext import PRETEXT_TASKS
from archflow.registry import Registry
from archflow.spaces import SPACES, NASBench201
from tests.tables import scored_cells


@pytest.fixture
def parts() -> Registry[type]:
    found: Registry[type] = Registry("colour", "archflow.errors")
    found.register("red")(int)
    found.register("green")(str)
    return found


def test_parts_are_found_by_name(parts):
    assert parts.names() == ["green", "red"]
    assert parts.get("red") is int


def test_an_unknown_name_gets_the_nearest_and_all_names(parts):
    with pytest.raises(
        ArchflowError, match=r"no colour is called 'gren'; did you mean 'green'\? there are: green, red"
    ):
        parts.get("gren")
    with pytest.raises(ArchflowError, match="no colour is called 'ultramarine'; there are: green, red"):
        parts.get("ultramarine")


def test_a_name_is_given_once(parts):
    with pytest.raises(ArchflowError, match="colour name 'red' is taken"):
        parts.register("red")(float)
    assert parts.register("red")(int) is int  # importing a module twice is no conflict


def test_a_package_registers_parts_by_entry_points(parts, monkeypatch):
    def installed(group: str):
        assert group == "archflow.errors"
        return [EntryPoint("blue", "archflow.errors:ArchflowError", group)]

    monkeypatch.setattr(registry, "entry_points", installed)
    assert parts.names() == ["blue", "green", "red"]
    assert parts.get("blue") is ArchflowError
    assert parts.get("blue") is ArchflowError


def test_a_file_in_the_package_is_all_that_a_part_needs(tmp_path, monkeypatch):
    package = tmp_path / "colours"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from archflow.registry import Registry\nCOLOURS = Registry('colour', 'colours')\n"
    )
    (package / "blue.py").write_text("from colours import COLOURS\n\n\n@COLOURS.register('blue')\nclass Blue: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    import colours

    assert colours.COLOURS.names() == ["blue"]
    assert colours.COLOURS.get("blue").__name__ == "Blue"


OWN = """
from archflow.encoders import GIN
from archflow.features.counts import Counts

class Mine(GIN): ...
class MyCounts(Counts): ...
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a module with parts, which another process would not have imported."""
    (tmp_path / "own_parts.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(ENCODERS, "_own", {})
    monkeypatch.setattr(FEATURES, "_own", {})
    yield "own_parts"
    sys.modules.pop("own_parts", None)


def test_a_class_of_ones_own_is_named_by_its_module(module, monkeypatch):
    mine = ENCODERS.get(f"{module}:Mine")
    assert mine is sys.modules[module].Mine
    assert ENCODERS.name_of(mine) == f"{module}:Mine"
    assert f"{module}:Mine" not in ENCODERS.names()  # archflow does not offer it, or use it by itself
    assert ENCODERS.name_of(ENCODERS.get("gin")) == "gin"
    assert ENCODERS.name_of(int) is None
    for name, message in (
        (f"{module}:MyCounts", "is no encoder; derive it from archflow.encoders.base:Encoder"),
        (f"{module}:Missing", "cannot be imported"),
        ("no_such_module:Mine", "cannot be imported .*no_such_module"),
        ("mine", r"your own class is given as package.module:Class"),
    ):
        with pytest.raises(ArchflowError, match=message):
            ENCODERS.get(name)


def test_a_saved_encoder_says_which_module_it_needs(module, tmp_path):
    name = f"{module}:Mine"
    create(name, NASBench201().vocabulary, width=4).save(tmp_path / "mine.safetensors")
    ENCODERS._own.clear()
    assert Embedder.load(tmp_path / "mine.safetensors").name == name  # the module is imported
    ENCODERS._own.clear()
    del sys.modules[module]
    with pytest.raises(ArchflowError, match=f"mine.safetensors: it needs the encoder {name}.*; first import {module}$"):
        Embedder.load(tmp_path / "mine.safetensors")
    assert module not in sys.modules  # the file imports nothing
    importlib.import_module(module)
    assert Embedder.load(tmp_path / "mine.safetensors").name == name


def test_a_file_cannot_name_what_is_no_part():
    with pytest.raises(ArchflowError, match="subprocess:Popen: is no encoder"):
        ENCODERS.saved("subprocess:Popen")


def test_features_of_a_saved_predictor_say_which_module_they_need(module):
    name, table = f"{module}:MyCounts", scored_cells(20)
    made = features_of(table, [name], None, ["score"])[name]
    again = rebuilt_features(name, made.to_json())
    assert np.array_equal(again(table), made(table))
    FEATURES._own.clear()
    del sys.modules[module]
    with pytest.raises(ArchflowError, match=f"needs the features {name}.*first import {module}"):
        rebuilt_features(name, made.to_json())


def test_the_built_in_parts_are_there_without_importing_them():
    assert set(ENCODERS.names()) >= {"gated_gcn", "gin", "mlp", "transformer"}
    assert set(PRETEXT_TASKS.names()) >= {"fgp", "flow", "proxy_ranking"}
    assert "nasbench201" in SPACES.names()
