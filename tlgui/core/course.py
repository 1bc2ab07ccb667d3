"""Follows a run and estimates how long it still takes.

A step's time has two parts: looking, which is getting a batch (decoding, varying, the
frozen layers), and learning, which moves the weights. Learning recurs in every epoch.
Looking recurs only while photos stream; where activations are kept, each view of a
photo is looked at once, so that the first epochs are slow and the others are not.
"""

import bisect
import math
import statistics
from dataclasses import dataclass
from itertools import pairwise

from tlgui.core.events import (
    BatchEnded,
    EpochEnded,
    Event,
    ProgressMade,
    RunStarted,
    SourceChosen,
    Stage,
)

# Of an epoch's steps; before, a pace is chance.
_TELLING_SHARE = 0.05
_RECENT, _STRETCHES = 3, 9
# The backward pass costs about twice the forward pass
# (https://arxiv.org/abs/2001.08361, section 2.1), and validation has none.
_FORWARD_SHARE = 1 / 3


@dataclass(frozen=True)
class _Finished:
    """An epoch that ended, in seconds.

    Attributes:
        step: of its steps, the mean.
        validation: of all its validation.
        whole: of all of it.
    """

    step: float
    validation: float
    whole: float


@dataclass(frozen=True)
class _Costs:
    """What is to come costs, in seconds a step, or for a whole validation."""

    looking_step: float
    quiet_step: float
    looking_validation: float
    quiet_validation: float


