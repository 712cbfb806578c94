"""Progress bars count from the first step, however they are moved."""

from archflow.progress import progress_bar


def test_a_bar_advances_and_reaches(monkeypatch):
    from rich.progress import Progress

    seen = []
    update = Progress.update

    def watched(self, task, **changes):
        update(self, task, **changes)
        seen.append((self.tasks[task].completed, changes["note"]))

    monkeypatch.setattr(Progress, "update", watched)
    with progress_bar("work", 10, done=2) as bar:
        bar.advance(1, "one more")
        bar.reach(7, "on")
        bar.reach(7)
        bar.advance()
    assert seen == [(3, "one more"), (7, "on"), (7, ""), (8, "")]
