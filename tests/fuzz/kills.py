"""Kills every long verb at random moments and runs it again: `python -m tests.fuzz.kills`.

A run that was killed and given again must end with the files of one that was left alone, the same to the bit but for
measured times and dates, and leave no unfinished file behind.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archflow.checkpoint import fingerprint, load_tensors
from archflow.predict import StackedPredictor
from tests.tables import scored_cells

TABLE = ["--data", "table.csv"]
FIT = ["fit", *TABLE, "--metric", "score", "--out", "out/predictor"]
FLOW = ["--task", "1*flow+1*gmae", "--width", "16"]
LABEL = ["--channels", "4", "--cells", "1", "--count", "4", "--epochs", "2"]
ALONE = ["--processes", "1"]
VERBS = {
    "pretrain": ["pretrain", *TABLE, *FLOW, "--epochs", "60", "--out", "out/e.safetensors"],
    "fit": [*FIT, "--encoder", "mlp", "--epochs", "20"],
    "fit --recipe networks": [*FIT, "--recipe", "networks", "--encoder", "gin", "--epochs", "60"],
    "label": ["label", "--space", "nasbench201", *LABEL, "--out", "out/labels.csv", *ALONE],
    "proxies": ["proxies", "--table", "table.csv", "--out", "out/proxies.csv", *ALONE],
    "search": [
        "search", "--evaluate", "table.csv", "--metric", "score", "--method", "npenas", "--budget", "40",
        "--out", "out/search",
    ],
    "evaluate": [
        "evaluate", "table.csv", "--metric", "score", "--labels", "20", "--recipe", "plain", "--repetitions", "4",
        "--json",
    ],
    "rank --space": [
        "rank", "net", "--space", "nasbench201", "--sample", "5e4", "--top", "20", "--out", "out/best.csv",
    ],
    "bench fgp": [
        "bench", "fgp", *TABLE, "--metric", "score", "--encoder", "gin", "--methods", "supervised,flow",
        "--labels", "20", "--validation", "10", "--epochs", "20", "--pretrain-epochs", "20", "--runs", "3",
        "--out", "out/bench.json", "--folder", "out/runs", *ALONE,
    ],
}  # fmt: skip

TIMES = re.compile(r"(seconds|_s|date|commit|command|digest|weights)$")
"""Fields and columns that say when, by what and how fast something was made, or hold a digest of such a field."""

PRINTED = (".pdf", ".svg", ".png", ".html", ".md", ".journal.jsonl")
"""What shows times or the date, and the measurements that a table was made of."""


def run(verb: str, folder: Path, limit: float | None = None) -> bool:
    """Run a verb in a folder; whether it ended by itself before it was killed at the limit (seconds)."""
    command = [sys.executable, "-m", "archflow", *VERBS[verb]]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        printed, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return False
    if process.returncode:
        raise SystemExit(f"{verb}: exit code {process.returncode}: {errors.strip().splitlines()[-1:]}")
    if "--json" in command:
        (folder / "out").mkdir(exist_ok=True)
        (folder / "out" / "printed.json").write_text(printed)
    return True


def digests(folder: Path) -> dict[str, str]:
    """Of every file that a finished run leaves, times left out, by its path; digests in names are left out too."""
    found = {}
    for path in sorted(path for path in (folder / "out").rglob("*") if path.is_file()):
        if not path.name.endswith(PRINTED):
            name = re.sub("[0-9a-f]{16}", "*", str(path.relative_to(folder)))
            found[name] = hashlib.sha256(_content(path)).hexdigest()[:16]
    return found


def _content(path: Path) -> bytes:
    """What a file holds, times left out."""
    if path.suffix in (".safetensors", ".encoder"):
        tensors, about = load_tensors(path)
        return fingerprint(*(part for item in sorted(tensors.items()) for part in item), _timeless(about)).encode()
    if path.suffix == ".json":
        return json.dumps(_timeless(json.loads(path.read_text()))).encode()
    if path.suffix == ".csv":
        rows = list(csv.reader(path.read_text().splitlines()))
        kept = [place for place, name in enumerate(rows[0]) if "seconds" not in name]
        return json.dumps([[row[place] for place in kept] for row in rows]).encode()
    return path.read_bytes()


def _timeless(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _timeless(value) for key, value in content.items() if not TIMES.search(key)}
    return [_timeless(each) for each in content] if isinstance(content, list) else content


def prepared(folder: Path) -> Path:
    """The folder with the table that all verbs read, and a predictor that learnt from it."""
    folder.mkdir()
    table = scored_cells(60)
    table.write(folder / "table.csv")
    predictor = StackedPredictor(components=["ridge"], features=["counts"])
    predictor.fit(table, metrics=["score"])
    predictor.save(folder / "net")
    return folder


def attack(verb: str, kills: int, folder: Path, draw: random.Random) -> list[str]:
    """What is wrong after runs that were killed so many times in all; nothing if all ended as they should."""
    began = time.monotonic()
    run(verb, prepared(folder / "whole"))
    lasts, expected = time.monotonic() - began, digests(folder / "whole")
    faults, done, attempt = [], 0, 0
    while done < kills:
        attempt += 1
        here = prepared(folder / f"attempt {attempt}")
        # A run that is killed early each time would never end: later limits reach further.
        for further in range(1, 6):
            if done == kills or run(verb, here, draw.uniform(0.3, 1.0) * lasts * min(1.0, 0.25 * further)):
                break
            done += 1
        run(verb, here)
        found = digests(here)
        if found != expected:
            different = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
            faults.append(f"{verb}, attempt {attempt}: {', '.join(different)}")
        left = [str(path) for path in here.rglob("*.part")]
        if left:
            faults.append(f"{verb}, attempt {attempt}: left {left}")
    print(f"{verb}: {done} kills in {attempt} runs of {lasts:.1f} s each, {len(faults)} faults", flush=True)
    return faults


def main() -> int:
    """Parse the arguments, attack, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kills", description=main.__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of every verb")
    parser.add_argument("--only", choices=list(VERBS))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    draw, faults = random.Random(given.seed), []
    for verb in [given.only] if given.only else VERBS:
        with TemporaryDirectory() as folder:
            faults += attack(verb, given.kills, Path(folder), draw)
    print("\n".join(faults) or "every run ended with the files of one that was left alone")
    return int(bool(faults))


if __name__ == "__main__":
    raise SystemExit(main())
