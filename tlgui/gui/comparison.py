"""Which pretrained model seems to suit the photos best, tried without training."""

from PySide6.QtCore import QObject, Signal

from tlgui.core import events
from tlgui.core.catalogue import CATALOGUE
from tlgui.core.dataset import Dataset
from tlgui.core.events import Stop
from tlgui.core.ranking import Ranking
from tlgui.gui.threads import Jobs
from tlgui.worker.jobs import RankJob


class Comparison(QObject):
    """Has the engine compare all models whose weights are on this computer.

    Signals:
        changed: anything below is another.

    Attributes:
        is_running: whether the engine compares at this moment.
        progress: photos that were looked at, and in all.
        ranking: what came of it; None before, and for another data set.
    """

    changed = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._root = ""
        self.is_running = False
        self.progress = (0, 0)
        self.ranking: Ranking | None = None

    def start(self, dataset: Dataset) -> None:
        """Compares on some of the training photos."""
        names = tuple(n for n, one in CATALOGUE.items() if one.weights_path is not None)
        self.is_running, self.progress = True, (0, 0)
        self._root = str(dataset.root)
        self._jobs.submit(RankJob(dataset, names))
        self.changed.emit()

    def stop(self) -> None:
        """Ends the comparison; what was looked at is kept for the next one."""
        if self.is_running:
            self._jobs.request_stop(Stop.DROP)

    def follow(self, dataset: Dataset | None) -> None:
        """Forgets what was found out about other photos."""
        root = "" if dataset is None else str(dataset.root)
        if self.ranking is not None and root != self._root:
            self.ranking = None
            self.changed.emit()

    def take(self, event: events.Event) -> None:
        """Takes an event of the comparison under way."""
        match event:
            case events.ProgressMade(_, done, total):
                self.progress = (done, total)
            case events.RankingMade(ranking):
                self.ranking = ranking
            case events.JobEnded():
                self.is_running = False
        self.changed.emit()
