"""Ready-made choices of which blocks learn."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from tlgui.core.layers import (
    EVERYTHING,
    HEAD_ONLY,
    describe_trainable,
    parse_trainable,
)
from tlgui.gui.controls import row
from tlgui.gui.session import Session, Status

_LAST = "last:"
_FIRST_COUNT = 2
_STEP_WIDTH = 30


class LayerChoice(QWidget):
    """Head only, last N blocks, everything; marked when it is the present choice.

    The two step buttons walk from head only (no block) to everything.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.count = _FIRST_COUNT
        self.head_only = _chip(self.tr("Head only"))
        self.last_blocks = _chip(self._last_title())
        self.everything = _chip(self.tr("Everything"))
        self.fewer = _step_button("−", self.tr("One block fewer learns"))
        self.more = _step_button("+", self.tr("One block more learns"))
        self.head_only.clicked.connect(self._on_head_only)
        self.last_blocks.clicked.connect(self._on_last_blocks)
        self.everything.clicked.connect(self._on_everything)
        self.fewer.clicked.connect(self._on_fewer)
        self.more.clicked.connect(self._on_more)
        last = row(self.fewer, self.last_blocks, self.more, gap=3)
        self.setLayout(row(self.head_only, 4, last, 4, self.everything))
        session.spec_changed.connect(self.show_choice)
        session.status_changed.connect(self.show_status)
        self.show_choice()
        self.show_status()

    @Slot()
    def show_choice(self) -> None:
        """Marks the ready-made choice that the session's spec equals, if any."""
        blocks, chosen = self._session.backbone.blocks, self._session.spec.trainable
        described = describe_trainable(chosen, blocks)
        is_last = described.startswith(_LAST)
        most = max(1, len(blocks) - 1)
        self.count = min(len(chosen) if is_last else self.count, most)
        self.last_blocks.setText(self._last_title())
        for part in (self.fewer, self.last_blocks, self.more):
            part.setVisible(len(blocks) > 1)  # the last block is everything
        self.head_only.setChecked(described == HEAD_ONLY)
        self.last_blocks.setChecked(is_last)
        self.everything.setChecked(described == EVERYTHING)
        self.fewer.setEnabled(described != HEAD_ONLY)
        self.more.setEnabled(described != EVERYTHING)

    @Slot()
    def show_status(self) -> None:
        """Lets a person choose only while nothing is running."""
        self.setEnabled(self._session.status is Status.IDLE)

    def _last_title(self) -> str:
        if self.count == 1:
            return self.tr("Last block")
        return self.tr("Last {count} blocks").format(count=self.count)

    def _choose(self, text: str) -> None:
        blocks = self._session.backbone.blocks
        self._session.change_spec(trainable=parse_trainable(text, blocks))
        self.show_choice()  # a second click on a marked one unmarked it

    def _choose_last(self, count: int) -> None:
        self._choose(f"{_LAST}{count}" if count > 0 else HEAD_ONLY)

    def _present_count(self) -> int:
        """How many of the last blocks learn; for any other choice the last N."""
        if self.head_only.isChecked():
            return 0
        if self.everything.isChecked():
            return len(self._session.backbone.blocks)
        return self.count

    @Slot()
    def _on_head_only(self) -> None:
        self._choose(HEAD_ONLY)

    @Slot()
    def _on_last_blocks(self) -> None:
        self._choose_last(self.count)

    @Slot()
    def _on_everything(self) -> None:
        self._choose(EVERYTHING)

    @Slot()
    def _on_fewer(self) -> None:
        self._choose_last(self._present_count() - 1)

    @Slot()
    def _on_more(self) -> None:
        self._choose_last(self._present_count() + 1)


def _chip(text: str) -> QToolButton:
    made = QToolButton()
    made.setText(text)
    made.setProperty("role", "chip")
    made.setCheckable(True)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def _step_button(text: str, name: str) -> QToolButton:
    made = QToolButton()
    made.setText(text)
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setProperty("role", "chip")
    made.setFixedWidth(_STEP_WIDTH)
    made.setStyleSheet("padding: 5px 0px;")
    made.setAutoRepeat(True)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made
