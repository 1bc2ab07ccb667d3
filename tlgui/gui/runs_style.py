"""How runs that are laid over each other are told apart, also without colour."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPen, QPixmap

from tlgui.gui.theme import Theme

# Okabe and Ito's colour-blind safe set, darkened or lightened where a line of it
# would have less than 3:1 contrast to the card.
_LIGHT = ("#0072b2", "#d55e00", "#00835f", "#a8518a", "#18202b", "#8a6d00")
_DARK = ("#56b4e9", "#e69f00", "#2fc497", "#d88fb8", "#e8ecf2", "#f0e442")
_DASHES = ((), (6.0, 3.0), (2.0, 2.5), (9.0, 3.0, 2.0, 3.0), (12.0, 4.0), (4.0, 2.0))
_SYMBOLS = ("o", "s", "t", "d", "star", "p")
MOST = len(_SYMBOLS)
ICON_WIDTH, ICON_HEIGHT = 40, 16


@dataclass(frozen=True)
class RunStyle:
    """How one run is drawn.

    Attributes:
        colour: of its line.
        dashes: lengths of strokes and gaps in line widths; none for a whole line.
        symbol: of its epochs, in pyqtgraph's names.
    """

    colour: str
    dashes: tuple[float, ...]
    symbol: str

    def pen(self, width: float) -> QPen:
        """The pen for its line, as wide on every screen."""
        pen = QPen(QColor(self.colour), width)
        pen.setCosmetic(True)
        if self.dashes:
            pen.setDashPattern(list(self.dashes))
        return pen


def style_of(place: int, theme: Theme) -> RunStyle:
    """The style of the first, second, … run of those that are compared."""
    place %= MOST
    colours = _DARK if theme.dark else _LIGHT
    return RunStyle(colours[place], _DASHES[place], _SYMBOLS[place])


def style_icon(style: RunStyle) -> QIcon:
    """A piece of its line, for the table."""
    ratio = max(screen.devicePixelRatio() for screen in QGuiApplication.screens())
    picture = QPixmap(round(ICON_WIDTH * ratio), round(ICON_HEIGHT * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(style.pen(2))
    middle = ICON_HEIGHT / 2
    painter.drawLine(QPointF(1, middle), QPointF(ICON_WIDTH - 1, middle))
    painter.end()
    icon = QIcon(picture)
    # Qt greys or tints an icon in a chosen row; this one means something.
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon
