"""The lock on a part of the cache."""

import pytest

from archflow.cache_folder import alone
from archflow.errors import ArchflowError


def test_the_lock_follows_no_link_and_empties_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path / "cache"))
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / ".nasbench201.lock").symlink_to(mine)
    with pytest.raises(ArchflowError, match="the cache cannot be written"), alone("nasbench201"):
        pass
    assert mine.read_text() == "mine"
    lock = tmp_path / "cache" / ".digits201.lock"
    lock.write_text("mine")
    with alone("digits201"):
        assert lock.read_text() == "mine"
