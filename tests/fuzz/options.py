"""The command line: odd values of options, in process, on a table of a few cells."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from pathlib import Path

import numpy as np

import archflow
from archflow.cli.app import main
from tests.fuzz.mutate import ODD_TEXT, Random, chosen
from tests.fuzz.surface import Attempt, surface
from tests.tables import scored_cells

NUMBERS = ("0", "-1", "1", "2", "1e9", "1000000000", "nan", "inf", "1e400", "0.5", "x", "", " 3", "9" * 400, "0x10")
COUNTS = ("1", "2", "0", "-1", "x", "", "1e9", "1000000000")
TEXTS = (*(text for text in ODD_TEXT if "\ud800" not in text), "score", "-score", "params", "gin,mlp", "mlp", "none")
TASKS = ("flow", "gmae", "1*flow+1*gmae", "proxy_ranking", *TEXTS)
SETTINGS = ("graphcl.temperature=0.1", "flow.x=1", "a=b", *TEXTS)

Options = dict[str, tuple[str, ...]]


@surface
def command_line(folder: Path) -> Attempt:
    table, encoder, work = folder / "t.csv", folder / "e.safetensors", folder / "work"
    columns = {"width": np.arange(12.0) % 5, "early": np.arange(12.0)}
    scored_cells(12).with_metrics(columns).write(table)
    archflow.create("mlp", scored_cells(12), width=4).save(encoder)
    before = table.read_bytes()
    values = _values(str(table), str(encoder), work)

    def attempt(random: Random) -> None:
        shutil.rmtree(work, ignore_errors=True)
        verb = chosen(random, list(values))
        given = {option: known[0] for option, known in values[verb].items() if option in USUAL}
        for _ in range(int(random.integers(1, 3))):
            option = chosen(random, list(values[verb]))
            given[option] = chosen(random, values[verb][option])
        sys.argv = ["archflow", verb.split()[0]]
        for option, value in given.items():
            sys.argv += [option, value] if option else [value]
        shown = io.StringIO()
        code: object = None
        try:
            with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
                main()
        except SystemExit as ended:
            code = ended.code
        assert code in (0, 2), f"{sys.argv[1:]}: exit code {code}: {shown.getvalue()[-300:]}"
        assert "Traceback" not in shown.getvalue(), sys.argv[1:]
        assert table.read_bytes() == before, f"{sys.argv[1:]}: its own input was changed"

    return attempt


USUAL = (
    "",
    "--data",
    "--metric",
    "--out",
    "--encoder",
    "--members",
    "--epochs",
    "--width",
    "--task",
    "--count",
    "--names",
    "--recipe",
)
"""Options that are always given; with the first of their values, unless that is the one to be odd."""


def _values(table: str, encoder: str, work: Path) -> dict[str, Options]:
    """What every option of every verb may get; the first value is a good one."""
    data = {"--data": (table, "digits201", "nothing", str(work), "/dev/null", f"{table},{table}")}
    odd_paths = (str(work), str(work.parent), "", "x" * 300, "a\0b", "/dev/null", "/dev/full", table)

    def out(name: str) -> Options:
        return {"--out": (str(work / name), str(work / "out.csv"), str(work / "out.json"), *odd_paths)}

    score = {"--metric": ("score", *TEXTS)}
    encoders = {"--encoder": (encoder, "mlp", "gin", *TEXTS), "--view": ("whole", "effective", *TEXTS)}
    training = {"--epochs": COUNTS[:6], "--seed": NUMBERS, "--proxy": TEXTS}
    return {
        "fit": {**data, **score, **out("out"), **encoders, **training, "--recipe": ("networks", "plain", *TEXTS),
                "--members": COUNTS, "--labels": NUMBERS, "--objective": ("hinge", "log", "relative", *TEXTS)},
        "fit of the default": {**data, **score, **out("out"), "--recipe": ("plain", *TEXTS), "--labels": NUMBERS,
                "--features": ("none", "width", "width,width", *TEXTS), "--sources": ("early", "early,early", *TEXTS),
                "--budget": ("15s", "1e400s", "nans", *TEXTS), "--encoder": (encoder, *TEXTS),
                "--objective": ("hinge", "squared", *TEXTS)},
        "pretrain": {**data, **out("e.safetensors"), "--encoder": ("mlp", *TEXTS), "--task": TASKS, **training,
                     "--width": ("4", *COUNTS), "--set": SETTINGS},
        "embed": {"": (encoder, *TEXTS), **data, **out("e.npy")},
        "choose": {"": (encoder, *TEXTS), **data, **out("c.csv"), "--count": ("3", *NUMBERS)},
        "proxies": {**out("p.csv"), "--table": data["--data"], "--names": ("params", *TEXTS), "--count": COUNTS},
        "data": {"": ("list", "verify", "import", *TEXTS)},
        "encoders": {"": TEXTS},
    }  # fmt: skip
