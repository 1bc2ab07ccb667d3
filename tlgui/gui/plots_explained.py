"""What a newcomer reads where the curves are going to be."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from tlgui.gui import controls
from tlgui.gui.theme import current_theme

_WIDTH = 460


class _Stroke(QWidget):
    """A piece of a curve, as the plots draw it.

    Args:
        validation: dashed with a square, not solid with a circle.
    """

    def __init__(self, *, validation: bool) -> None:
        super().__init__()
        self._validation = validation
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """As long as a legend's sample."""
        return QSize(44, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws a line with a marker in its middle."""
        theme = current_theme()
        colour = QColor(theme.validation if self._validation else theme.training)
        pen = QPen(colour, 2)
        if self._validation:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        middle = self.height() / 2
        painter.drawLine(2, int(middle), self.width() - 2, int(middle))
        painter.setPen(QPen(QColor(theme.card), 1))
        painter.setBrush(pen.color())
        marker = QRectF(self.width() / 2 - 4, middle - 4, 8, 8)
        if self._validation:
            painter.drawRect(marker)
        else:
            painter.drawEllipse(marker)


class PlotsExplained(QWidget):
    """How to read the curves, before there are any."""

    def __init__(self) -> None:
        super().__init__()
        inner = QWidget()
        inner.setFixedWidth(_WIDTH)
        inner.setLayout(
            controls.column(
                controls.label(self.tr("Watch it learn here"), "heading"),
                controls.label(
                    self.tr(
                        "Once training starts, two plots draw themselves: how many "
                        "photos are named right (accuracy, should rise) and how wrong "
                        "the answers are (loss, should fall)."
                    ),
                    "muted",
                    wrap=True,
                ),
                self._line(
                    validation=False,
                    text=self.tr("Training: the photos it learns from."),
                ),
                self._line(
                    validation=True,
                    text=self.tr(
                        "Validation: photos it has never seen. Trust this one."
                    ),
                ),
                gap=12,
            )
        )
        self.setLayout(controls.column(None, controls.row(None, inner, None), None))

    @staticmethod
    def _line(*, validation: bool, text: str) -> QWidget:
        line = QWidget()
        words = controls.label(text, "muted", wrap=True)
        layout = controls.row(_Stroke(validation=validation), words)
        layout.setStretch(1, 1)
        line.setLayout(layout)
        return line

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
