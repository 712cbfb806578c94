"""The examples of docs/adapters.md, which run where their framework is installed."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "adapters.md"
SECTION = re.compile(r"^## (.*?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_example(section: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Run the blocks of a section, one after the other as one module, in a folder."""
    blocks = BLOCK.findall(dict(SECTION.findall(PAGE.read_text(encoding="utf-8")))[section])
    assert blocks, f"docs/adapters.md has no example of {section}"
    monkeypatch.chdir(folder)
    module = ModuleType("example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile("\n".join(blocks), f"docs/adapters.md: {section}", "exec"), vars(module))
    return module
