"""Objects of the user's code by name."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from archflow.errors import ArchflowError
from archflow.named_objects import PLUGINS, first_line, is_object_name, object_at, run_inherited_plugins, run_plugins


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "their_nets.py").write_text("class Home:\n    value = 3\n")
    (tmp_path / "their_broken.py").write_text("raise RuntimeError('no luck\\nat all')\n")
    yield
    for name in ("their_nets", "their_broken"):
        sys.modules.pop(name, None)


def test_an_object_in_the_working_folder(module):
    assert object_at("their_nets:Home.value") == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("their_nets:Away", "AttributeError"),
        ("their_broken:x", "RuntimeError: no luck"),
        ("no_such_module:x", "No module named"),
        ("no name", "is not of the form"),
    ],
)
def test_what_cannot_be_imported_is_one_line(module, name, message):
    with pytest.raises(ArchflowError, match=message) as error:
        object_at(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["a:b", "a.b.c:d.e", "_a:_b"])
def test_names(text):
    assert is_object_name(text)


@pytest.mark.parametrize("text", ["", "a", "a:", ":b", "C:\\x", "a b:c", "a:b:c", "a-b:c", "a:b\n"])
def test_no_names(text):
    assert not is_object_name(text)


def test_an_error_without_text_is_its_kind():
    assert first_line(KeyError()) == "KeyError"


def test_files_are_run_once_and_by_workers_too(module, monkeypatch, tmp_path):
    monkeypatch.setenv(PLUGINS, "")
    path = tmp_path / "their_plugin.py"
    path.write_text("import os\nos.environ['RUNS'] = os.environ.get('RUNS', '') + 'x'\n")
    monkeypatch.setenv("RUNS", "")
    run_plugins([path, path])
    run_plugins([Path("their_plugin.py")])
    assert os.environ["RUNS"] == "x"
    assert os.environ[PLUGINS] == str(path)
    del sys.modules["their_plugin"]  # as in a new process
    run_inherited_plugins()
    assert os.environ["RUNS"] == "xx"
    sys.modules.pop("their_plugin")
    with pytest.raises(ArchflowError, match="no such Python file"):
        run_plugins([tmp_path / "none.py"])


def test_worker_processes_receive_objects_of_a_file_in_any_folder(module, monkeypatch, tmp_path):
    """They unpickle what they are given before they run the file."""
    monkeypatch.setenv(PLUGINS, "")
    (tmp_path / "parts").mkdir()
    path = tmp_path / "parts" / "their_part.py"
    path.write_text("class Part:\n    value = 7\n")
    run_plugins([path])
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert pool.submit(getattr, sys.modules["their_part"].Part(), "value").result() == 7
    sys.modules.pop("their_part")
