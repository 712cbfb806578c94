"""Progress counts from the first step, however it is moved, and the logger `archflow` decides whether it is shown."""

import io
import logging
import re
from contextlib import nullcontext
from unittest.mock import Mock

import pytest
from rich.console import Console
from rich.progress import Progress as RichProgress

from archflow import progress
from archflow.progress import notebook_bar, progress_bar


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr("rich.console.Console.is_terminal", True)


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, as a list of one number."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.usefixtures("terminal")
def test_a_bar_advances_and_reaches(monkeypatch):
    seen = []
    update = RichProgress.update

    def watched(self, task, **changes):
        update(self, task, **changes)
        seen.append((self.tasks[task].completed, changes["note"]))

    monkeypatch.setattr(RichProgress, "update", watched)
    with progress_bar("work", 10, done=2) as bar:
        bar.advance(1, "one more")
        bar.reach(7, "on")
        bar.reach(7)
        bar.advance()
    assert seen == [(3, "one more"), (7, "on"), (7, ""), (8, "")]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("note", ["", "best 94.37, archflow", "nb201-in16, 30 labels, gaussian_process/plain+columns"])
@pytest.mark.parametrize("text", ["search", "pre-training gated_gcn on flow reconstruction and proxies"])
def test_a_bar_is_one_line_with_its_figures(monkeypatch, width, note, text):
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=width, color_system=None, legacy_windows=False)
    monkeypatch.setattr(progress, "_console", lambda: console)
    with progress_bar(text, 15625) as bar:
        bar.reach(1234, note)
    last = [line for line in re.split(r"\x1b\[[0-9;?]*[A-Za-z]|\n", shown.getvalue()) if line.strip()][-1].rstrip("\r")
    assert len(last) <= width
    assert "1234/15625" in last
    assert "0:00:00" in last
    assert last.startswith(text[:15])
    assert note[:4] in last


def test_in_a_log_there_is_a_line_a_minute_and_one_at_the_end(caplog, clock):
    with caplog.at_level(logging.INFO, "archflow"), progress_bar("work [b]\x1b", 10, done=2) as bar:
        for now, note in ((30, "a"), (60, "best 0.5"), (119, "b"), (3661, "c")):
            clock[0] = now
            bar.advance(1, note)
    assert caplog.messages == [
        r"work [b]\x1b: 4 of 10 in 1:00, about 3:00 left; best 0.5",
        r"work [b]\x1b: 6 of 10 in 1:01:01, about 1:01:01 left; c",
    ]


def test_work_that_fails_says_nothing_more(caplog):
    with caplog.at_level(logging.INFO, "archflow"), pytest.raises(ValueError, match="no"), progress_bar("work", 3):
        raise ValueError("no")
    assert caplog.messages == []


@pytest.mark.usefixtures("terminal")
def test_a_level_above_info_shows_nothing(caplog, capsys):
    with caplog.at_level(logging.WARNING, "archflow"), progress_bar("work", 3) as bar:
        bar.advance()
    assert (caplog.messages, capsys.readouterr().err) == ([], "")


@pytest.mark.parametrize(("configured", "shown"), [(False, "work: 2 of 2 in 0:00; done\na note\n"), (True, "")])
def test_messages_go_to_standard_error_unless_the_program_has_handlers(monkeypatch, capsys, clock, configured, shown):
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.NullHandler()] if configured else [])
    monkeypatch.setattr(progress.LOGGER, "handlers", [progress._StandardError()])  # the command line may have its own
    with progress_bar("work", 2) as bar:
        bar.reach(2, "done")
    progress.LOGGER.warning("a note")
    progress.LOGGER.debug("a detail")
    assert capsys.readouterr() == ("", shown)


@pytest.fixture
def notebook(monkeypatch):
    """What bars in a notebook show, as a list."""
    shown = []
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr(progress, "find_spec", lambda name: True)
    monkeypatch.setattr(progress, "_rich", lambda console, text, total: nullcontext(RichProgress(console=console)))
    monkeypatch.setattr(progress, "_Bar", lambda bar, task: Mock(reach=lambda *given: shown.append(given)))
    return shown


@pytest.mark.parametrize("widgets", [True, False])
def test_a_notebook_shows_a_bar_where_nobody_asked_for_one(monkeypatch, notebook, widgets):
    monkeypatch.setattr(progress, "find_spec", lambda name: widgets or None)
    with notebook_bar("work", 2, None) as report, notebook_bar("watched", 2, print) as asked:
        assert asked is print
        assert (report is None) == (not widgets)  # rich would draw nothing without widgets
        if report:
            report(1, "a note")
            report(2, {"loss": 0.5})
    assert notebook == ([(1, "a note"), (2, "")] if widgets else [])


def test_there_is_no_bar_outside_a_notebook():
    with notebook_bar("work", 2, None) as report:
        assert report is None


def test_there_is_one_bar_at_a_time(notebook):
    with notebook_bar("work", 2, None) as outer:
        outer(1)
        with notebook_bar("a part of it", 5, None) as inner:
            assert inner is None
    with notebook_bar("more work", 1, None) as again:
        again(1)
    assert notebook == [(1, ""), (1, "")]
