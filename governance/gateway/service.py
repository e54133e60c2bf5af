"""The service log: what operators watch. It is never evidence, and nothing is decided by it.

Evidence is the decision log alone; a line here may be lost or switched off without changing what holds.
"""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog

__all__ = ["configure", "service_log"]

service_log: Final = structlog.stdlib.get_logger("governance")


def configure(*, verbose: bool) -> None:
    """Send the service log to standard error, one JSON object a line: warnings, or with `verbose` everything."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
