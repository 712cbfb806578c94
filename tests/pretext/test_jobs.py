"""Pre-training from a plain script, which has no guard against being run again by worker processes."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
from pathlib import Path
import numpy as np
from archflow import load
from archflow.recipes.unlabelled import Pretraining, Start

cells = load("digits201").architectures
starts = [Start("mlp", {{"width": 8}}, task) for task in ("arch2vec", "arch2vec", "flow")]
pretraining = Pretraining(starts, epochs=1)
pretrained = pretraining.run(cells, np.arange(0), {{}}, Path({folder!r}), processes={processes})
print(len(pretrained), "encoders")
"""


def run(tmp_path: Path, processes: int) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(folder=str(tmp_path / "encoders"), processes=processes))
    return subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)


def test_one_process_needs_no_guard(tmp_path):
    done = run(tmp_path, 1)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 encoders\n"


def test_several_say_what_the_script_lacks_instead_of_waiting_for_ever(tmp_path):
    done = run(tmp_path, 2)
    assert done.returncode == 1
    assert 'no `if __name__ == "__main__":`' in done.stderr.splitlines()[-1]
