"""Shares and counts as people read them."""

from PySide6.QtCore import QCoreApplication, QLocale

_SPACE = "\N{NO-BREAK SPACE}"


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage that never rounds to a false 0 or 100.

    Args:
        share: 0..1.
        digits: after the decimal point.

    Returns:
        For example "95.4 %", "over 99.9 %", "under 0.1 %".
    """
    step = 10.0**-digits
    shown = float(round(share * 100, digits))
    if share in (0, 1):
        return _written(shown, 0)
    if share < 1 and shown >= 100:
        return QCoreApplication.translate("percent", "over {0}").format(
            _written(100 - step, digits)
        )
    if share > 0 and shown <= 0:
        return QCoreApplication.translate("percent", "under {0}").format(
            _written(step, digits)
        )
    return _written(shown, digits)


def _written(value: float, digits: int) -> str:
    return f"{QLocale().toString(value, 'f', digits)}{_SPACE}%"
