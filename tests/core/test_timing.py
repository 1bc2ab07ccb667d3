import math

import pytest

from tlgui.core.timing import rounded_up, seconds_left, share_done, usual_seconds


@pytest.mark.parametrize(
    ("epochs", "finished", "share", "expected"),
    [(10, 0, 0.0, 0.0), (10, 2, 0.5, 0.25), (10, 10, 0.0, 1.0), (4, 1, 7.0, 0.5)],
)
def test_share_done(epochs: int, finished: int, share: float, expected: float) -> None:
    assert share_done(epochs, finished, share) == pytest.approx(expected)


def test_no_epochs_are_no_progress() -> None:
    assert share_done(0, 0, 0.5) == 0.0


def test_the_first_epoch_counts_only_while_it_is_the_only_one() -> None:
    assert usual_seconds([]) is None
    assert usual_seconds([20.0]) == 20.0
    assert usual_seconds([20.0, 4.0, 6.0]) == 5.0


def test_only_recent_epochs_count() -> None:
    assert usual_seconds([9.0, 1.0, 1.0, 5.0, 5.0, 5.0]) == 5.0


def test_an_opened_history_without_times_is_no_trouble() -> None:
    assert usual_seconds([math.nan, math.nan]) is None


def test_nobody_knows_before_the_first_steps() -> None:
    assert seconds_left(10, [], 3.0, 0.0) is None
    assert seconds_left(10, [], 3.0, 0.05) is None


def test_the_first_epoch_is_extrapolated_from_its_steps() -> None:
    assert seconds_left(10, [], 2.0, 0.5) == pytest.approx(2.0 + 9 * 4.0)


def test_between_epochs_the_recent_pace_counts() -> None:
    assert seconds_left(5, [10.0, 4.0, 4.0], 0.0, 0.0) == pytest.approx(8.0)


def test_a_slower_phase_is_noticed_within_its_first_epoch() -> None:
    left = seconds_left(10, [1.0, 1.0, 1.0], 9.0, 0.9)
    assert left is not None
    assert left > 50.0


def test_steps_that_are_done_do_not_make_validation_free() -> None:
    assert seconds_left(4, [9.0, 10.0, 10.0], 6.0, 1.0) == pytest.approx(4.0)


def test_an_epoch_that_takes_longer_than_thought_is_never_negative() -> None:
    assert seconds_left(3, [1.0, 1.0], 60.0, 0.0) == 0.0


def test_nothing_is_left_after_the_last_epoch() -> None:
    assert seconds_left(2, [1.0, 1.0], 5.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, 5), (3.0, 5), (48.0, 50), (61.0, 90), (601.0, 660), (3600.0, 3600)],
)
def test_estimates_are_rounded_up(seconds: float, said: int) -> None:
    assert rounded_up(seconds) == said
