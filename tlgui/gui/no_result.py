"""The result page before there is a result."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from tlgui.core.events import Outcome
from tlgui.gui.controls import GAP, card, column, label, row
from tlgui.gui.session import Session, Status

_WIDTH = 760


class NoResult(QWidget):
    """Says what will stand here, and what to do for it."""

    def __init__(self, session: Session, open_run: QPushButton) -> None:
        super().__init__()
        self._session = session
        self.title = label("", "title")
        self.text = label("", "", wrap=True)
        self.text.setFixedWidth(_WIDTH)
        for part in (self.title, self.text):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        promises = QWidget()
        promises.setFixedWidth(_WIDTH)
        promises.setLayout(row(*self._promises(), gap=GAP))
        middle = [row(None, part, None) for part in (self.text, promises, open_run)]
        self.setLayout(column(None, self.title, *middle, None, None, gap=GAP))
        session.run.emptied.connect(self._tell)
        session.run.ended.connect(self._tell)
        session.status_changed.connect(self._tell)
        self._tell()

    def _promises(self) -> list[QWidget]:
        texts = (
            (
                self.tr("How good it is"),
                self.tr("How many photos it gets right, and how sure that number is."),
            ),
            (
                self.tr("What it gets wrong"),
                self.tr("Each mistake as a photo, and which classes it mixes up."),
            ),
            (
                self.tr("Try it yourself"),
                self.tr("Drop in a new photo and see what the model says."),
            ),
        )
        return [
            card(column(label(name, "heading"), label(text, "muted", wrap=True), None))
            for name, text in texts
        ]

    @Slot()
    def _tell(self) -> None:
        ended = self._session.run.ending
        if self._session.status is not Status.IDLE:
            title = self.tr("The model is still training")
            text = self.tr("When it ends, you will find here:")
        elif ended is not None and ended.outcome is Outcome.FAILED:
            title = self.tr("Training did not finish")
            text = self.tr(
                "The training page says why. Train again, or open an earlier run. "
                "You will then find here:"
            )
        elif ended is not None and not ended.kept:
            title = self.tr("No model was kept")
            text = self.tr(
                "Training was stopped without keeping a model. Train again, or open "
                "an earlier run. You will then find here:"
            )
        else:
            title = self.tr("No result yet")
            text = self.tr(
                "Choose your photos and a model, then train it. "
                "When that is done, you will find here:"
            )
        self.title.setText(title)
        self.text.setText(text)
