"""What the logs may say: where something broke, never with whose words (no body, no locals, no SQL parameters)."""

import logging
import re
import traceback
from typing import Any

from django.views.debug import ExceptionReporter

# Links that open something for whoever holds them: an invitation, a password reset, a meeting's answer.
SECRET_PATH = re.compile(r"(/invitation/|/password/reset/key/|/number/|/i/)[^/\s]+")


class NoContent(logging.Filter):
    """Replaces an exception's message, which may quote what a user typed, by its type and the places it came through."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("celery"):
            record.args = _without_words(record.args)
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
            record.msg = f"{record.getMessage()}\n{kind.__name__}\n  " + "\n  ".join(frames)
            record.args = None
            record.exc_info = None
            record.exc_text = None
        if hasattr(record, "request"):
            del record.request
        record.msg, record.args = SECRET_PATH.sub(r"\1…", record.getMessage()), None
        return True


def _without_words(given: Any) -> Any:
    """Celery's own lines quote the exception of a task, also without its traceback: only its class is kept."""
    if isinstance(given, dict):
        return {name: _class_only(value) if name in ("exc", "traceback") else value for name, value in given.items()}
    if isinstance(given, tuple):
        return tuple(_class_only(value) if isinstance(value, BaseException) else value for value in given)
    return given


def _class_only(value: Any) -> str:
    if isinstance(value, BaseException):
        return type(value).__name__
    return "" if "Traceback" in str(value) else str(value).partition("(")[0]


class QuietReporter(ExceptionReporter):
    """An error report with neither local variables nor request body."""

    def get_traceback_data(self) -> dict[str, Any]:
        data = super().get_traceback_data()
        for frame in data.get("frames", []):
            frame["vars"] = []
        data["filtered_POST_items"] = []
        data["exception_value"] = ""
        return data
