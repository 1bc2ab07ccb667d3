"""Compares the time left that the window tells with the time that was left."""

import time
from dataclasses import dataclass, field

from tlgui.core import events
from tlgui.core.course import RunCourse

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
    """Takes a run's events and asks for the time left after each of them."""

    began: float = field(default_factory=time.perf_counter)
    told: list[Told] = field(default_factory=list)
    _course: RunCourse = field(default_factory=RunCourse)

    def __call__(self, event: events.Event) -> None:
        """Takes one event."""
        now = time.perf_counter() - self.began
        self._course.follow(event, now)
        self.told.append(Told(now, self._course.seconds_left(now)))


def errors(told: list[Told], seconds: float) -> dict[str, dict[str, float]]:
    """How wrong estimates were.

    Args:
        told: in order.
        seconds: that the run took.

    Returns:
        `at_tenth`: of the first estimate after a tenth of the run's time; `worst`: the
        largest between a tenth and nine tenths, in shares. Each as `seconds` too many
        and as a `share` of what was truly left; both absent where nothing was told.
    """
    found = [
        {"seconds": one.left - left, "share": one.left / left - 1}
        for one in told
        if one.left is not None
        and _TENTH * seconds <= one.at <= _END * seconds
        and (left := seconds - one.at)
    ]
    if not found:
        return {}
    worst = max(found, key=lambda error: abs(error["share"]))
    return {"at_tenth": found[0], "worst": worst}
