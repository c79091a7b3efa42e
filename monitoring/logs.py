"""What the service writes to standard error: one JSON object a line, one line a request."""

import logging
from datetime import UTC, datetime
from typing import Any, Final

import orjson

ACCESS_LOGGER: Final = "shortlist.access"
SERVICE_LOGGER: Final = "shortlist.service"


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, and the fields given as ``extra={"fields": ...}``."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one record; a traceback goes into the field ``exception``."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_access(route: str, method: str, status: int, seconds: float, request_id: str) -> None:
    """Write the line of one request. The route is its template, so that no id and no query reaches the log."""
    logger = logging.getLogger(ACCESS_LOGGER)
    if logger.isEnabledFor(logging.INFO):
        fields = {
            "route": route,
            "method": method,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "request_id": request_id,
        }
        logger.info("request", extra={"fields": fields})


def logging_config(level: str = "INFO") -> dict[str, Any]:
    """The configuration, for ``logging.config.dictConfig``, that sends the service's lines to standard error."""
    stderr = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": stderr},
        "loggers": {
            "shortlist": {"handlers": ["stderr"], "level": level, "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }
