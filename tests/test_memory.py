"""How much memory there is, and what is refused because of it."""

import pytest

from archflow import memory
from archflow.errors import ArchflowError
from archflow.memory import ALWAYS, TIMES, check_content, check_memory


def test_what_there_is_respects_the_limits_of_the_process(monkeypatch, tmp_path):
    group = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_CONTROL_GROUP", group)
    monkeypatch.setattr(memory.resource, "getrlimit", lambda kind: (memory.resource.RLIM_INFINITY, 0))
    physical = memory.available()
    assert physical > 2**28
    group.write_text("max\n")
    assert memory.available() == physical
    group.write_text("1000000\n")
    assert memory.available() == 1_000_000
    monkeypatch.setattr(memory.resource, "getrlimit", lambda kind: (5000, 0))
    assert memory.available() == 5000


def test_what_cannot_fit_in_memory_is_refused():
    check_memory("a small thing", 1e6)
    with pytest.raises(ArchflowError, match="a thing: takes at least 931,323 GiB of memory, there are"):
        check_memory("a thing", 1e15)


def test_the_bound_of_content_grows_with_the_file_and_ends_at_half_of_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 4 << 30)
    path = tmp_path / "x"
    for size, most in ((0, ALWAYS), (1000, ALWAYS), (10**6, TIMES * 10**6), (10**8, 2 << 30)):
        path.write_bytes(bytes(size))
        check_content(path, most)
        with pytest.raises(ArchflowError, match=r"x: asks for .* GB of memory with .* MB on disk; it is damaged"):
            check_content(path, most + 1)
