"""What tests of several verbs need: quick options, the command in a process, what it said and wrote."""

import subprocess
import sys
from pathlib import Path

QUICK = ("--recipe", "networks", "--encoder", "gin", "--epochs", 2, "--members", 2)
PRETRAIN = ("--encoder", "gin", "--width", 8, "--task", "flow", "--epochs", 1)


def one_line(error: str) -> str:
    assert "Traceback" not in error
    (line,) = error.splitlines()
    assert line.startswith("archflow: ")
    return line


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def archflow(*arguments: object, **options) -> subprocess.CompletedProcess:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "archflow", *map(str, arguments)]
    return subprocess.run(command, text=True, check=False, **{"capture_output": True, **options})
