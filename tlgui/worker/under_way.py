"""The job that the engine is at work on, as the worker thread knows it."""

import time
from dataclasses import dataclass

from tlgui.core import events
from tlgui.core.events import Stage, StageChanged, Stop
from tlgui.worker.jobs import Job

# How long a stop may take before the engine is ended: the first batch's tracing
# cannot be interrupted from inside.
STOP_GRACE = 8.0
# What is kept goes to a disk, and there are slow ones: nothing is lost to haste.
SAVING_GRACE = 120.0


@dataclass
class UnderWay:
    """The job under way.

    Attributes:
        number: tells its messages from those of an earlier job.
        job: what was asked.
        heard: when its last message came.
        longest: the longest silence between two of its messages, in seconds.
        stop: how a stop was asked for.
        deadline: when the engine is ended if nothing is heard.
        has_folder: whether its run folder is there.
        epochs: how many epochs are finished.
        saving: whether it is writing what is kept.
    """

    number: int
    job: Job
    heard: float
    longest: float = 0.0
    stop: Stop | None = None
    deadline: float | None = None
    has_folder: bool = False
    epochs: int = 0
    saving: bool = False

    def hear(self, event: events.Event) -> None:
        """Takes note of what it tells; where that is a sign of life, it gets time."""
        now = time.monotonic()
        if isinstance(event, events.BatchEnded):
            self.longest = max(self.longest, now - self.heard)
        self.heard = now
        self.has_folder |= isinstance(event, events.RunStarted)
        self.epochs += isinstance(event, events.EpochEnded)
        self.saving |= event == StageChanged(Stage.SAVING)
        if self.stop is Stop.KEEP:  # it is at work on what is to be kept
            self.set_deadline()

    def set_deadline(self) -> None:
        """Gives it time to stop, from now on."""
        grace = max(STOP_GRACE, 3 * self.longest)
        if self.saving and self.stop is Stop.KEEP:
            grace = max(SAVING_GRACE, grace)
        self.deadline = time.monotonic() + grace
