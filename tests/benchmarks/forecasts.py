"""Compares the time left that the window tells with the time that was left."""

import time
from dataclasses import dataclass, field

from tlgui.core import events, timing

_TENTH = 0.1
_END = 0.9


@dataclass(frozen=True)
class Told:
    """What the window told at one moment.

    Attributes:
        at: seconds since Start.
        left: seconds, as estimated; None while nobody can know.
    """

    at: float
    left: float | None


@dataclass
class ForecastWatch:
    """Takes a run's events and estimates as the window's `RunStatus` does."""

    began: float = field(default_factory=time.perf_counter)
    told: list[Told] = field(default_factory=list)
    _plan: events.RunStarted | None = None
    _finished: list[float] = field(default_factory=list)
    _epoch_began: float = 0.0
    _batch: events.BatchEnded | None = None

    def __call__(self, event: events.Event) -> None:
        """Takes one event."""
        now = time.perf_counter() - self.began
        match event:
            case events.RunStarted():
                self._plan = event
            case events.StageChanged() if not self._finished and not self._batch:
                self._epoch_began = now
            case events.BatchEnded():
                self._batch = event
            case events.EpochEnded(record):
                self._finished.append(record.seconds)
                self._epoch_began = now
        if self._plan is not None:
            self.told.append(Told(now, self._left(self._plan.epochs, now)))

    def _left(self, epochs: int, now: float) -> float | None:
        share = 0.0
        if self._batch is not None and self._batch.epoch > len(self._finished):
            share = self._batch.step / self._batch.steps
        return timing.seconds_left(
            epochs, self._finished, now - self._epoch_began, share
        )


def errors(told: list[Told], seconds: float) -> dict[str, float | None]:
    """How wrong estimates were, relative to what was truly left.

    Args:
        told: in order.
        seconds: that the run took.

    Returns:
        `at_tenth`: of the first estimate after a tenth of the run's time, with its
        sign; `worst`: the largest between a tenth and nine tenths. None where nothing
        was told.
    """
    found = [
        one.left / (seconds - one.at) - 1
        for one in told
        if one.left is not None and _TENTH * seconds <= one.at <= _END * seconds
    ]
    return {
        "at_tenth": found[0] if found else None,
        "worst": max(found, key=abs) if found else None,
    }
