"""Which learning rate suits the next training, tested with rising steps."""

import math

from PySide6.QtCore import QObject, Signal

from tlgui.core import events
from tlgui.core.dataset import Dataset
from tlgui.core.events import Stage, Stop
from tlgui.core.rate_finder import RateCurve
from tlgui.core.spec import TrainingSpec
from tlgui.gui.threads import Jobs
from tlgui.worker.jobs import RateFinderJob


class RateSearch(QObject):
    """Has the engine test learning rates for a training.

    Signals:
        changed: anything below is another.

    Attributes:
        is_running: whether the engine tests at this moment.
        stage: what it is doing; None before it does anything.
        progress: of the stage: done, and in all.
        tested: the rates so far, and beside them the losses that are numbers.
        curve: what came of the last test; None before, and if nothing did.
    """

    changed = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.is_running = False
        self.stage: Stage | None = None
        self.progress = (0, 0)
        self.tested: tuple[list[float], list[float]] = ([], [])
        self.curve: RateCurve | None = None

    def start(self, spec: TrainingSpec, dataset: Dataset) -> None:
        """Tests with what this training would begin with."""
        self.is_running, self.curve = True, None
        self.stage, self.progress, self.tested = None, (0, 0), ([], [])
        self._jobs.submit(RateFinderJob(spec, dataset))
        self.changed.emit()

    def stop(self) -> None:
        """Ends the test; what was looked at is kept for the training."""
        if self.is_running:
            self._jobs.request_stop(Stop.DROP)

    def take(self, event: events.Event) -> None:
        """Takes an event of the test under way."""
        match event:
            case events.StageChanged(stage):
                self.stage, self.progress = stage, (0, 0)
            case events.ProgressMade(stage, done, total):
                self.stage, self.progress = stage, (done, total)
            case events.RateTested(step, steps, rate, loss):
                self.progress = (step, steps)
                if math.isfinite(loss):
                    self.tested[0].append(rate)
                    self.tested[1].append(loss)
            case events.RateCurveMade(curve):
                self.curve = curve
            case events.JobEnded():
                self.is_running = False
        self.changed.emit()
