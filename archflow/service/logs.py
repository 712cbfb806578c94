"""Logs as JSON lines on standard error."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

LOGGER = logging.getLogger("archflow.service")


class JsonLines(logging.Formatter):
    """One JSON object per record: time, level, message, and the fields that the record was given as `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        content = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            content["traceback"] = self.formatException(record.exc_info)
        return json.dumps(content, default=str)


def start_json_log() -> None:
    """Write what archflow and the server log as JSON lines on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    for name in ("archflow", "uvicorn"):
        logging.getLogger(name).handlers[:] = [handler]
