from importlib.metadata import EntryPoint

import pytest

from archflow import registry
from archflow.encoders import ENCODERS
from archflow.errors import ArchflowError
from archflow.pretext import PRETEXT_TASKS
from archflow.registry import Registry
from archflow.spaces import SPACES


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


def test_the_built_in_parts_are_there_without_importing_them():
    assert set(ENCODERS.names()) >= {"gated_gcn", "gin", "mlp", "transformer"}
    assert set(PRETEXT_TASKS.names()) >= {"fgp", "flow", "proxy_ranking"}
    assert "nasbench201" in SPACES.names()
