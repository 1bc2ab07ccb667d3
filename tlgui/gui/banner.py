"""A line above the pages for something that went wrong and can be mended."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from tlgui.gui.controls import label, row, set_role
from tlgui.gui.session import Session


class Banner(QFrame):
    """Shows the latest trouble or notice until it is closed or a run begins."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "notice")
        self.text = label("", "bad", wrap=True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.close_button = QToolButton()
        self.close_button.setProperty("role", "link")
        self.close_button.setText(self.tr("Close"))
        self.close_button.clicked.connect(self.hide)
        content = row(self.text, self.close_button)
        content.setStretch(0, 1)
        content.setContentsMargins(14, 8, 14, 8)
        self.setLayout(content)
        session.trouble_told.connect(self.tell)
        session.noticed.connect(self.note)
        session.run.emptied.connect(self.hide)
        session.scan.started.connect(self.hide)
        self.hide()

    @Slot(str)
    def tell(self, sentence: str) -> None:
        """Shows what went wrong."""
        self._show(sentence, "bad")

    @Slot(str)
    def note(self, sentence: str) -> None:
        """Shows what goes otherwise than planned, without harm to the run."""
        self._show(sentence, "")

    def _show(self, sentence: str, role: str) -> None:
        set_role(self.text, role)
        self.text.setText(sentence)
        self.setVisible(bool(sentence))
