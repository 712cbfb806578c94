"""Options of the whole command line: configuration file, plug-ins, how much is said, help, Ctrl-C."""

import json
import logging
import os
from pathlib import Path

import pytest
import typer

from archflow.cli.app import app
from archflow.cli.general import with_general_options
from archflow.encoders import ENCODERS
from archflow.named_objects import PLUGINS
from archflow.progress import LOGGER, progress_bar
from tests.cli.commands import QUICK, one_line

ENCODER = "gated_gcn.fgp-nasbench201"


@pytest.fixture(autouse=True)
def level():
    yield
    LOGGER.setLevel(logging.INFO)


def test_a_file_gives_options_and_the_command_line_overrides_them(run, table, here):
    Path("run.toml").write_text(f'data = "{table}"\ncount = 2\n"json" = true\n[fit]\nmembers = 9\n')
    for command in (("--config", "run.toml", "choose", ENCODER), ("choose", ENCODER, "--config", "run.toml")):
        assert '"architectures": 30' in run(*command)
    assert len(json.loads(run("choose", ENCODER, "--config", "run.toml", "--count", 3))["rows"]) == 3


def test_lists_and_underscores_in_a_file(run, table, here):
    Path("run.toml").write_text(f'data = "{table}"\nmetric = ["accuracy", "nope"]\nlower_is_better = true\nout = "p"')
    assert "--lower-is-better: of which metric" in one_line(run("fit", "--config", "run.toml", code=2))
    Path("run.toml").write_text("members = [1, 2]")
    assert "members takes one value" in one_line(run("fit", "--config", "run.toml", code=2))


def test_an_unknown_key_is_refused_with_the_nearest(run, here):
    Path("run.toml").write_text("memberz = 2\n")
    line = one_line(run("--config", "run.toml", "fit", code=2))
    assert "fit has no option 'memberz'; did you mean 'members'?" in line
    Path("run.toml").write_text("members = \n")
    assert "is not TOML" in one_line(run("fit", "--config", "run.toml", code=2))
    assert "cannot be read" in one_line(run("fit", "--config", "none.toml", code=2))


def test_a_plugin_registers_parts(run, monkeypatch, table, here):
    monkeypatch.setenv(PLUGINS, "")
    code = 'from archflow.encoders import ENCODERS, GIN\n@ENCODERS.register("plugged")\nclass Plugged(GIN):\n    pass\n'
    Path("plugged_part.py").write_text(code)
    pretrain = ("pretrain", "--data", table, "--encoder", "plugged", "--task", "flow", "--epochs", 1, "--out", "e")
    run("--plugin", "plugged_part.py", *pretrain)
    assert Path("e").is_file()
    assert os.environ[PLUGINS] == str(Path("plugged_part.py").resolve())
    assert ENCODERS.get("plugged").__module__ == "plugged_part"
    Path("broken.py").write_text("1 / 0\n")
    assert "broken.py: cannot be run (ZeroDivisionError: division by zero)" in one_line(
        run("data", "list", "--plugin", "broken.py", code=2)
    )
    assert "no such Python file" in one_line(run("--plugin", "none.py", "data", "list", code=2))


def test_quiet_leaves_results_and_errors(monkeypatch, run, table, here):
    odd = Path("odd.csv")
    odd.write_text(table.read_text() + '"[input, warp, output]","[0, 1]","[1, 2]",1,1\n')
    embed = ("embed", ENCODER, "--data", odd, "--skip-unknown", "--out", "e.npy", "--force")
    said: dict[bool, list[str]] = {True: [], False: []}
    monkeypatch.setattr("typer.echo", lambda text="", err=False, nl=True: said[err].append(text))
    run(*embed)
    assert any("1 row gets no values: row 30: unknown operation 'warp'" in line for line in said[True])
    for option in (("-q", *embed), (*embed, "--quiet")):
        said.update({True: [], False: []})
        run(*option)
        assert said[True] == []
        assert said[False]


def test_verbose_adds_files_and_settings(monkeypatch, run, predictor, table):
    said: list[str] = []
    monkeypatch.setattr("typer.echo", lambda text="", err=False, nl=True: said.append(text) if err else None)
    run("predict", predictor, "--data", table)
    assert not any("sha256" in line for line in said)
    run("predict", predictor, "--data", table, "-v")
    assert any(line.startswith(f"{table}: 30 rows, sha256 ") and "accuracy, cost" in line for line in said)
    assert f"{predictor}: NetworkPredictor of accuracy" in said


def test_ctrl_c_says_how_far_the_work_was(run, monkeypatch, table, here):
    def said_after(done: int, kept: str) -> str:
        def interrupted(*given, **options):
            with progress_bar("pre-training", 5, kept=kept) as bar:
                bar.reach(done)
                raise KeyboardInterrupt

        monkeypatch.setattr("archflow.recipes.fitting.fit_and_save", interrupted)
        return run("fit", "--data", table, "--metric", "accuracy", *QUICK, "--out", "p", code=130).splitlines()[-1]

    text = "archflow: pre-training: stopped after"
    assert said_after(3, "p/states") == f"{text} 3 of 5, kept in p/states; run the same command to resume"
    assert said_after(3, "") == f"{text} 3 of 5; run the same command again"
    assert said_after(0, "p/states") == f"{text} 0 of 5; run the same command again"


def test_every_help_fits_80_columns():
    root = with_general_options(typer.main.get_command(app))
    commands = [("archflow", root)]
    for name, command in commands:
        commands += [(f"{name} {inner}", each) for inner, each in getattr(command, "commands", {}).items()]
        context = command.context_class(command, info_name=name, terminal_width=80)
        text = command.get_help(context)
        assert max(map(len, text.splitlines())) <= 80, name
    assert len(commands) > 25


def test_every_summary_of_a_verb_is_whole():
    root = with_general_options(typer.main.get_command(app))
    groups = {"archflow": root, **{f"archflow {name}": root.commands[name] for name in ("data", "bench")}}
    for name, group in groups.items():
        shown = group.get_help(group.context_class(group, info_name=name, terminal_width=80))
        lines = shown.partition("Commands:")[2].splitlines()
        cut = [line.split()[0] for line in lines if line.endswith("...")]
        assert not cut
