import pytest

from archflow_reproduce.speed import streaming


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch, tmp_path):
    """Steps run here, without a limit, on a few rows."""
    monkeypatch.setattr(streaming, "_alone", streaming._measured)
    monkeypatch.setattr(streaming, "LABELS", 20)
    monkeypatch.setattr(streaming, "CHUNK", 40)
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path))


@pytest.mark.parametrize("mapped", [True, False])
def test_every_step_is_measured(mapped):
    found = streaming.run_speed_streaming(70, mapped=mapped)
    assert (found["count"], found["mapped"], found["limit_gib"]) == (70, mapped, None)
    for name in ("convert", "open", "pretrain", "predict"):
        assert found[name]["rows_per_second"] > 0
        assert found[name]["resident_gib"] > 0
    assert found["file_bytes"] > 0
    assert (found["mapped_bytes"] > 0) == mapped


def test_what_fails_for_lack_of_memory_says_so(monkeypatch):
    def fail(path, mapped):
        raise MemoryError

    monkeypatch.setattr(streaming, "STEPS", {"convert": fail})
    assert streaming.run_speed_streaming(10)["convert"] == {"failed": "MemoryError"}
