"""The link below the learning rate that has a good one looked for."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPushButton, QWidget

from tlgui.gui.rate_dialog import RateDialog
from tlgui.gui.session import Session


class RateLink(QPushButton):
    """Starts a test of learning rates and shows it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Find a good rate…"), parent)
        self._session = session
        self.dialog: RateDialog | None = None
        self.setProperty("role", "link")
        self.clicked.connect(self.look)
        for changed in (
            session.dataset_changed,
            session.spec_changed,
            session.status_changed,
        ):
            changed.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Says why it cannot be used, where it cannot."""
        trouble = self._session.rate_search.trouble()
        self.setEnabled(not trouble)
        self.setToolTip(
            trouble
            or self.tr(
                "Tests steps of rising size on your photos (learning-rate finder)."
            )
        )

    @Slot()
    def look(self) -> None:
        """Begins, unless something is in the way; that is said then."""
        self._session.rate_search.start()
        if self._session.rate_search.is_running:
            self.dialog = RateDialog(self._session, self.window())
            self.dialog.open()
