"""Logging: one readable line for each event, prefixed with the name of its process."""

import logging
import logging.config
import os
import sys

import structlog


def _name_process(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Put the process's name first, so that the supervisor's one stream can be read and searched."""
    event["event"] = f"{os.environ.get('MERIDIAN_PROCESS', 'manage'):<8} {event['event']}"
    return event


def configure(level: str) -> None:
    """Send structlog's and the standard library's records to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S"),
        _name_process,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processor": structlog.dev.ConsoleRenderer(
                        colors=sys.stderr.isatty(),
                        pad_event_to=0,
                        exception_formatter=structlog.dev.plain_traceback,
                    ),
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django.server": {"level": "WARNING"},
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.access": {"level": "WARNING"},
                "kombu": {"level": "WARNING"},
                "botocore": {"level": "WARNING"},  # in detail it would show signed requests
                "celery": {"level": "INFO" if level == "DEBUG" else "WARNING"},
            },
        }
    )
