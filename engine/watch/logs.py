"""Structured logs on standard error: one JSON object a line, or coloured lines for a person."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import orjson
import structlog

_QUIET_SECONDS = 5.0
_KINDS = 1_000


def configure(level: str = "info", style: str = "json") -> None:
    """Set up logging once, for the engine and for the libraries below it."""
    # Tracebacks without the values of variables: a headline under embargo must not get into a log.
    plain = structlog.dev.plain_traceback
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
    if style == "json":
        renderer = structlog.processors.JSONRenderer(serializer=_json)
    number = getattr(logging, level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if style == "json":
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Repeats())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


class _Repeats(logging.Filter):
    """One line of a kind in ``_QUIET_SECONDS``: without its broker the client says the same 80 times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this kind of line (logger and message before its arguments) has been quiet for long enough."""
        kind = (record.name, str(record.msg))
        if record.created - self._last.get(kind, 0.0) < _QUIET_SECONDS:
            return False
        if len(self._last) > _KINDS:  # Messages that were not written as templates would pile up.
            self._last.clear()
        self._last[kind] = record.created
        return True


def _json(event: object, **_: object) -> str:
    """JSON, whatever was logged: a log line must never stop the engine."""
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # Lone surrogates, from file names that are not UTF-8.
        return json.dumps(event, default=str)
