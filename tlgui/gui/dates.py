"""Moments as people write them where they live."""

from datetime import datetime

from PySide6.QtCore import QLocale


def short_moment(text: str) -> str:
    """A moment in ISO 8601 as a short date and time; "" if it is none."""
    moment = _local(text)
    if moment is None:
        return ""
    short = QLocale.FormatType.ShortFormat
    date: str = QLocale().toString(moment.date(), short)  # type: ignore[call-overload]
    return f"{date} {moment:%H:%M}"


def long_moment(text: str) -> str:
    """A moment in ISO 8601 in full; "" if it is none."""
    moment = _local(text)
    if moment is None:
        return ""
    whole: str = QLocale().toString(moment, QLocale.FormatType.LongFormat)  # type: ignore[call-overload]
    return whole


def _local(text: str) -> datetime | None:
    """The same moment on this computer's clock."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is None else moment.astimezone()
