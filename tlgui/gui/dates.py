"""Moments as people write them where they live."""

from datetime import datetime

from PySide6.QtCore import QLocale


def short_moment(text: str) -> str:
    """A moment in ISO 8601 as a short date and time; "" if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    if moment.tzinfo is not None:
        moment = moment.astimezone()
    short = QLocale.FormatType.ShortFormat
    date: str = QLocale().toString(moment.date(), short)  # type: ignore[call-overload]
    return f"{date} {moment:%H:%M}"
