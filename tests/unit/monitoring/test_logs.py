"""The lines that the service writes."""

import json
import logging
import logging.config
import sys

import pytest

from monitoring.logs import ACCESS_LOGGER, JsonFormatter, log_access, logging_config


def test_an_access_line_is_json_with_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    """One request is one JSON object: route, method, status, milliseconds, request id."""
    with caplog.at_level(logging.INFO, logger=ACCESS_LOGGER):
        log_access("/recommendations/{user_id}", "GET", 200, 0.0123, "r-1")
    line = json.loads(JsonFormatter().format(caplog.records[0]))
    assert {key: line[key] for key in ("route", "method", "status", "ms", "request_id")} == {
        "route": "/recommendations/{user_id}",
        "method": "GET",
        "status": 200,
        "ms": 12.3,
        "request_id": "r-1",
    }


def test_a_line_break_in_a_message_stays_inside_its_line() -> None:
    """A message cannot forge a second line."""
    record = logging.LogRecord("shortlist", logging.INFO, __file__, 1, "one\ntwo", None, None)
    assert "\n" not in JsonFormatter().format(record)


def test_a_traceback_is_a_field() -> None:
    """An exception's traceback is part of the same line."""
    try:
        int("broken")
    except ValueError:
        record = logging.LogRecord("shortlist", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: invalid literal" in json.loads(line)["exception"]


def test_the_configuration_is_one_that_logging_takes() -> None:
    """The dictionary can be applied, and the service's logger then writes JSON."""
    before = {name: (logging.getLogger(name).handlers[:], logging.getLogger(name).propagate) for name in LOGGERS}
    try:
        logging.config.dictConfig(logging_config())
        handler = logging.getLogger("shortlist").handlers[0]
        assert isinstance(handler.formatter, JsonFormatter)
    finally:
        for name, (handlers, propagates) in before.items():
            logging.getLogger(name).handlers[:] = handlers
            logging.getLogger(name).propagate = propagates
            logging.getLogger(name).setLevel(logging.NOTSET)


LOGGERS = ("shortlist", "uvicorn")
