"""The command line within the process of the tests."""

import sys

import pytest

from archflow.cli.app import main


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments: object, code: int = 0) -> str:
        """Standard output, or for another code what is on standard error."""
        monkeypatch.setattr(sys, "argv", ["archflow", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        assert ended.value.code == code, shown.err
        return shown.err if code else shown.out

    return run
