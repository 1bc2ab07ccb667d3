"""One quiet line on the training page: what the run starts from."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from tlgui.gui.controls import column, label
from tlgui.gui.session import Session
from tlgui.gui.start_words import StartWords


class StartLine(QWidget):
    """Says what a run starts from, if that is a model of one's own; else is hidden."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._words = StartWords(self)
        self.text = label("", "small", wrap=True)
        self.setLayout(column(self.text))
        session.spec_changed.connect(self.show_start)
        session.dataset_changed.connect(self.show_start)
        session.starts.changed.connect(self.show_start)
        self.show_start()

    @Slot()
    def show_start(self) -> None:
        """Tells of the session's starting point as it is now."""
        own = self._session.starts.chosen
        self.setVisible(own is not None)
        if own is not None:
            whole = self._words.sentence(own, self._session.class_names)
            self.text.setText(self._words.origin(own))
            self.text.setAccessibleName(whole)
            self.text.setToolTip(whole)
