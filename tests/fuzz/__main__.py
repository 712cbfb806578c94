"""`python -m tests.fuzz`: attack every surface, and end with exit code 1 if there were faults."""

from __future__ import annotations

import argparse
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from archflow.progress import progress_bar
from tests.fuzz import SURFACES
from tests.fuzz.run import Outcome, report, run_surface


def main() -> int:
    """Parse the arguments, run, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=main.__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all surfaces together")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="default: a fresh one")
    parser.add_argument("--only", help="names of surfaces, with commas")
    parser.add_argument("--input", type=int, help="run this one input in this process, with its traceback")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(SURFACES)
    if given.input is not None:
        return _again(names[0], given.input, given.seed)
    began = time.monotonic()
    # Training for every input takes long: the command line gets a tenth of the others' inputs.
    weights = {name: 0.1 if name == "command_line" else 1.0 for name in names}
    shares = {name: math.ceil(given.inputs * weight / sum(weights.values())) for name, weight in weights.items()}
    outcomes: dict[str, Outcome] = {}
    with progress_bar("attacking", sum(shares.values())) as bar, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = {
            name: pool.submit(run_surface, name, range(count), given.seed, bar.advance)
            for name, count in sorted(shares.items(), key=lambda item: item[1])
        }
        outcomes = {name: jobs[name].result() for name in names}
    print(report(outcomes, given.seed, began))
    return int(any(outcome.faults for outcome in outcomes.values()))


def _again(name: str, number: int, seed: int) -> int:
    import zlib

    with TemporaryDirectory() as folder:
        SURFACES[name](Path(folder))(np.random.default_rng([seed, zlib.crc32(name.encode()), number]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
