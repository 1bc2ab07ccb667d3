"""How many of all parameters learn, as a bar and as a sentence."""

from PySide6.QtCore import QEvent, QRectF, QSize, Slot
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlgui.core.augmentation import VIEWS
from tlgui.core.costs import Forecast, forecast
from tlgui.core.layers import count_trainable, head_parameters
from tlgui.core.split import sample_counts
from tlgui.core.timing import rounded_up
from tlgui.gui.block_paint import paint_block
from tlgui.gui.block_words import whole_count
from tlgui.gui.controls import column, label
from tlgui.gui.durations import duration_text
from tlgui.gui.percent import percent
from tlgui.gui.session import Session
from tlgui.gui.theme import current_theme

_HEIGHT = 12
_LEAST = 6.0


class ParameterStrip(QWidget):
    """A strip whose parts are as long as their share of the parameters.

    Neighbours in the same state are drawn as one part.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts: list[tuple[int, bool]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_parts(self, parts: list[tuple[int, bool]]) -> None:
        """Takes (parameters, learns) of every block, from input to head."""
        self.parts = []
        for size, learns in parts:
            if self.parts and self.parts[-1][1] == learns:
                size += self.parts.pop()[0]
            self.parts.append((size, learns))
        self.update()

    def sizeHint(self) -> QSize:
        """A thin strip."""
        return QSize(200, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the parts; what learns never vanishes, however small."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        shape = QPainterPath()
        shape.addRoundedRect(ground, _HEIGHT / 2, _HEIGHT / 2)
        painter.setClipPath(shape)
        total = sum(size for size, _ in self.parts)
        spare = ground.width() - _LEAST * len(self.parts)
        left = ground.left()
        for size, learns in self.parts:
            width = _LEAST + (spare * size / total if total else 0.0)
            part = QRectF(left, ground.top(), width, ground.height())
            paint_block(painter, part, current_theme(), learns, 0)
            left += width

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()


class ParameterBar(QWidget):
    """Says how many parameters learn with the session's choice."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.strip = ParameterStrip()
        self.sentence = label("", "small", wrap=True)
        self.cost = label("", "small", wrap=True)
        self.setLayout(column(4, self.strip, self.sentence, self.cost, None, gap=5))
        session.speed_changed.connect(self.show_count)
        session.spec_changed.connect(self.show_count)
        session.dataset_changed.connect(self.show_count)
        self.show_count()

    @Slot()
    def show_count(self) -> None:
        """Counts for the session's backbone, blocks and classes."""
        backbone, chosen = self._session.backbone, self._session.spec.trainable
        dataset = self._session.dataset
        classes = len(dataset.class_names) if dataset else 0
        head = head_parameters(backbone.features, classes)
        parts = [(block.parameters, block.name in chosen) for block in backbone.blocks]
        self.strip.show_parts([*parts, (head, True)])
        learning = count_trainable(chosen, backbone.blocks)
        if classes:
            text = self._with_head(learning + head, backbone.parameters + head)
        else:
            text = self._without_head(learning, backbone.features + 1)
        self.sentence.setText(text)
        self.strip.setAccessibleName(text)
        self._show_cost()

    def _show_cost(self) -> None:
        """What it takes on this computer, once that is known."""
        session = self._session
        speed, dataset = session.speed, session.dataset
        self.cost.setVisible(speed is not None and dataset is not None)
        if speed is None or dataset is None:
            return
        counts = sample_counts(dataset, session.spec)
        views = VIEWS[session.spec.augmentation]
        told = forecast(session.spec, session.backbone, speed, counts, views)
        memory = f"{told.bytes / 1e9:.1f}"
        if told.epoch:
            text = self.tr(
                "On this computer about {epoch} an epoch and {whole} in all, with {gb} "
                "GB of memory."
            )
        else:
            text = self.tr(
                "On this computer about {whole} in all, with {gb} GB of memory."
            )
        self.cost.setText(
            text.format(
                epoch=duration_text(told.epoch),
                whole=duration_text(rounded_up(told.whole)),
                gb=memory,
            )
        )
        factor = speed.correction(session.backbone, session.spec.trainable)
        self.cost.setToolTip(self._explanation(told, factor))

    def _explanation(self, told: Forecast, factor: float | None) -> str:
        text = self.tr(
            "A forecast from a short measurement, for photos that were not seen "
            "yet: {looking} to look at each photo and its variations with the "
            "frozen layers, then {epoch} s for each epoch of the learning ones."
        ).format(
            looking=duration_text(rounded_up(told.looking)), epoch=f"{told.epoch:.1f}"
        )
        if factor is None or not told.epoch:
            return text
        return f"{text} " + self.tr(
            "Corrected by what training this model has taken here: {factor} times the "
            "measurement."
        ).format(factor=f"{factor:.2f}")

    def _with_head(self, learning: int, total: int) -> str:
        return self.tr("{learning} of {total} parameters learn ({share}).").format(
            learning=whole_count(learning),
            total=whole_count(total),
            share=percent(learning / total),
        )

    def _without_head(self, learning: int, per_class: int) -> str:
        return self.tr(
            "{learning} of the model’s {total} parameters learn, and those of the new "
            "head: {per_class} for each class."
        ).format(
            learning=whole_count(learning),
            total=whole_count(self._session.backbone.parameters),
            per_class=whole_count(per_class),
        )
