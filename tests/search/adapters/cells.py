"""What tests of adapters measure, and the examples of their page."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

from archflow.graph import Architecture
from archflow.graph.table import Table
from archflow.search.methods.regularized_evolution import RegularizedEvolution
from archflow.spaces import NASBench201, TableSpace
from archflow.testing import random_architectures

ROOT = Path(__file__).parents[3]
SPACE = NASBench201()
NATIVE = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"
evolution = partial(RegularizedEvolution, population=4, tournament=2)


def convolutions(architecture: Architecture) -> float:
    """What searches maximise."""
    return float(sum("conv" in op for op in architecture.ops))


def small_space(size: int) -> TableSpace:
    """A space of so many architectures."""
    return TableSpace(Table(random_architectures(size, seed=5)), "small")


def run_example(heading: str, folder: Path) -> str:
    """Run the `py` block of a section of docs/adapters.md as a script in a folder; what it prints."""
    page = (ROOT / "docs" / "adapters.md").read_text()
    section = re.split(r"^## ", page, flags=re.MULTILINE)
    (text,) = (part for part in section if part.startswith(heading + "\n"))
    (example,) = re.findall(r"^```py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    script = folder / "example.py"
    script.write_text(example)
    done = subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
