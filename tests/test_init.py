"""What `import archflow` does, in a Python of its own."""

import subprocess
import sys


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_elsewhere_than_on_posix_the_import_says_so() -> None:
    refused = run("import os; os.name = 'nt'; import archflow")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("ImportError: archflow runs on POSIX systems (Linux, macOS)")
