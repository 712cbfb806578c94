"""Logs as JSON lines."""

import json
import logging
import sys

import pytest

from archflow.service.logs import JsonLines, start_json_log


def test_a_record_is_one_line():
    record = logging.LogRecord("archflow.service", logging.WARNING, __file__, 1, "two\n%s", ("lines",), None)
    record.fields = {"path": "/\n\x1b[31m", "status": 200}
    try:
        raise ValueError("why")
    except ValueError:
        record.exc_info = sys.exc_info()
    text = JsonLines().format(record)
    assert text.isascii()
    assert "\n" not in text
    content = json.loads(text)
    assert (content["level"], content["message"], content["status"]) == ("warning", "two\nlines", 200)
    assert content["path"] == "/\n\x1b[31m"
    assert "ValueError: why" in content["traceback"]


@pytest.fixture
def kept():
    loggers = [logging.getLogger(name) for name in ("archflow", "uvicorn")]
    before = [list(each.handlers) for each in loggers]
    yield
    for logger, handlers in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers


def test_archflow_and_the_server_log_alike(kept, capsys):
    start_json_log()
    logging.getLogger("archflow").warning("one")
    logging.getLogger("uvicorn.error").error("two")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["one", "two"]
