"""The blocks of the chosen backbone: which learn, what they are, their layers."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from tlgui.core.layers import Block
from tlgui.gui.block_diagram import BlockDiagram
from tlgui.gui.block_paint import paint_block, paint_glyph
from tlgui.gui.block_words import BlockWords
from tlgui.gui.controls import button, column, label, row
from tlgui.gui.layer_choice import LayerChoice
from tlgui.gui.layer_table import LayerTable
from tlgui.gui.session import Session
from tlgui.gui.theme import current_theme

_SWATCH = QSize(26, 18)
_BAR_HEIGHT = 14
_AROUND = 80
_TALLEST = 380


class Swatch(QWidget):
    """A small block that shows how one state is drawn."""

    def __init__(self, learns: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._learns = learns
        self.setFixedSize(_SWATCH)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the block and its sign."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        paint_block(painter, ground, current_theme(), self._learns)
        glyph = QRectF(0, 0, 11, 11)
        glyph.moveCenter(ground.center())
        paint_glyph(painter, glyph, current_theme(), self._learns)

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()


class LayersPanel(QWidget):
    """The picture of the blocks with its legend, ready-made choices and details."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._words = BlockWords(self)
        self.choice = LayerChoice(session)
        self.diagram = BlockDiagram(session)
        self.sentence = label("", "", wrap=True)
        self.show_layers = button("", "link")
        self.show_layers.setCheckable(True)
        self.layers = LayerTable()
        self.layers.hide()
        self.picture_area = _sideways(self.diagram)
        told = row(self.sentence, self.show_layers)
        told.setStretch(0, 1)
        self.setLayout(
            column(
                self._top_row(), self._legend(), self.picture_area, told, self.layers
            )
        )
        self.diagram.current_changed.connect(self._on_current)
        self.diagram.pointed_changed.connect(self._show_sentence)
        self.diagram.layers_asked.connect(self._on_layers_asked)
        self.show_layers.toggled.connect(self._on_toggled)
        session.spec_changed.connect(self.show_block)
        session.dataset_changed.connect(self.show_block)
        session.starts.changed.connect(self.show_block)
        self.show_block()

    @Slot()
    def show_block(self) -> None:
        """Says what the current block is, and shows its layers if they are open."""
        self._show_sentence()
        block = self._current_block()
        if self._is_open():
            self.layers.show_block(block, self.diagram.tile(block.name).isChecked())
        title = self._words.title(block.name)
        text = self.tr("Hide layers") if self._is_open() else self.tr("Show layers")
        self.show_layers.setText(text)
        self.show_layers.setAccessibleName(f"{text}: {title}")

    def grow(self, spare: int) -> None:
        """Makes the picture taller where there is height to spare, in pixels."""
        least = self.diagram.minimumSizeHint().height() + _BAR_HEIGHT
        self.picture_area.setFixedHeight(
            min(least + max(0, spare), max(least, _TALLEST))
        )

    def _is_open(self) -> bool:
        return self.show_layers.isChecked()

    def _current_block(self) -> Block:
        return self.diagram.block(self.diagram.current)

    def _top_row(self) -> QWidget:
        holder = QWidget()
        title = label(self.tr("What may change"), "heading")
        layout = row(title, None, self.choice)
        holder.setLayout(layout)
        return holder

    def _legend(self) -> QWidget:
        holder = QWidget()
        text = self.tr("Click a block to switch it, drag or Shift+click for several.")
        hint = label(text, "small", wrap=True)
        hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = row(
            Swatch(False),
            label(self.tr("frozen: keeps what it knows"), "small"),
            12,
            Swatch(True),
            label(self.tr("learns from your photos"), "small"),
            hint,
        )
        layout.setStretchFactor(hint, 1)
        holder.setLayout(layout)
        return holder

    @Slot()
    def _show_sentence(self) -> None:
        name = self.diagram.pointed or self.diagram.current
        self.sentence.setText(self.diagram.describe(name))

    @Slot(str)
    def _on_current(self, name: str) -> None:
        tile = self.diagram.tile(name)
        if tile.hasFocus():
            self.picture_area.ensureWidgetVisible(tile, _AROUND, 0)
        self.show_block()

    @Slot(str)
    def _on_layers_asked(self, name: str) -> None:
        self.show_layers.setChecked(True)

    @Slot(bool)
    def _on_toggled(self, is_open: bool) -> None:
        self.layers.setVisible(is_open)
        self.show_block()


def _sideways(content: QWidget) -> QScrollArea:
    """Lets the picture scroll sideways where it does not fit."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    area.setFixedHeight(content.minimumSizeHint().height() + _BAR_HEIGHT)
    return area
