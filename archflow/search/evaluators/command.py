"""A user's command as an evaluator."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.files import parse_json, reason
from archflow.graph import Architecture
from archflow.printable import shown
from archflow.search.evaluators.base import Point, SearchEvaluator, Target, Wanted
from archflow.search.evaluators.spaces import no_settings, space_of
from archflow.spaces.base import SearchSpace

PREFIX = "command:"
ARCHITECTURE, FILE, SEED = "{architecture}", "{file}", "{seed}"
_PLACEHOLDER = re.compile("|".join(map(re.escape, (ARCHITECTURE, FILE, SEED))))


@dataclass(frozen=True)
class CommandEvaluator(SearchEvaluator):
    """Runs a command whose last line of output is a number, named `metric`, or a JSON object of metrics.

    The command is split as a shell would split it, and run without a shell: an architecture's string is always part of
    one argument and is never executed. In the arguments `{architecture}` is replaced by the native string, `{file}` by
    the path of a JSON file with `native`, `ops`, `edges` and `attributes`, and `{seed}` by the seed.

    Attributes:
        command: The command line.
        space: The space of the architectures.
        metric: The name given to a single number.
        timeout: Seconds after which the command and its child processes are killed; None for no limit.
    """

    command: str
    space: SearchSpace
    metric: str = "value"
    timeout: float | None = None

    @property
    def config(self) -> dict[str, Any]:
        return {"command": self.command, "metric": self.metric}

    @property
    def arguments(self) -> list[str]:
        """The words of the command. Raises ArchflowError if it cannot be split or does not use the architecture."""
        try:
            parts = shlex.split(self.command)
        except ValueError as error:
            raise ArchflowError(f"--evaluate command: {shown(self.command)} cannot be split ({error})") from None
        if not parts or not any(ARCHITECTURE in part or FILE in part for part in parts[1:]):
            raise ArchflowError(
                f"--evaluate command: {shown(self.command)} names no architecture; write "
                f"{ARCHITECTURE} or {FILE} where its string, or a JSON file with it, is an argument"
            )
        return parts

    def limited(self, timeout: float) -> CommandEvaluator:
        return replace(self, timeout=timeout)

    def curve(self, architecture: Architecture, seed: int) -> Iterator[Point]:
        native = self.space.format(architecture)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "architecture.json")
            file.write_text(json.dumps({"native": native, **architecture.to_json()}))
            values = {ARCHITECTURE: native, FILE: str(file), SEED: str(seed)}
            yield 0, self._metrics(self._run([_filled(part, values) for part in self.arguments]))

    def _run(self, arguments: list[str]) -> str:
        """Run the command and return its output. Raises ArchflowError if it cannot be started, fails or times out."""
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            raise ArchflowError(f"{arguments[0]}: cannot be run ({reason(error)})") from None
        try:
            out, err = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            raise ArchflowError(f"no result after {self.timeout:g} s") from None
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode:
            last = _last_line(err) or _last_line(out) or "no message"
            raise ArchflowError(f"the command ended with exit code {process.returncode}: {last}")
        return _last_line(out)

    def _metrics(self, line: str) -> Mapping[str, Any]:
        try:
            found = parse_json(line)
        except ValueError:
            found = _number(line)
        if isinstance(found, Mapping):
            return found
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise ArchflowError(f"the last line is {shown(line)}, neither a number nor a JSON object of metrics")
        return {self.metric: found}


def target(text: str, wanted: Wanted) -> Target:
    """Build the target of `command:WORDS` in a named space."""
    no_settings(text, wanted)
    space, columns = space_of(wanted.space)
    metric = (*wanted.metrics, "value")[0]
    evaluate = CommandEvaluator(text.removeprefix(PREFIX), space, metric)
    program = evaluate.arguments[0]
    if shutil.which(program) is None:
        raise ArchflowError(f"--evaluate command: {shown(program)} is not an executable program; give its path")
    return Target(evaluate, space, wanted.metrics or (metric,), wanted.reported, columns)


def _filled(part: str, values: Mapping[str, str]) -> str:
    """Replace all placeholders at once, so that a value that looks like a placeholder is left unchanged."""
    return _PLACEHOLDER.sub(lambda found: values[found[0]], part)


def _last_line(printed: bytes) -> str:
    lines = [line.strip() for line in printed.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
