"""Switching blocks in the picture of a backbone, with mouse and keyboard."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from tlgui.gui.block_picture import BlockPicture
from tlgui.gui.block_words import HEAD
from tlgui.gui.session import Session


@dataclass(frozen=True)
class _Sweep:
    """A drag over blocks: where it began, what it makes of them, what was before."""

    start: int
    learns: bool
    before: frozenset[str]


class BlockDiagram(BlockPicture):
    """Shows the blocks of the session's backbone and lets a person switch them.

    Click, Space or Enter switches a block; drag, Shift+click or Shift+arrow a
    range; the arrow keys, Home and End walk along.

    Signals:
        current_changed(str): the block that was last clicked or walked to.
        pointed_changed(str): the block under the mouse, or "".
        layers_asked(str): a block was double-clicked.
    """

    current_changed = Signal(str)
    pointed_changed = Signal(str)
    layers_asked = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        self.current = HEAD
        self.pointed = ""
        self._sweep: _Sweep | None = None
        self._before_press: frozenset[str] = frozenset()
        super().__init__(session, parent)
        self.setMouseTracking(True)

    def _build_tiles(self) -> None:
        super()._build_tiles()
        for tile in self.tiles:
            tile.clicked.connect(self._on_clicked)
        names = [tile.name for tile in self.tiles]
        self._make_current(self.current if self.current in names else names[-2])

    def _learning(self) -> frozenset[str]:
        return frozenset(tile.name for tile in self.tiles if tile.isChecked()) - {HEAD}

    def _choose(self, names: frozenset[str]) -> None:
        chosen = tuple(block.name for block in self.blocks if block.name in names)
        self._session.change_spec(trainable=chosen)
        self._show_learning(frozenset(chosen))

    def _on_clicked(self) -> None:
        """A tile was switched by Space or by an assistive technology."""
        self._choose(self._learning())

    def _make_current(self, name: str) -> None:
        self.current = name
        for tile in self.tiles:
            tile.set_current(tile.name == name)
        self.current_changed.emit(name)

    def _index(self) -> int:
        return [tile.name for tile in self.tiles].index(self.current)

    def _walk_to(self, index: int, reason: Qt.FocusReason) -> None:
        tile = self.tiles[max(0, min(index, len(self.tiles) - 1))]
        tile.setFocus(reason)
        self._make_current(tile.name)

    def _index_at(self, position: QPoint) -> int | None:
        for index, tile in enumerate(self.tiles):
            if tile.geometry().adjusted(-2, 0, 2, 0).contains(position):
                return index
        return None

    def _nearest(self, position: QPoint) -> int:
        """The block (never the head) that is closest to a place."""

        def distance(index: int) -> int:
            return abs(self.tiles[index].geometry().center().x() - position.x())

        return min(range(len(self.blocks)), key=distance)

    def _swept(self, sweep: _Sweep, end: int) -> frozenset[str]:
        low, high = sorted((sweep.start, end))
        names = {block.name for block in self.blocks[low : high + 1]}
        return sweep.before | names if sweep.learns else sweep.before - names

    def _point_at(self, name: str) -> None:
        if name == self.pointed:
            return
        self.pointed = name
        for tile in self.tiles:
            tile.set_pointed(tile.name == name)
        if name in ("", HEAD):
            self.unsetCursor()
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.pointed_changed.emit(name)

    def _extend(self, step: int) -> None:
        """Walks one block on and gives it the state of the present one."""
        start = self._index()
        end = start + step
        if start < len(self.blocks) and 0 <= end < len(self.blocks):
            learns = self.tiles[start].isChecked()
            self._choose(self._swept(_Sweep(start, learns, self._learning()), end))
        self._walk_to(end, Qt.FocusReason.TabFocusReason)

    def _is_double_click(self, event: QMouseEvent) -> bool:
        is_double = event.type() is QEvent.Type.MouseButtonDblClick
        return is_double and self._index_at(event.position().toPoint()) is not None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins to switch the block under the mouse, or a range up to it."""
        index = self._index_at(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or index is None:
            super().mousePressEvent(event)
            return
        anchor, before = self._index(), self._learning()
        self._before_press = before
        extends = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._walk_to(index, Qt.FocusReason.MouseFocusReason)
        if index == len(self.blocks):
            return
        if extends and anchor < len(self.blocks):
            self._sweep = _Sweep(anchor, self.tiles[anchor].isChecked(), before)
        else:
            self._sweep = _Sweep(index, not self.tiles[index].isChecked(), before)
        self._show_learning(self._swept(self._sweep, index))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follows a drag, and says which block the mouse is on."""
        position = event.position().toPoint()
        if self._sweep is not None:
            self._show_learning(self._swept(self._sweep, self._nearest(position)))
        index = self._index_at(position)
        self._point_at("" if index is None else self.tiles[index].name)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Switches what was dragged over."""
        if self._sweep is None:
            super().mouseReleaseEvent(event)
            return
        end = self._nearest(event.position().toPoint())
        chosen = self._swept(self._sweep, end)
        self._sweep = None
        self._choose(chosen)

    def event(self, event: QEvent) -> bool:
        """Takes a double click as the wish to see the layers."""
        if isinstance(event, QMouseEvent) and self._is_double_click(event):
            # The first of the two clicks has switched the block: take that back.
            self._choose(self._before_press)
            self.layers_asked.emit(self.current)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walks along the blocks and switches them."""
        keys = Qt.Key
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        steps = {keys.Key_Left: -1, keys.Key_Right: 1}
        ends = {keys.Key_Home: 0, keys.Key_End: len(self.tiles) - 1}
        key = Qt.Key(event.key())
        if key in steps and shift:
            self._extend(steps[key])
        elif key in steps:
            self._walk_to(self._index() + steps[key], Qt.FocusReason.TabFocusReason)
        elif key in ends:
            self._walk_to(ends[key], Qt.FocusReason.TabFocusReason)
        elif key in (keys.Key_Return, keys.Key_Enter) and self.current != HEAD:
            self._choose(self._learning() ^ {self.current})
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is on no block any more."""
        super().leaveEvent(event)
        self._point_at("")
