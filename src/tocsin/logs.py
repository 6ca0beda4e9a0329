"""What the program says of itself, one line per event on stderr.

`2026-11-25T03:07:11Z error event_refused reason="…"`: values are quoted wherever a space
or a control character could make them look like something else, so that nothing from
outside can forge a line or paint a terminal. Tracebacks carry no local variables, which
may be credentials, and stay on their line.
"""

import json
import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

_PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-")
# They tell of every request, with its whole address.
_TALKATIVE = ("httpx2", "httpcore2", "urllib3", "requests", "apprise", "asyncio")


def configure(to: TextIO | None = None) -> None:
    """Make every logger of the process write such lines, from WARNING on."""
    out = to or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            line,
        ],
        logger_factory=structlog.PrintLoggerFactory(out),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_OneLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("apprise").setLevel(logging.CRITICAL)


def line(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    """The last processor: one event as one line."""
    at, level = event.pop("timestamp", ""), event.pop("level", "")
    name = event.pop("event", "")
    fault = _traceback(event.pop("exc_info", None))
    words = [_quoted(word) for word in (at, level, name) if word]
    words += [f"{_quoted(key)}={_quoted(value)}" for key, value in event.items()]
    if fault:
        words.append(f"exception={_quoted(fault)}")
    return " ".join(words)


class _OneLine(logging.Formatter):
    """The same lines for what libraries log."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line."""
        event: dict[str, Any] = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            "exc_info": record.exc_info,
        }
        return line(None, "", event)


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else _as_text(value)
    if text and _PLAIN.issuperset(text):
        return text
    # Letters of every script stay readable; what does not print is escaped.
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in json.dumps(text, ensure_ascii=False)
    )


def _as_text(value: object) -> str:
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def _traceback(given: Any) -> str:
    error = given
    if given is True:
        error = sys.exc_info()[1]
    elif isinstance(given, tuple):
        error = given[1]
    if not isinstance(error, BaseException):
        return ""
    return "".join(traceback.format_exception(error))
