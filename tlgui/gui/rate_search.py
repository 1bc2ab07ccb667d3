"""Which learning rate suits the next training, tested with rising steps."""

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core import events
from tlgui.core.events import Stage, Stop
from tlgui.core.rate_finder import RateCurve
from tlgui.gui.threads import Jobs
from tlgui.worker.jobs import RateFinderJob

if TYPE_CHECKING:
    from tlgui.gui.session import Session


class RateSearch(QObject):
    """Has the engine test learning rates for a training.

    It listens to the engine itself, so that the session, which is told every event
    after it, knows whose they are.

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

    def __init__(self, session: "Session", jobs: Jobs) -> None:
        super().__init__(session)
        self._session = session
        self._jobs = jobs
        self.is_running = False
        self.stage: Stage | None = None
        self.progress = (0, 0)
        self.tested: tuple[list[float], list[float]] = ([], [])
        self.curve: RateCurve | None = None
        jobs.event_received.connect(self._on_event)

    def trouble(self) -> str:
        """Why no test can begin now, as a sentence; "" when it can."""
        return self._session.occupied() or self._session.trouble()

    @Slot()
    def start(self) -> None:
        """Tests what the next run would train first, unless something is in the way."""
        session, trouble = self._session, self.trouble()
        if trouble or session.dataset is None:
            session.trouble_told.emit(trouble)
            return
        self.is_running, self.curve = True, None
        self.stage, self.progress, self.tested = None, (0, 0), ([], [])
        self._jobs.submit(RateFinderJob(session.spec, session.dataset))
        self.changed.emit()
        session.status_changed.emit()

    def stop(self) -> None:
        """Ends the test; what was looked at is kept for the training."""
        if self.is_running:
            self._jobs.request_stop(Stop.DROP)

    @Slot(object)
    def _on_event(self, event: events.Event) -> None:
        if not self.is_running:
            return
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
                self._session.status_changed.emit()
        self.changed.emit()
