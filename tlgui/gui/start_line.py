"""One quiet line on the training page: what the run starts from."""

from PySide6.QtCore import Slot

from tlgui.gui.elided_label import ElidedLabel
from tlgui.gui.session import Session
from tlgui.gui.start_words import StartWords


class StartLine(ElidedLabel):
    """Says what a run starts from, if that is a model of one's own; else is hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__("small")
        self._session = session
        self._words = StartWords(self)
        session.spec_changed.connect(self.show_start)
        session.dataset_changed.connect(self.show_start)
        session.starts.changed.connect(self.show_start)
        self.show_start()

    @Slot()
    def show_start(self) -> None:
        """Tells of the session's starting point as it is now."""
        session = self._session
        own = session.starts.find(session.spec.start)
        names = session.dataset.class_names if session.dataset else ()
        self.show_text("" if own is None else self._words.sentence(own, names))
        self.setVisible(own is not None)
