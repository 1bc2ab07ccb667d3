"""A search over the settings that a person ticks: its trials, and which is best."""

import dataclasses
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tlgui.core.errors import TlguiError
from tlgui.core.metrics import wilson_interval
from tlgui.core.search_space import (
    BACKBONE,
    SETTINGS,
    Choices,
    Range,
    Value,
    applied,
    in_words,
    searchable,
    value_of,
)
from tlgui.core.spec import TrainingSpec

SEARCH_VERSION = 1
USUAL_TRIALS, MOST_TRIALS = 20, 1_000
_MOST_SECONDS = 60.0 * 10_000


class TrialOutcome(StrEnum):
    """How a trial ended.

    Attributes:
        FINISHED: all its epochs are done, or early stopping ended it.
        CUT: the time was over, or somebody ended the search; its best epoch is kept.
        PRUNED: it was behind the others and was ended; its model is not kept.
        FAILED: it could not be trained.
    """

    FINISHED = "finished"
    CUT = "cut"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True)
class SearchSpec:
    """What is searched, and for how long.

    Attributes:
        base: decides everything that is not searched; the first trial is as it says.
        ranges: the values of each setting that is searched.
        trials: how many at most.
        seconds: that it may take; 0 for as long as the trials do.
        seed: decides what is tried.
    """

    base: TrainingSpec
    ranges: tuple[tuple[str, Range], ...]
    trials: int = USUAL_TRIALS
    seconds: float = 0.0
    seed: int = 0

    @property
    def first(self) -> dict[str, Value]:
        """The values of the first trial: those of the base."""
        return {name: value_of(self.base, name) for name, _ in self.ranges}

    def check(self) -> None:
        """Makes sure that there is something to search, and that all of it is right.

        Raises:
            TlguiError: there is not; says what was expected.
        """
        self.base.check()
        if not self.ranges:
            raise TlguiError(
                "Expected at least one setting to search, but found none. Tick one, or "
                "name it with --search."
            )
        for name, values in self.ranges:
            self._check_range(name, values)
        if self.base.start and BACKBONE in dict(self.ranges):
            raise TlguiError(
                "Expected one model where a training starts from a model of one's own, "
                "but models are to be searched. Take that out of the search."
            )
        _check_limit("trials", self.trials, 1, MOST_TRIALS)
        _check_limit("seconds", self.seconds, 0, _MOST_SECONDS)

    def _check_range(self, name: str, values: Range) -> None:
        if name not in searchable():
            raise TlguiError(
                f"Expected one of {', '.join(searchable())} to search, but found "
                f"“{name}”."
            )
        ends = values.ends()
        if len(set(ends)) < 2 or not values.holds(value_of(self.base, name)):
            raise TlguiError(
                f"Expected at least two values of {SETTINGS[name]} to search, the "
                f"present one among them, but found {', '.join(map(str, ends))}."
            )
        for value in ends:
            applied(self.base, {name: value}).check()

    def to_json(self) -> dict[str, Any]:
        """As a part of the file of a search."""
        return {
            "base": self.base.to_json(),
            "ranges": {name: _range_json(values) for name, values in self.ranges},
            "trials": self.trials,
            "seconds": self.seconds,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Trial:
    """What came of one choice of values.

    Attributes:
        number: counted from 1.
        values: by setting.
        outcome: how it ended.
        run: the name of its run folder, beside the file of the search; "" if it has
            none.
        right: validation samples that were named right, after the best epoch.
        total: validation samples; 0 if it failed.
        loss: on them, as the run tells it.
        seconds: that it took.
        course: how good each epoch was, the larger the better, as trials are compared
            while they train.
        trouble: why it failed, as a sentence.
    """

    number: int
    values: Mapping[str, Value]
    outcome: TrialOutcome
    run: str = ""
    right: int = 0
    total: int = 0
    loss: float = 0.0
    seconds: float = 0.0
    course: tuple[float, ...] = ()
    trouble: str = ""

    @property
    def accuracy(self) -> float:
        """Share of the validation samples that were named right, 0..1."""
        return self.right / max(self.total, 1)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of `accuracy`."""
        return wilson_interval(self.right, self.total)

    @property
    def has_model(self) -> bool:
        """Whether its run can be used."""
        return self.outcome in (TrialOutcome.FINISHED, TrialOutcome.CUT)

    @property
    def rank(self) -> tuple[int, float]:
        """The larger the better: the accuracy; of those that are alike, the loss."""
        return self.right, -self.loss

    def to_json(self) -> dict[str, Any]:
        """As a part of the file of a search."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**values, "values": dict(self.values), "course": list(self.course)}


@dataclass(frozen=True)
class Begun:
    """A trial that has begun and is not over.

    Attributes:
        number: of the trial.
        values: of the trial.
        epochs: that its run had finished when it began last.
        times: how often it began there without a pause in between; it grows when the
            program is ended from outside.
    """

    number: int
    values: Mapping[str, Value]
    epochs: int = 0
    times: int = 1


@dataclass(frozen=True)
class SearchState:
    """A search as far as it has come.

    Attributes:
        spec: what is searched.
        trials: those that are over, in their order.
        seconds: spent so far.
        begun: the trial under way, or the one that was interrupted.
        is_exhausted: whether every choice of values has been tried.
    """

    spec: SearchSpec
    trials: tuple[Trial, ...] = ()
    seconds: float = 0.0
    begun: Begun | None = None
    is_exhausted: bool = False

    @property
    def best(self) -> Trial | None:
        """The best trial with a model, the first of those that are quite alike."""
        kept = [trial for trial in self.trials if trial.has_model]
        return max(kept, key=lambda trial: trial.rank, default=None)

    @property
    def usual_seconds(self) -> float:
        """What a trial takes, by the median; 0 before the first is over."""
        took = [trial.seconds for trial in self.trials if trial.total]
        return statistics.median(took) if took else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long it will still take; None while nobody can know."""
        if not self.usual_seconds:
            return None
        left = self.usual_seconds * (self.spec.trials - len(self.trials))
        if self.spec.seconds:
            left = min(left, self.spec.seconds - self.seconds)
        return max(left, 0.0)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to try: no trial, no values, no time for one."""
        if self.begun is not None:
            return False
        if self.is_exhausted or len(self.trials) >= self.spec.trials:
            return True
        limit = self.spec.seconds
        return bool(limit) and self.seconds + self.usual_seconds >= limit

    def with_trial(self, trial: Trial) -> "SearchState":
        """The same, one trial later."""
        return dataclasses.replace(self, trials=(*self.trials, trial), begun=None)

    def winning_spec(self) -> TrainingSpec:
        """The settings of the best trial; those of the base if there is none."""
        best = self.best
        return applied(self.spec.base, self.spec.first if best is None else best.values)

    def sentences(self) -> tuple[str, ...]:
        """What was tried, what is best and how sure that is, in plain words."""
        said, best = [self._counted()], self.best
        if best is None:
            return (*said, "No trial has come to an end with a model.")
        low, high = best.interval
        said.append(
            f"Best: trial {best.number} ({in_words(best.values)}): {best.right} of "
            f"{best.total} right ({_percent(best.accuracy)}, very likely between "
            f"{_percent(low)} and {_percent(high)})."
        )
        if best.number != 1:
            said += self._compared(best)
        if len(self.trials) > 1:
            said.append(
                "The trials were compared on the validation photos, so that the "
                "winner's share is a little flattering; photos that nobody has used "
                "yet tell the truth."
            )
        return tuple(said)

    def _counted(self) -> str:
        count = len(self.trials)
        words = {
            TrialOutcome.FINISHED: "to their end",
            TrialOutcome.CUT: "ended before their end",
            TrialOutcome.PRUNED: "ended early because they were behind",
            TrialOutcome.FAILED: "failed",
        }
        numbers = {o: sum(t.outcome is o for t in self.trials) for o in words}
        parts = [f"{number} {words[o]}" for o, number in numbers.items() if number]
        trials = "1 trial" if count == 1 else f"{count} trials"
        return f"{trials} in {self.seconds:.0f} s: {', '.join(parts) or 'none'}."

    def _compared(self, best: Trial) -> list[str]:
        first = self.trials[0]
        if not first.has_model:
            return []
        more = best.right - first.right
        as_they_were = (
            f"The settings as they were: {first.right} of {first.total} right"
        )
        if not more:
            return [f"{as_they_were} too, with less certainty (a higher loss)."]
        if best.interval[0] > first.accuracy:
            return [f"{as_they_were}, {more} fewer."]
        return [
            f"{as_they_were}, {more} fewer. With so few validation photos the "
            "difference may be chance."
        ]

    def to_json(self) -> dict[str, Any]:
        """The content of the file of a search."""
        return {
            "version": SEARCH_VERSION,
            **self.spec.to_json(),
            "spent": self.seconds,
            "is_exhausted": self.is_exhausted,
            "begun": None if self.begun is None else dataclasses.asdict(self.begun),
            "tried": [trial.to_json() for trial in self.trials],
        }


def _check_limit(what: str, value: float, low: int, high: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise TlguiError(
            f"Expected from {low} to {high:g} {what} for a search, but found {value}."
        )


def _range_json(values: Range) -> dict[str, Any]:
    if isinstance(values, Choices):
        return {"values": list(values.values), "is_ordered": values.is_ordered}
    return {"low": values.low, "high": values.high}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