class RunCourse:
    """What is known of a run that is under way; takes its events."""

    def __init__(self) -> None:
        self._plan: RunStarted | None = None
        self._started = 0.0
        self._views = math.inf
        self._phase_began = 0
        self._finished: list[_Finished] = []
        self._learning = 0.0
        self._validated = 0.0
        self._begin_epoch(0.0)

    def follow(self, event: Event, now: float) -> None:
        """Takes one event.

        Args:
            event: any of the run; others are of no interest.
            now: in seconds that only grow.
        """
        match event:
            case RunStarted():
                self._plan, self._started = event, now
                self._begin_epoch(now)
            case SourceChosen():
                self._views = event.views if event.cached else math.inf
                self._phase_began, self._learning = len(self._finished), 0.0
                self._begin_epoch(now)
            case BatchEnded():
                self._on_batch(event, now)
            case ProgressMade(Stage.VALIDATING, done, total) if self._last:
                share = done / max(total, 1)
                if not self._validated:
                    self._validation_mark = (now, share)
                self._validated, self._at = share, now
            case EpochEnded():
                self._on_epoch(now)

    def seconds_left(self, now: float) -> float | None:
        """Estimates how long the remaining epochs take.

        Returns:
            Seconds, or None while nobody can know.
        """
        if self._plan is None:
            return None
        current = len(self._finished)
        if current >= self._plan.epochs:
            return 0.0
        estimate = self._estimate(self._plan, current)
        return None if estimate is None else max(0.0, estimate - (now - self._at))

    def share_done(self, now: float) -> float | None:
        """The share of the run's time that is over, 0..1; None while nobody knows."""
        left = self.seconds_left(now)
        if left is None:
            return None
        whole = now - self._started + left
        return (now - self._started) / whole if whole else 1.0

    def _estimate(self, plan: RunStarted, current: int) -> float | None:
        """Seconds left when the last event came."""
        costs = self._costs(plan)
        if costs is not None:
            later = range(current + 1, plan.epochs)
            rest = self._rest_of_epoch(costs)
            return rest + sum(self._epoch(costs, epoch) for epoch in later)
        # A new phase has just begun: the one before is all that is known.
        before = _recent([one.whole for one in self._finished], math.nan)
        return before * (plan.epochs - current) if self._finished else None

    @property
    def is_limit(self) -> bool:
        """Whether epochs to come are quicker, and nobody can know by how much."""
        if self._plan is None or self._looks(self._plan.epochs - 1):
            return False
        return not self._learning and not self._paces(looking=False)

    def _begin_epoch(self, now: float) -> None:
        self._began = self._at = self._trained_at = now
        # The first batch of a phase is slow for other reasons: its end is the mark.
        self._marks: list[tuple[float, int, float]] = [(now, 0, 0.0)]
        if len(self._finished) == self._phase_began:
            self._marks = []
        self._last: BatchEnded | None = None
        self._validated = 0.0
        self._validation_mark = (now, 0.0)

    def _on_batch(self, event: BatchEnded, now: float) -> None:
        self._marks.append((now, event.step, event.learning_seconds))
        self._last, self._at, self._trained_at = event, now, now
        # The first steps of an epoch wait for what was begun at the end of the last.
        telling = _TELLING_SHARE if self._learning else 0.0
        self._learning = self._learning_pace(telling) or self._learning

    def _on_epoch(self, now: float) -> None:
        pace = self._pace(0.0) or self._slow_pace()
        validation, whole = now - self._trained_at, now - self._began
        self._finished.append(_Finished(pace, validation, whole))
        self._begin_epoch(now)

    def _marks_that_count(self) -> list[tuple[float, int, float]]:
        """The moments by which this epoch's pace goes: time, step, learning.

        The later half of its steps, once that is enough to tell anything: a computer
        that had other work to do for a while is forgotten soon.
        """
        if self._last is None or not self._marks:
            return []
        first, last = self._marks[0][1], self._last.step
        if last - first < 2 * _TELLING_SHARE * self._steps:
            return self._marks
        middle = (first + last) // 2
        behind = bisect.bisect_right(self._marks, middle, key=lambda mark: mark[1])
        return self._marks[max(behind - 1, 0) :]

    def _pace(self, telling: float = _TELLING_SHARE) -> float | None:
        """Seconds a step in this epoch, once that tells anything."""
        marks = self._marks_that_count()
        if not marks or self._last is None:
            return None
        steps = self._last.step - marks[0][1]
        if steps < max(1, telling * self._steps):
            return None
        return _usual_pace(marks) or (self._trained_at - marks[0][0]) / steps

    def _learning_pace(self, telling: float) -> float | None:
        marks = self._marks_that_count()
        if self._last is None or not marks:
            return None
        _, step, learning = marks[0]
        steps = self._last.step - step
        if steps < max(1, telling * self._steps):
            return None
        return (self._last.learning_seconds - learning) / steps

    def _slow_pace(self) -> float:
        """Of an epoch whose only step was the first."""
        return (self._trained_at - self._began) / max(1, self._steps)

    @property
    def _steps(self) -> int:
        return self._plan.steps_per_epoch if self._plan else 1

    def _looks(self, epoch: int) -> bool:
        """Whether an epoch, counted from 0, looks at photos anew."""
        return epoch - self._phase_began < self._views

    def _validation_looks(self, epoch: int) -> bool:
        return epoch == self._phase_began or math.isinf(self._views)

    def _costs(self, plan: RunStarted) -> _Costs | None:
        looked, quiet = self._paces(looking=True), self._paces(looking=False)
        if not looked and not quiet:
            return None
        looking_step = (looked or quiet)[-1]
        steps = plan.steps_per_epoch * plan.validation_samples / plan.train_samples
        forward = steps * _FORWARD_SHARE * self._learning
        looking = steps * max(0.0, looking_step - self._learning) + forward
        return _Costs(
            looking_step,
            _recent(quiet, self._learning or looking_step),
            _recent(self._validations(looking=True), looking),
            _recent(self._validations(looking=False), forward or looking),
        )

    def _own(self) -> list[tuple[int, _Finished]]:
        """The epochs of this phase that ended, numbered from 0."""
        return list(enumerate(self._finished))[self._phase_began :]

    def _paces(self, *, looking: bool) -> list[float]:
        """Seconds a step of epochs of one kind, the present one's last."""
        own = [one.step for n, one in self._own() if self._looks(n) is looking]
        present = self._pace()
        if present is not None and self._looks(len(self._finished)) is looking:
            own.append(present)
        return own

    def _validations(self, *, looking: bool) -> list[float]:
        """Seconds of validations of one kind."""
        own = self._own()
        return [o.validation for n, o in own if self._validation_looks(n) is looking]

    def _epoch(self, costs: _Costs, epoch: int) -> float:
        looks = self._looks(epoch)
        step = costs.looking_step if looks else costs.quiet_step
        return step * self._steps + self._validation(costs, epoch)

    def _validation(self, costs: _Costs, epoch: int) -> float:
        if self._validation_looks(epoch):
            return costs.looking_validation
        return costs.quiet_validation

    def _rest_of_epoch(self, costs: _Costs) -> float:
        current = len(self._finished)
        if self._validated:
            # What came before the first samples was getting ready.
            began, first = self._validation_mark
            seen = self._validated - first
            if seen < _TELLING_SHARE:
                taken = self._at - self._trained_at
                return max(0.0, self._validation(costs, current) - taken)
            return (self._at - began) * (1 - self._validated) / seen
        done = self._last.step if self._last else 0
        step = costs.looking_step if self._looks(current) else costs.quiet_step
        return step * (self._steps - done) + self._validation(costs, current)


def _usual_pace(marks: list[tuple[float, int, float]]) -> float | None:
    """The median of some stretches between marks: a pause in one does not count.

    None where there are too few marks to tell. A first checkpoint that reads a
    hundred thousand files takes twenty seconds, once.
    """
    if len(marks) < 2 * _STRETCHES:
        return None
    last = len(marks) - 1
    ends = [marks[k * last // _STRETCHES] for k in range(_STRETCHES + 1)]
    paces = [
        (after[0] - before[0]) / (after[1] - before[1])
        for before, after in pairwise(ends)
        if after[1] > before[1]
    ]
    return statistics.median(paces) if paces else None


def _recent(values: list[float], otherwise: float) -> float:
    """The mean of the last few."""
    last = values[-_RECENT:]
    return sum(last) / len(last) if last else otherwise
