"""Ready-made choices of which blocks learn."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSpinBox, QToolButton, QWidget

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
_STEP_WIDTH = 28
_COUNT_WIDTH = 46


class LayerChoice(QWidget):
    """Head only, last N blocks, everything; marked when it is the present choice."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.head_only = _chip(self.tr("Head only"))
        self.last_blocks = _chip(self.tr("Last blocks"))
        self.everything = _chip(self.tr("Everything"))
        self.fewer = _step_button("−", self.tr("One block fewer"))
        self.more = _step_button("+", self.tr("One block more"))
        self.count = _count_field(self.tr("How many of the last blocks learn"))
        self.head_only.clicked.connect(self._on_head_only)
        self.last_blocks.clicked.connect(self._on_last_blocks)
        self.everything.clicked.connect(self._on_everything)
        self.count.valueChanged.connect(self._on_last_blocks)
        self.fewer.clicked.connect(self.count.stepDown)
        self.more.clicked.connect(self.count.stepUp)
        last = row(self.last_blocks, self.fewer, self.count, self.more, gap=3)
        self.setLayout(row(self.head_only, 4, last, 4, self.everything))
        session.spec_changed.connect(self.show_choice)
        session.status_changed.connect(self.show_status)
        self.show_choice()
        self.show_status()

    @Slot()
    def show_choice(self) -> None:
        """Marks the ready-made choice that the session's spec equals, if any."""
        blocks = self._session.backbone.blocks
        described = describe_trainable(self._session.spec.trainable, blocks)
        is_last = described.startswith(_LAST)
        self.count.blockSignals(True)
        self.count.setRange(1, len(blocks) - 1)
        if is_last:
            self.count.setValue(len(self._session.spec.trainable))
        self.count.blockSignals(False)
        self.head_only.setChecked(described == HEAD_ONLY)
        self.last_blocks.setChecked(is_last)
        self.everything.setChecked(described == EVERYTHING)

    @Slot()
    def show_status(self) -> None:
        """Lets a person choose only while nothing is running."""
        self.setEnabled(self._session.status is Status.IDLE)

    def _choose(self, text: str) -> None:
        blocks = self._session.backbone.blocks
        self._session.change_spec(trainable=parse_trainable(text, blocks))
        self.show_choice()  # a second click on a marked one unmarked it

    @Slot()
    def _on_head_only(self) -> None:
        self._choose(HEAD_ONLY)

    @Slot()
    def _on_last_blocks(self) -> None:
        self._choose(f"{_LAST}{self.count.value()}")

    @Slot()
    def _on_everything(self) -> None:
        self._choose(EVERYTHING)


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
    made.setFixedWidth(_STEP_WIDTH)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setStyleSheet("padding: 4px 0px;")
    return made


def _count_field(name: str) -> QSpinBox:
    """A number to type or to step with the arrow keys."""
    made = QSpinBox()
    made.setAccessibleName(name)
    made.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setFixedWidth(_COUNT_WIDTH)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setValue(_FIRST_COUNT)
    return made
