"""Tokens and addresses."""

import pytest

from archflow.errors import ArchflowError
from archflow.service.settings import Access, read_token

TOKEN = "sixteen-or-more-characters"


def test_a_token_is_read_from_a_file_or_the_environment(tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert read_token(file, {"ARCHFLOW_TOKEN": "another-one-of-the-environment"}) == TOKEN
    assert read_token(None, {"ARCHFLOW_TOKEN": TOKEN}) == TOKEN
    assert read_token(None, {}) is None


@pytest.mark.parametrize("text", ["", "too-short", "has blanks between words", "two\nlines-that-are-long", "é" * 20])
def test_an_unusable_token_is_refused_and_not_shown(tmp_path, text):
    file = tmp_path / "token"
    file.write_text(text)
    for given in ((file, {}), (None, {"ARCHFLOW_TOKEN": text})):
        with pytest.raises(ArchflowError, match="16 to 512 ASCII characters") as error:
            read_token(*given)
        assert not text or text not in str(error.value)


def test_a_token_is_not_read_from_a_folder_or_from_nowhere(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ArchflowError, match=str(path)):
            read_token(path, {})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", "127.0.0.1.example.org"])
def test_other_machines_need_a_token_unless_this_is_allowed(host):
    with pytest.raises(ArchflowError, match="without a token"):
        Access.of(host, None)
    assert Access.of(host, None, open_to_all=True).hosts is None
    assert Access.of(host, TOKEN).token == TOKEN


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.2.1"])
def test_this_machine_needs_none(host):
    hosts = Access.of(host, None).hosts
    assert hosts is not None
    assert host in hosts


def test_a_token_is_not_printed():
    assert TOKEN not in repr(Access(TOKEN))
