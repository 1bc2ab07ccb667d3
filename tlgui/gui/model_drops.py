"""Model files that are dropped on the window, on whichever page."""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from tlgui.gui.dropped import model_in
from tlgui.gui.session import Session


class ModelDrops(QObject):
    """Takes what the page under the mouse does not want, if it is a model file.

    Signals:
        taken: a file is being looked at; its place is the page of the models.
    """

    taken = Signal()

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Sees drags and drops before the window does."""
        if isinstance(event, QDragEnterEvent):
            return self._enter(event)
        # A move and an entry are drops, too, for Python.
        if type(event) is QDropEvent:
            return self._drop(event)
        return False

    def _enter(self, event: QDragEnterEvent) -> bool:
        is_ours = model_in(event.mimeData()) is not None
        if is_ours:
            event.acceptProposedAction()
        return is_ours

    def _drop(self, event: QDropEvent) -> bool:
        file = model_in(event.mimeData())
        if file is None:
            return False
        event.acceptProposedAction()
        self.taken.emit()
        self._session.import_model(file)
        return True
