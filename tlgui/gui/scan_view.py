"""How far the reading of a folder is."""

from PySide6.QtCore import QElapsedTimer, Qt, Slot
from PySide6.QtWidgets import QProgressBar, QWidget

from tlgui.gui.controls import GAP, SMALL_GAP, button, card, column, label, row
from tlgui.gui.data_texts import DataTexts
from tlgui.gui.session import Session

_SETTLED = 1_500


def seconds_left(done: int, total: int, seconds: float) -> float:
    """How long the rest will take at the pace so far."""
    return seconds * (total - done) / max(1, done)


class ScanView(QWidget):
    """Progress, time left and a way out."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._texts = DataTexts(self)
        self._clock = QElapsedTimer()
        self.heading = label("", "heading", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Files looked at"))
        self.done = label("", "muted")
        self.left = label("", "muted")
        self.cancel_button = button(self.tr("Cancel"))
        self.cancel_button.clicked.connect(session.scan.cancel)
        why = label(
            self.tr(
                "Every file is opened once, to find those that cannot be used before "
                "you train and not in the middle of it."
            ),
            "muted",
            wrap=True,
        )
        content = column(
            self.heading,
            why,
            SMALL_GAP,
            self.bar,
            row(self.done, None, self.left),
            SMALL_GAP,
            row(None, self.cancel_button),
        )
        framed = card(content, margin=2 * GAP)
        framed.setMaximumWidth(640)
        framed.setMinimumWidth(480)
        centred = column(None, row(None, framed, None), None)
        centred.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setLayout(centred)
        session.scan.started.connect(self.begin)
        session.scan.progressed.connect(self.show_progress)

    @Slot()
    def begin(self) -> None:
        """Starts from nothing."""
        folder = self._session.scan.folder
        named = self.tr("Looking at the photos in “{folder}”")
        if folder is not None:
            self.heading.setText(named.format(folder=folder.name or folder))
        self.bar.setRange(0, 0)
        self.done.setText(self.tr("Looking through the folders…"))
        self.left.setText("")
        self._clock.invalidate()

    @Slot(int, int)
    def show_progress(self, done: int, total: int) -> None:
        """Shows how far it is, and the time left once that can be told."""
        if not self._clock.isValid():
            self._clock.start()
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.done.setText(self._texts.files_done(done, total))
        spent = self._clock.elapsed()
        if spent >= _SETTLED:
            left = seconds_left(done, total, spent / 1_000)
            self.left.setText(self._texts.time_left(left))
