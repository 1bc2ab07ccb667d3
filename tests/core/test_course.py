from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tlgui.core.course import RunCourse
from tlgui.core.events import (
    BatchEnded,
    EpochEnded,
    Event,
    ProgressMade,
    RunStarted,
    SourceChosen,
    Stage,
)
from tlgui.core.history import EpochRecord

_TRAIN, _VALIDATION, _STEPS = 3_200, 800, 100


@dataclass(frozen=True)
class MadeUpRun:
    """A run whose every part takes a known time, in seconds."""

    epochs: int = 3
    views: int = 1
    looking: float = 1.0
    learning: float = 0.05
    first_batch: float = 3.0
    tells: bool = True
    getting_ready: float = 0.0  # before the first sample of a validation

    def moments(self) -> Iterator[tuple[float, Event]]:
        now = 0.0
        yield now, plan(self.epochs)
        yield now, SourceChosen(self.views > 0, self.views, "LiteRT")
        for epoch in range(1, self.epochs + 1):
            looks = not self.views or epoch <= self.views
            look = self.looking if looks else 0.0
            learned = 0.0
            for step in range(1, _STEPS + 1):
                now += look + self.learning
                now += self.first_batch if epoch == step == 1 else 0.0
                learned += self.learning
                told = learned if self.tells else 0.0
                yield now, BatchEnded(epoch, step, _STEPS, 0.5, 0.5, told)
            look = self.looking if epoch == 1 or not self.views else 0.0
            now += self.getting_ready
            for done in range(32, _VALIDATION + 1, 32):
                now += look + self.learning / 3
                yield now, ProgressMade(Stage.VALIDATING, done, _VALIDATION)
            yield now, EpochEnded(record(epoch))

    def estimates(self) -> list[tuple[float, float, float]]:
        """Shares of the whole time, what was told to be left, and what was left."""
        moments = list(self.moments())
        end, course = moments[-1][0], RunCourse()
        found = []
        for now, event in moments[:-1]:
            course.follow(event, now)
            left = course.seconds_left(now)
            if left is not None:
                found.append((now / end, left, end - now))
        return found


def plan(epochs: int) -> RunStarted:
    return RunStarted("", ("a", "b"), _TRAIN, _VALIDATION, epochs, _STEPS, 1, 2, 0)


def record(epoch: int, seconds: float = 1.0) -> EpochRecord:
    return EpochRecord(epoch, 0.5, 0.5, 0.5, 0.5, 0.001, seconds)


RUNS = {
    "kept": MadeUpRun(),
    "kept, two views": MadeUpRun(epochs=10, views=2),
    "kept, more views than epochs": MadeUpRun(epochs=5, views=6),
    "kept before": MadeUpRun(epochs=10, looking=0.01),
    "blocks learn": MadeUpRun(epochs=8, looking=0.5, learning=0.9, first_batch=9.0),
    "streaming": MadeUpRun(epochs=4, views=0),
    "a single epoch": MadeUpRun(epochs=1),
}


@pytest.mark.parametrize("name", RUNS)
def test_right_within_a_fifth_from_the_first_tenth_on(name: str) -> None:
    told = [one for one in RUNS[name].estimates() if 0.1 <= one[0] <= 0.95]
    assert told[0][0] < 0.12
    for share, estimate, left in told:
        assert estimate == pytest.approx(left, rel=0.2), share


def test_a_validation_that_gets_ready_first_is_not_taken_for_slow() -> None:
    found = MadeUpRun(epochs=5, looking=0.05, getting_ready=5.0).estimates()
    assert max(left - truth for share, left, truth in found if share > 0.1) < 10


def test_a_slow_first_step_of_an_epoch_is_not_taken_for_its_pace() -> None:
    course, now = RunCourse(), 0.0
    course.follow(plan(3), now)
    course.follow(SourceChosen(True, 1, "LiteRT"), now)
    for step in range(1, _STEPS + 1):
        now += 1.0
        course.follow(BatchEnded(1, step, _STEPS, 0.5, 0.5, 0.05 * step), now)
    course.follow(EpochEnded(record(1)), now)
    before = course.seconds_left(now)
    assert before is not None
    course.follow(BatchEnded(2, 1, _STEPS, 0.5, 0.5, 3.0), now + 3.0)
    after = course.seconds_left(now + 3.0)
    assert after is not None
    assert after <= before


