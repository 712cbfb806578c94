"""`choose`: measurements that were filled in stay."""

from pathlib import Path

from tests.cli.commands import one_line


def test_choose_never_replaces_measurements_unasked(run, table, here):
    choose = ("choose", "gated_gcn.fgp-nasbench201", "--data", table, "--count", 3, "--out", "measure.csv")
    run(*choose)
    Path("measure.csv").write_text(Path("measure.csv").read_text().replace("\n", ",91.4\n"))
    before = Path("measure.csv").read_bytes()
    assert "exists" in one_line(run(*choose, code=2))
    assert Path("measure.csv").read_bytes() == before
