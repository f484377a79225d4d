"""What services run to keep exceptions with the variables of their frames: each returns everything that it would store."""

from __future__ import annotations

import io
import json
from typing import Any

import loguru
import sentry_sdk
import shop
import structlog
from django.test import RequestFactory
from django.views.debug import ExceptionReporter, technical_500_response
from sentry_sdk.transport import Transport
from structlog.processors import ExceptionRenderer, JSONRenderer, dict_tracebacks
from structlog.tracebacks import ExceptionDictTransformer

KEPT: list[Any] = []


class Keeping(Transport):
    """A way to Sentry that ends here."""

    def capture_envelope(self, envelope: Any) -> None:
        KEPT.extend(item.payload.json for item in envelope.items)


def sentry_begins() -> None:
    """Set Sentry up as its manual does."""
    sentry_sdk.init(dsn="http://key@localhost/1", transport=Keeping, attach_stacktrace=True)


def sentry_ends() -> None:
    """Leave the process as it was."""
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def by_sentry(fault: BaseException) -> str:
    """Return the event of Sentry."""
    KEPT.clear()
    sentry_sdk.capture_exception(fault)
    sentry_sdk.flush()
    assert KEPT
    assert '"vars"' in json.dumps(KEPT)
    return json.dumps(KEPT)


def by_structlog(fault: BaseException) -> str:
    """Return the lines of structlog: as short as it makes them, and as long as it can."""
    everything = ExceptionDictTransformer(show_locals=True, locals_max_length=10_000, locals_max_string=1_000_000, max_frames=1000)
    lines = io.StringIO()
    for renderer in (dict_tracebacks, ExceptionRenderer(ExceptionDictTransformer(show_locals=True)), ExceptionRenderer(everything)):
        log: Any = structlog.wrap_logger(structlog.PrintLogger(lines), processors=[renderer, JSONRenderer()])
        log.error("failed", exc_info=fault)
    assert '"locals": {' in lines.getvalue()
    return lines.getvalue()


def by_loguru(fault: BaseException) -> str:
    """Return the lines of loguru, whose exceptions go up beyond where they were caught."""
    lines: list[str] = []
    handler = loguru.logger.add(lines.append, backtrace=True, diagnose=True, colorize=False)
    try:
        loguru.logger.opt(exception=fault).error("failed")
    finally:
        loguru.logger.remove(handler)
    assert "└" in "".join(lines)
    return "".join(lines)


def by_django(fault: BaseException) -> str:
    """Return the debug page of Django, and the text that it mails to administrators."""
    shop.set_up()
    reporter = ExceptionReporter(None, type(fault), fault, fault.__traceback__)
    page = technical_500_response(RequestFactory().get("/"), type(fault), fault, fault.__traceback__)
    return f"{reporter.get_traceback_html()}{reporter.get_traceback_text()}{page.content.decode()}"


RECORDERS = (by_sentry, by_structlog, by_loguru, by_django)
