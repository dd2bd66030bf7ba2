"""Log lines as JSON with the request's id; personal data is taken out before anything is written.

ID numbers and phone numbers are masked; what the database says about the row that it refused is left out whole.
"""

import json
import logging
import re

from agencies import tracing

_ID_NO = re.compile(r"(?<!\d)(\d{3})\d{11}(\d{3}[\dXx])(?!\d)")
_PHONE = re.compile(r"(?<!\d)((?:00)?(?:86)?1[3-9]\d)\d{4}(\d{4})(?!\d)")
# PostgreSQL's DETAIL shows the values of a refused row; it ends where the traceback goes on or ends.
_DETAIL = re.compile(r"DETAIL:.*?(?=\n\n(?:The above|During)|\Z)", re.DOTALL)


def mask(text: str) -> str:
    """Replaces the middle of ID numbers and mobile numbers in a text by stars."""
    return _PHONE.sub(r"\1****\2", _ID_NO.sub(r"\1***********\2", text))


class MaskingFilter(logging.Filter):
    """Masks the message after its arguments are in it, so that no argument slips through."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask(record.getMessage())
        record.args = ()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id, trace, and the masked traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request": tracing.request_now(),
        }
        if trace := tracing.current():
            line["trace"] = trace.trace_id
        if record.exc_info:
            line["traceback"] = mask(_DETAIL.sub("DETAIL: (left out)", self.formatException(record.exc_info)))
        return json.dumps(line, ensure_ascii=False)
