"""Peak memory of code that runs in a process of its own."""

import resource
import subprocess
import sys
from textwrap import dedent

SETUP = """
import numpy as np, torch
torch.set_num_threads(1)
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.testing import random_architectures

def path(nodes, ops):
    source = np.arange(nodes - 1)
    return ArchitectureSet(Vocabulary(ops), np.arange(nodes) % len(ops), [0, nodes], source, source + 1, [0, nodes - 1])

def one_large(small, nodes):
    some = random_architectures(small, 1)
    return ArchitectureSet.concatenate([some, path(nodes, some.vocabulary.ops)])
"""

_PEAK = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"

LIMIT = 6 * 2**30
"""Of the process: what asks for more ends there, and takes no memory from others."""


def peak_memory(code: str) -> int:
    """Bytes that Python with torch takes at most while it runs the code behind `SETUP`."""
    done = subprocess.run(
        [sys.executable, "-c", SETUP + dedent(code) + _PEAK],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT)),
    )
    assert done.returncode == 0, done.stderr[-1000:]
    return 1024 * int(done.stdout)