def test_what_is_not_told_makes_the_estimate_a_limit() -> None:
    untold = MadeUpRun(tells=False)
    for share, estimate, left in untold.estimates():
        assert estimate >= 0.99 * left, share


def test_a_limit_is_known_as_one_until_a_quick_epoch_has_begun() -> None:
    course, was_limit = RunCourse(), []
    for now, event in MadeUpRun(tells=False).moments():
        course.follow(event, now)
        if isinstance(event, BatchEnded):
            was_limit.append(course.is_limit)
    assert was_limit[:_STEPS] == [True] * _STEPS
    assert not any(was_limit[2 * _STEPS :])


def test_nobody_knows_before_the_first_steps() -> None:
    course = RunCourse()
    assert course.seconds_left(1.0) is None
    course.follow(plan(3), 1.0)
    course.follow(SourceChosen(True, 1, "LiteRT"), 1.0)
    assert course.seconds_left(2.0) is None
    course.follow(BatchEnded(1, 1, _STEPS, 0.5, 0.5, 0.1), 9.0)
    assert course.seconds_left(9.0) is None


def test_between_events_the_time_left_runs_down_to_nothing() -> None:
    course = RunCourse()
    course.follow(plan(1), 0.0)
    course.follow(BatchEnded(1, 10, _STEPS, 0.5, 0.5, 1.0), 10.0)
    course.follow(BatchEnded(1, 20, _STEPS, 0.5, 0.5, 2.0), 20.0)
    left = course.seconds_left(20.0)
    assert left is not None
    assert course.seconds_left(25.0) == pytest.approx(left - 5.0)
    assert course.seconds_left(1_000.0) == 0.0


def test_a_new_phase_is_measured_by_itself() -> None:
    course = RunCourse()
    for now, event in MadeUpRun(epochs=2).moments():
        course.follow(event, now)
    course.follow(plan(4), now)
    course.follow(SourceChosen(True, 1, "LiteRT"), now)
    # The epochs before: 108 + 25 + 0.4 s and 5 + 0.4 s, twice their mean.
    assert course.seconds_left(now) == pytest.approx(138.4 + 5.4, rel=0.05)
    for step in range(1, 51):
        event = BatchEnded(3, step, _STEPS, 0.5, 0.5, 4.0 * step)
        course.follow(event, now + 20.0 + 5.0 * step)
    left = course.seconds_left(now + 270.0)
    # 50 steps of 5 s; 25 validation steps of 1 s and a forward pass; an epoch of 4 s
    # a step and its validation.
    assert left == pytest.approx(250 + 25 * (1 + 4 / 3) + 400 + 25 * 4 / 3)


def test_nothing_is_left_after_the_last_epoch() -> None:
    course = RunCourse()
    for now, event in MadeUpRun(epochs=2).moments():
        course.follow(event, now)
    assert course.seconds_left(now) == 0.0


def test_a_computer_that_was_busy_for_a_while_is_forgotten_soon() -> None:
    course, now = RunCourse(), 0.0
    course.follow(plan(1), now)
    for step in range(1, _STEPS // 2 + 1):
        now += 3.0 if _STEPS // 10 < step <= _STEPS // 5 else 1.0
        course.follow(BatchEnded(1, step, _STEPS, 0.5, 0.5, 0.0), now)
    left = course.seconds_left(now)
    assert left is not None
    plain = RunCourse()
    plain.follow(plan(1), 0.0)
    for step in range(1, _STEPS // 2 + 1):
        plain.follow(BatchEnded(1, step, _STEPS, 0.5, 0.5, 0.0), float(step))
    assert left == pytest.approx(plain.seconds_left(_STEPS / 2), rel=0.02)


def test_a_single_pause_does_not_count_for_all_that_follows() -> None:
    course, now = RunCourse(), 0.0
    course.follow(plan(1), now)
    for step in range(1, _STEPS // 2 + 1):
        now += 40.0 if step == _STEPS // 2 - 3 else 1.0
        course.follow(BatchEnded(1, step, _STEPS, 0.5, 0.5, 0.0), now)
    plain = RunCourse()
    plain.follow(plan(1), 0.0)
    for step in range(1, _STEPS // 2 + 1):
        plain.follow(BatchEnded(1, step, _STEPS, 0.5, 0.5, 0.0), float(step))
    left = course.seconds_left(now)
    assert left == pytest.approx(plain.seconds_left(_STEPS / 2), rel=0.02)
