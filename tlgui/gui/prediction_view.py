"""One photo and the classes that the model holds most probable for it."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QWidget,
)

from tlgui.core.events import Prediction
from tlgui.gui.controls import GAP, column, label, row
from tlgui.gui.percent import percent
from tlgui.gui.theme import current_theme

TOP = 5
UNSURE = 0.6
_NAME_WIDTH = 170


class PictureView(QWidget):
    """A picture as large as there is room, in its own proportions."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap: QPixmap | None = None
        policy = QSizePolicy.Policy.Expanding
        self.setSizePolicy(policy, policy)
        self.setMinimumSize(QSize(160, 140))

    @property
    def width_shown(self) -> int:
        """Width in pixels of the picture at hand; 0 without one."""
        return self._pixmap.width() if self._pixmap is not None else 0

    def show_picture(self, pixmap: QPixmap | None) -> None:
        """Shows another picture, or none."""
        self._pixmap = pixmap
        self.update()

    def sizeHint(self) -> QSize:
        """A good size for a photo."""
        return QSize(320, 260)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the picture, or an empty place."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current_theme().sunken))
        painter.drawRoundedRect(self.rect(), 6, 6)
        if self._pixmap is None:
            return
        size = self._pixmap.size()
        size.scale(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(self.rect().center())
        painter.drawPixmap(place, self._pixmap)


class ProbabilityBars(QWidget):
    """The most probable classes as bars with numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[QLabel] = []
        self.bars: list[QProgressBar] = []
        self.numbers: list[QLabel] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self.setLayout(self._grid)
        self._make_lines(TOP)

    def _make_lines(self, count: int) -> None:
        """Makes as many lines as are missing."""
        for place in range(len(self.names), count):
            self.names.append(QLabel(textFormat=Qt.TextFormat.PlainText))
            self.bars.append(QProgressBar(maximum=1000, textVisible=False))
            self.numbers.append(QLabel())
            parts = (self.names[-1], self.bars[-1], self.numbers[-1])
            for side, part in enumerate(parts):
                self._grid.addWidget(part, place, side)
            parts[2].setAlignment(Qt.AlignmentFlag.AlignRight)

    def show_probabilities(self, answer: Prediction) -> None:
        """Shows the first classes of an answer; all of those that are said."""
        most = max(TOP, len(answer.labels or ()))
        pairs = list(zip(answer.class_names, answer.probabilities, strict=True))[:most]
        self._make_lines(len(pairs))
        for place, parts in enumerate(
            zip(self.names, self.bars, self.numbers, strict=True)
        ):
            for part in parts:
                part.setVisible(place < len(pairs))
            if place < len(pairs):
                self._fill(*parts, *pairs[place])

    def _fill(
        self, name: QLabel, bar: QProgressBar, number: QLabel, text: str, share: float
    ) -> None:
        metrics = QFontMetrics(self.font())
        middle = Qt.TextElideMode.ElideMiddle
        name.setText(metrics.elidedText(text, middle, _NAME_WIDTH))
        name.setToolTip(text)
        bar.setValue(round(share * 1000))
        bar.setAccessibleName(f"{text}: {percent(share)}")
        number.setText(percent(share))


class PredictionView(QWidget):
    """A photo, its name, and the model's answer or why there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = PictureView()
        self.name = label("", "muted", wrap=True)
        self.top = label("", "title", wrap=True)
        self.note = label("", "warning", wrap=True)
        self.bars = ProbabilityBars()
        words = column(self.name, self.top, self.note, 4, self.bars, None)
        whole = row(self.picture, words, gap=GAP)
        whole.setStretch(0, 1)
        whole.setStretch(1, 1)
        self.setLayout(whole)

    def show_waiting(self, name: str) -> None:
        """Shows that the answer has yet to come."""
        self._show(name, "…", "")
        self.bars.hide()

    def show_answer(self, name: str, answer: Prediction) -> None:
        """Shows the answer for one photo."""
        self.picture.setAccessibleName(name)
        if answer.problem or not answer.probabilities:
            why = self.tr("This file cannot be used: {0}.").format(answer.problem)
            self._show(name, self.tr("No answer"), why)
            self.bars.hide()
            return
        unsure = self.tr("The model is not sure of this one.")
        sure = answer.probabilities[0] >= UNSURE
        if answer.labels is not None:
            unsure = self.tr("The model is not sure of every class here.")
            sure = all(max(p, 1 - p) >= UNSURE for p in answer.probabilities)
        self._show(name, self.said(answer), "" if sure else unsure)
        self.bars.show_probabilities(answer)
        self.bars.show()

    def said(self, answer: Prediction) -> str:
        """The class, or all the classes, that a photo is said to show."""
        if answer.labels is None:
            return answer.class_names[0]
        return ", ".join(answer.labels) or self.tr("None of the classes")

    def _show(self, name: str, top: str, note: str) -> None:
        self.name.setText(name)
        self.top.setText(top)
        self.note.setText(note)
        self.note.setVisible(bool(note))
