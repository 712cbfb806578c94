"""The files with which the service is run: the systemd unit of the documents, and the container's."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def unit() -> str:
    found = re.search(r"^```ini\n(.*?)^```$", (ROOT / "docs" / "service.md").read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_unit(tmp_path):
    path = tmp_path / "archflow.service"
    path.write_text(unit().replace("/usr/local/bin/archflow", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_of_the_unit_is_one_of_the_command_line(run, tmp_path):
    (command,) = re.findall(r"^ExecStart=\S+/archflow (.*)$", unit(), re.MULTILINE)
    Path(tmp_path, "token").write_text("0123456789abcdef")
    words = command.replace("%d", str(tmp_path)).replace(" predictor", f" {tmp_path / 'nothing'}").split()
    assert "nothing" in run(*words, code=2)


def test_the_container_has_what_the_build_reads():
    lines = (ROOT / "Containerfile").read_text().splitlines()
    copied = {name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]}
    assert copied == {"pyproject.toml", "setup.py", "README.md", "LICENSE", "archflow"}
    assert all((ROOT / name).exists() for name in copied)
