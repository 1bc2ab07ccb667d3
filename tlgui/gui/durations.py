"""Durations in words."""

from PySide6.QtCore import QCoreApplication


def duration_text(seconds: float) -> str:
    """A duration as people say it: "0.4 s", "48 s", "2 min 5 s", "1 h 12 min".

    Whole numbers have no tenths: 5 is "5 s" and 5.0 is "5.0 s".
    """
    if isinstance(seconds, float) and seconds < 9.95:
        short = f"{seconds:.1f}"
        return QCoreApplication.translate("durations", "{0} s").format(short)
    whole = round(seconds)
    if whole < 60:
        return QCoreApplication.translate("durations", "{0} s").format(whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 10 and rest:
        text = QCoreApplication.translate("durations", "{0} min {1} s")
        return text.format(minutes, rest)
    if minutes < 60:
        return QCoreApplication.translate("durations", "{0} min").format(minutes)
    hours, minutes = divmod(minutes, 60)
    text = QCoreApplication.translate("durations", "{0} h {1} min")
    return text.format(hours, minutes)
