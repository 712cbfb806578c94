"""A cache of its own for tests that change it, and a server with a small benchmark that comes into it."""

from pathlib import Path

import pytest

from archflow.cache_folder import CACHE_VARIABLE
from archflow.data.benchmarks import BENCHMARKS
from archflow.data.catalogue import Benchmark
from archflow.data.download import download
from archflow.data.places import FOLDER_VARIABLE
from archflow.data.readers import READERS
from tests.data.served import Server, benchmark, published
from tests.data.toy import CONTENT, read_toy


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no folder of the user's."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def own(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's, empty."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


@pytest.fixture(scope="module")
def running():
    with published(CONTENT) as server:
        yield server


@pytest.fixture
def server(running: Server, monkeypatch) -> Server:
    running.requests.clear()
    monkeypatch.setitem(READERS, "toy", read_toy)
    monkeypatch.setattr("archflow.data.provision.download", lambda *about: download(*about, timeout=0.1))
    return running


@pytest.fixture
def toy(server: Server, monkeypatch) -> Benchmark:
    made = benchmark(server.file("good"), name="toy")
    monkeypatch.setitem(BENCHMARKS, "toy", made)
    return made
