import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.search.evaluators.base import Wanted
from archflow.search.evaluators.command import CommandEvaluator
from archflow.search.evaluators.parse import parse
from archflow.spaces import NASBench201
from archflow.spaces.table_space import TableSpace
from archflow.testing.evaluator import check_evaluator


def script(folder: Path, body: str) -> str:
    path = folder / "train.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def cells(count: int = 2):
    return NASBench201().sample(count, np.random.default_rng(0))


def test_the_last_line_is_a_number_or_an_object(tmp_path: Path) -> None:
    program = script(tmp_path, 'echo epoch 1\necho "$1" | wc -c\n\n')
    evaluate = CommandEvaluator(f"{program} {{architecture}}", NASBench201(), "length")
    native = [NASBench201().format(each) for each in cells()]
    assert [evaluate(each, 0) for each in cells()] == [{"length": len(text) + 1.0} for text in native]
    check_evaluator(evaluate, cells())
    body = (
        "import json, sys; n = len(json.load(open(sys.argv[1]))['ops']); print(json.dumps({'n': n, 's': sys.argv[2]}))"
    )
    several = CommandEvaluator(f'{sys.executable} -c "{body}" {{file}} {{seed}}', NASBench201())
    assert dict(several(cells()[0], 7)) == {"n": 8, "s": "7"}


def test_an_architecture_runs_nothing(tmp_path: Path) -> None:
    hostile = f"a; touch {tmp_path}/hacked; $(touch {tmp_path}/hacked) `touch {tmp_path}/hacked` {{seed}} 'x"
    table = Table(cells(1), {"score": [1.0]}, [hostile])
    program = script(tmp_path, 'printf \'%s\' "$1" > "$(dirname "$0")/given"\necho 3')
    evaluate = CommandEvaluator(f"{program} {{architecture}}", TableSpace(table))
    assert evaluate(cells(1)[0], 5) == {"value": 3.0}
    assert (tmp_path / "given").read_text() == hostile
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo out of memory >&2; exit 3", "ended with exit code 3: out of memory"),
        ("echo good", "the last line is 'good', neither a number nor a JSON object"),
        ("exit 0", "the last line is '', neither"),
        ("echo '[1]'", "neither a number nor"),
        ("echo true", "neither a number nor"),
    ],
)
def test_what_goes_wrong_is_one_line(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message.replace("[", r"\[")):
        CommandEvaluator(f"{script(tmp_path, body)} {{file}}", NASBench201())(cells(1)[0], 0)


def test_a_command_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    program = script(tmp_path, f"sleep 321.5 & echo $! > {tmp_path}/child; wait")
    evaluate = CommandEvaluator(f"{program} {{architecture}}", NASBench201()).limited(0.5)
    with pytest.raises(ArchflowError, match=r"no result after 0\.5 s"):
        evaluate(cells(1)[0], 0)
    child = (tmp_path / "child").read_text().strip()
    end = time.monotonic() + 10
    while os.path.exists(f"/proc/{child}") and time.monotonic() < end:
        state = subprocess.run(["ps", "-o", "stat=", child], capture_output=True, text=True, check=False).stdout
        if state.startswith("Z"):
            break
        time.sleep(0.02)
    assert time.monotonic() < end


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("command:./missing.sh {architecture}", "'./missing.sh' is not an executable program"),
        ("command:ls", "names no architecture; write {architecture} or {file}"),
        ("command:", "names no architecture"),
        ("command:ls 'x {architecture}", "cannot be split"),
    ],
)
def test_a_command_that_cannot_be_is_refused_before(text: str, message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        parse(text, Wanted())
