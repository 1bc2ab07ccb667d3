"""The picture of a backbone: its blocks from the photo to the head."""

from PySide6.QtCore import QEvent, QRectF, QSize, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlgui.core.layers import Block, head_block
from tlgui.gui import block_backdrop as backdrop
from tlgui.gui import block_geometry as geometry
from tlgui.gui.block_tile import BlockTile, TileFace, small_font, text_height
from tlgui.gui.block_words import HEAD, BlockWords, short_count, short_name
from tlgui.gui.photo_tile import PhotoTile
from tlgui.gui.session import Session, Status
from tlgui.gui.theme import current_theme

_LEAST_BLOCKS_HEIGHT = 84
_HALF_GAP = geometry.GAP / 2
_HEAD_HEIGHT, _HEAD_WIDTH = 0.42, 0.6


class BlockPicture(QWidget):
    """Shows the blocks of the session's backbone and which of them learn."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._backbone = ""
        self._places = geometry.Places((0, 0), (), (0, 0))
        self._words = BlockWords(self)
        self.photo = PhotoTile(session, self)
        self.tiles: list[BlockTile] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Blocks of the model, from photo to head"))
        self.show_choice()
        self.show_status()
        session.spec_changed.connect(self.show_choice)
        session.dataset_changed.connect(self.show_classes)
        session.starts.changed.connect(self.show_classes)
        session.status_changed.connect(self.show_status)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks that are shown, from input to head."""
        return self._session.backbone.blocks

    def tile(self, name: str) -> BlockTile:
        """The tile of a block, or of the head."""
        return next(tile for tile in self.tiles if tile.name == name)

    def block(self, name: str) -> Block:
        """A block of the backbone, or the head."""
        for block in self.blocks:
            if block.name == name:
                return block
        features = self._session.backbone.features
        return head_block(features, len(self._class_names()))

    def describe(self, name: str) -> str:
        """Says what a block (or the head) is, in plain words."""
        block = self.block(name)
        if name == HEAD:
            is_new = self._session.head_is_new
            return self._words.head(block, self._class_names(), is_new=is_new)
        return self._words.block(block, self.tile(name).isChecked())

    @Slot()
    def show_choice(self) -> None:
        """Shows the session's backbone and trainable blocks."""
        if self._session.spec.backbone != self._backbone:
            self._backbone = self._session.spec.backbone
            self._build_tiles()
        self._show_learning(frozenset(self._session.spec.trainable))

    @Slot()
    def show_classes(self) -> None:
        """Shows how large the head is for the session's data set."""
        head = self.tile(HEAD)
        head.face = self._head_face()
        head.update()
        self._name_tiles()

    @Slot()
    def show_status(self) -> None:
        """Lets blocks be switched only while nothing is running."""
        self.setEnabled(self._session.status is Status.IDLE)

    def _class_names(self) -> tuple[str, ...]:
        dataset = self._session.dataset
        return dataset.class_names if dataset else ()

    def _build_tiles(self) -> None:
        for tile in self.tiles:
            tile.hide()
            tile.deleteLater()
        self.tiles = [self._block_tile(block) for block in self.blocks]
        self.tiles.append(BlockTile(HEAD, self._head_face(), self))
        for tile in self.tiles:
            tile.show()
        self.updateGeometry()
        self._place_tiles()

    def _block_tile(self, block: Block) -> BlockTile:
        counts = (short_count(block.parameters), str(len(block.layers)))
        face = TileFace(
            (short_name(block.name), *counts),
            geometry.height_share(block, self.blocks),
            geometry.width_share(block, self.blocks),
        )
        return BlockTile(block.name, face, self)

    def _head_face(self) -> TileFace:
        head = self.block(HEAD)
        known = bool(self._class_names())
        shown = short_count(head.parameters) if known else "…"
        rows = (self.tr("head"), shown, str(len(head.layers)))
        return TileFace(rows, _HEAD_HEIGHT, _HEAD_WIDTH)

    def _show_learning(self, names: frozenset[str]) -> None:
        for tile in self.tiles:
            tile.setChecked(tile.name == HEAD or tile.name in names)
        self._name_tiles()

    def _name_tiles(self) -> None:
        for tile in self.tiles:
            tile.setAccessibleName(self._words.title(tile.name))
            tile.setAccessibleDescription(self.describe(tile.name))

    def _narrowest(self) -> float:
        name = QFontMetrics(small_font(self, bold=True)).horizontalAdvance("stem")
        count = QFontMetrics(small_font(self)).horizontalAdvance("888k")
        return max(name - geometry.GAP, count) + 2

    def _place_tiles(self) -> None:
        self._places = geometry.place(self.blocks, self.width(), self._narrowest())
        top, bottom = self._bracket_height(), self.height() - self._scale_height()
        left, width = self._places.photo
        self.photo.setGeometry(round(left), top, round(width), bottom - top)
        columns = (*self._places.blocks, self._places.head)
        for tile, (left, width) in zip(self.tiles, columns, strict=True):
            # Half of the gap on each side belongs to the tile, too: no dead places.
            first, last = round(left - _HALF_GAP), round(left + width + _HALF_GAP)
            tile.setGeometry(first, top, last - first, bottom - top)
        self.update()

    def _bracket_height(self) -> int:
        return text_height(self) + 8

    def _scale_height(self) -> int:
        return text_height(self) + 8

    def _paint_brackets(self, painter: QPainter) -> None:
        theme, bottom = current_theme(), self._bracket_height()
        left, width = self._places.photo
        side = self._session.backbone.input_size
        sizes = [f"{side} × {side}"]
        spans = [(left, left + width)]
        columns = self._places.blocks
        for first, last in geometry.steps(self.blocks):
            sizes.append(" × ".join(map(str, self.blocks[first].fields)))
            spans.append((columns[first][0], sum(columns[last])))
        left, width = self._places.head
        sizes.append(self.tr("your classes"))
        spans.append((left, left + width))
        for span, text in zip(spans, sizes, strict=True):
            backdrop.paint_bracket(painter, theme, span, bottom, text)

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return self.minimumSizeHint() + QSize(0, 24)

    def minimumSizeHint(self) -> QSize:
        """The size below which texts would be cut."""
        width = geometry.least_width(self.blocks, self._narrowest())
        texts = 3 * text_height(self) + self._bracket_height() + self._scale_height()
        return QSize(round(width), _LEAST_BLOCKS_HEIGHT + texts + 12)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shares the new size among the blocks."""
        super().resizeEvent(event)
        self._place_tiles()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws what is behind and around the blocks."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self))
        self._paint_brackets(painter)
        head = self.tiles[-1]
        middle = head.y() + head.body().center().y()
        start, end = sum(self._places.photo), head.x() + head.body().left()
        backdrop.paint_path(painter, theme, start, end - 2, middle)
        if not self._session.backbone.is_network:  # nobody knows what one sees where
            self._paint_scale(painter)

    def _paint_scale(self, painter: QPainter) -> None:
        first, height = self.tiles[0], self._scale_height()
        width = self.tiles[-2].geometry().right() - first.x()
        scale = QRectF(first.x(), self.height() - height, width, height)
        words = (
            self.tr("edges and colours"),
            self.tr("textures"),
            self.tr("parts of things"),
            self.tr("whole things"),
        )
        backdrop.paint_scale(painter, current_theme(), scale, words)

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of another theme, or another font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.updateGeometry()
            self._place_tiles()
