"""Closing the window while a model trains: asks first."""

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from tlgui.core.events import Stop
from tlgui.gui.session import Session, Status

# A logout may be called off by another program.
_LOGOUT_MS = 60_000


class ClosingQuestion(QObject):
    """Lets the person choose what becomes of the run, then lets the window close.

    Signals:
        settled: nothing is in the way of closing any more.
    """

    settled = Signal()

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._window = window
        self._standing_back = QTimer(self, singleShot=True, interval=_LOGOUT_MS)
        self._leaving = False
        self.box: QMessageBox | None = None
        session.run.ended.connect(self._on_run_ended)

    def may_close(self) -> bool:
        """Whether the window may close now; asks the person if not."""
        if self._session.status is Status.IDLE or self._standing_back.isActive():
            return True
        if self.box is None and not self._leaving:
            self._ask()
        return False

    def stand_back(self) -> None:
        """Asks nothing for a minute, because the person logs out.

        A run that trains is paused as the window closes, and can go on another time.
        """
        self._standing_back.start()
        if self.box is not None:
            self.box.reject()

    def _ask(self) -> None:
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("A model is training"))
        box.setText(self.tr("A model is still training."))
        box.setInformativeText(self._question())
        role = QMessageBox.ButtonRole
        self.keep_button = QPushButton(self.tr("Stop and keep"))
        self.drop_button = QPushButton(self.tr("Stop without keeping"))
        self.stay_button = QPushButton(self.tr("Go on training"))
        self.keep_button.setEnabled(bool(self._session.run.history))
        box.addButton(self.keep_button, role.AcceptRole)
        if self._session.search.is_running:
            self.keep_button.setText(self.tr("Pause and close"))
            self.keep_button.setEnabled(True)
        else:
            box.addButton(self.drop_button, role.DestructiveRole)
        box.addButton(self.stay_button, role.RejectRole)
        box.setDefaultButton(self.stay_button)
        box.setEscapeButton(self.stay_button)
        box.buttonClicked.connect(self._on_answered)
        box.finished.connect(self._on_finished)
        self.box = box
        box.open()

    def _question(self) -> str:
        if self._session.search.is_running:
            return self.tr(
                "The search can be paused. It goes on where it was when this project "
                "is open again."
            )
        if self._session.run.history:
            return self.tr(
                "Shall the best model so far be kept before the window closes?"
            )
        return self.tr("No epoch is done yet, so there is nothing to keep.")

    @Slot(object)
    def _on_answered(self, answer: QPushButton) -> None:
        if answer is self.stay_button:
            return
        self._leaving = True
        stop = Stop.KEEP if answer is self.keep_button else Stop.DROP
        self._session.stop(Stop.PAUSE if self._session.search.is_running else stop)
        if self._session.status is Status.IDLE:  # it ended while the question stood
            self.settled.emit()

    @Slot()
    def _on_finished(self) -> None:
        self.box = None

    @Slot(object)
    def _on_run_ended(self, _ended: object) -> None:
        if self._leaving:
            self._leaving = False
            self.settled.emit()
