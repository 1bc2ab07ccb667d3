"""Colours, type and spacing of the window, light and dark."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from tlgui.gui import stylesheet


class Appearance(StrEnum):
    """The person's choice in the View menu."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Theme:
    """One set of colours; contrast of text is at least 4.5:1 on its ground.

    Attributes:
        dark: whether grounds are dark.
        ground: behind everything.
        card: behind what belongs together.
        sunken: behind fields and empty places.
        border: hairlines.
        text: reading.
        muted: second reading.
        accent: what to press, what is chosen.
        accent_text: on the accent.
        accent_soft: ground of what is chosen.
        good: it worked.
        warning: worth a look.
        bad: it did not work.
        training: the training curve (blue of Okabe and Ito's colour-blind safe set).
        validation: the validation curve (their orange).
    """

    dark: bool
    ground: str
    card: str
    sunken: str
    border: str
    text: str
    muted: str
    accent: str
    accent_text: str
    accent_soft: str
    good: str
    warning: str
    bad: str
    training: str
    validation: str


LIGHT = Theme(
    dark=False,
    ground="#f3f5f8",
    card="#ffffff",
    sunken="#eef1f5",
    border="#d5dbe4",
    text="#18202b",
    muted="#586475",
    accent="#1a5fb4",
    accent_text="#ffffff",
    accent_soft="#e2ecf9",
    good="#1d7a4b",
    warning="#8a5a00",
    bad="#b3261e",
    training="#0072b2",
    validation="#d55e00",
)
DARK = Theme(
    dark=True,
    ground="#14181f",
    card="#1d232d",
    sunken="#171c24",
    border="#343d4b",
    text="#e8ecf2",
    muted="#a2adbd",
    accent="#7ab2ff",
    accent_text="#0b1626",
    accent_soft="#22344d",
    good="#6fd3a0",
    warning="#f0b95a",
    bad="#ff9089",
    training="#56b4e9",
    validation="#e69f00",
)


def current_theme() -> Theme:
    """The theme that the application's palette shows now."""
    window = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT


def apply_theme(application: QApplication, appearance: Appearance) -> None:
    """Dresses the application; widgets hear of it through `PaletteChange`."""
    theme = _resolve(appearance)
    application.setStyle("Fusion")
    application.setPalette(_palette(theme))
    application.setStyleSheet(stylesheet.build(theme))


def _resolve(appearance: Appearance) -> Theme:
    if appearance is Appearance.SYSTEM:
        scheme = QGuiApplication.styleHints().colorScheme()
        return DARK if scheme is Qt.ColorScheme.Dark else LIGHT
    return DARK if appearance is Appearance.DARK else LIGHT


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.ground,
        role.WindowText: theme.text,
        role.Base: theme.card,
        role.AlternateBase: theme.sunken,
        role.Text: theme.text,
        role.Button: theme.card,
        role.ButtonText: theme.text,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.accent_text,
        role.PlaceholderText: theme.muted,
        role.ToolTipBase: theme.card,
        role.ToolTipText: theme.text,
        role.Link: theme.accent,
        role.Mid: theme.border,
        role.BrightText: theme.bad,
    }
    palette = QPalette()
    for which, colour in colours.items():
        palette.setColor(which, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(disabled, which, QColor(theme.muted))
    return palette
