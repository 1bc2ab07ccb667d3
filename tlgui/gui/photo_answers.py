"""What the current result says of single pictures."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tlgui.core import events
from tlgui.gui.threads import Jobs
from tlgui.worker.jobs import PredictJob


class PhotoAnswers(QObject):
    """Asks the engine for the classes of pictures.

    Signals:
        given(Prediction): an answer for one picture.
        ended: the last of the pictures was answered.

    Attributes:
        are_coming: whether the engine names pictures at this moment.
    """

    given = Signal(object)
    ended = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.are_coming = False

    def ask(self, run: Path, sources: Sequence[str | tuple[str, bytes]]) -> None:
        """Asks a finished run.

        Args:
            run: its folder.
            sources: paths, or (name, bytes) of pictures that were pasted.
        """
        self.are_coming = True
        self._jobs.submit(PredictJob(str(run), tuple(sources)))

    def take(self, event: events.Event) -> None:
        """Takes an event of the job under way."""
        match event:
            case events.Prediction():
                self.given.emit(event)
            case events.JobEnded():
                self.are_coming = False
                self.ended.emit()
