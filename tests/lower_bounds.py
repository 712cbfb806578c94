"""Prints the lowest version of every dependency that pyproject.toml declares, for pip: `make lower-bounds`."""

import re
import tomllib
from pathlib import Path

_BOUND = re.compile(r"([\w-]+)>=([\d.]+)")
PINNED = ("torch",)
"""Stays as in requirements.txt: the lowest one brings gigabytes of libraries for GPUs."""


def lowest(pyproject: Path) -> list[str]:
    """NAME==VERSION of every dependency with a lower bound, those of figures included.

    Args:
        pyproject: The file.
    """
    project = tomllib.loads(pyproject.read_text())["project"]
    bounds = [_BOUND.match(each) for each in project["dependencies"] + project["optional-dependencies"]["report"]]
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound and bound[1] not in PINNED]


if __name__ == "__main__":
    print(*lowest(Path(__file__).parents[1] / "pyproject.toml"), sep="\n")
