"""What tests of all rooms share: real data where there is any, random architectures, one thread."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from archflow.cli.app import main
from archflow.devices.yardstick import Yardstick
from archflow.graph import ArchitectureSet
from archflow.testing import random_architectures

torch.set_num_threads(1)  # small matrices: a second thread costs more than it brings
os.cpu_count = lambda: 1  # a second process takes seconds to start, and another one runs tests already
# The same examples at every run for CI; `make properties` looks for new ones.
settings.register_profile("ci", deadline=None, max_examples=15, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
if settings.get_current_profile_name() == "ci":
    # Hypothesis also draws numbers and texts that stand in the modules imported so far, which depend on the tests that
    # ran before in the process. Without them a test has the same examples in any company.
    assert hasattr(providers, "_get_local_constants"), "hypothesis has another name for it"
    providers._get_local_constants = Constants

_ADDRESSES = re.compile(r"(?:src|href|action|url)\s*[=(]|@import|//[a-z]", re.IGNORECASE)
_NAMESPACE = "http://www.w3.org/2000/svg"


@pytest.fixture
def undisturbed_machine(monkeypatch):
    """Nothing disturbs a measurement of time, although other tests run beside this one."""
    monkeypatch.setattr(Yardstick, "disturbed", lambda self: False)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real benchmark tables; tests that need it are skipped where it is not."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real benchmark data: there is no folder ../shared/data beside the repository")
    return folder


@pytest.fixture(scope="session")
def architectures() -> ArchitectureSet:
    """60 random labelled DAGs over five operations, the numbering of their nodes random too."""
    return random_architectures(60, seed=7)


@pytest.fixture
def parsed() -> Callable[[str], ElementTree.Element]:
    """Parse markup as XML after checking that it loads nothing, runs nothing and has no NaN among its numbers."""

    def parse(markup: str) -> ElementTree.Element:
        root = ElementTree.fromstring(markup.removeprefix("<!DOCTYPE html>\n"))
        for node in root.iter():
            name = node.tag.removeprefix(f"{{{_NAMESPACE}}}")
            assert name not in {"script", "link", "iframe", "object", "embed", "image", "img", "foreignObject", "b"}
            for attribute, value in node.attrib.items():
                assert not attribute.startswith("on")
                if attribute in {"d", "x", "y", "cx", "cy", "width", "height", "viewBox", "transform"}:
                    assert "nan" not in value.lower()
                    assert "inf" not in value.lower()
        assert not _ADDRESSES.search(re.sub(">[^<]*<", "><", markup.replace(_NAMESPACE, "")))
        return root

    return parse


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments: object, code: int = 0) -> str:
        """Standard output, or for another code what is on standard error."""
        monkeypatch.setattr(sys, "argv", ["archflow", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        assert ended.value.code == code, shown.err
        return shown.err if code else shown.out

    return run
