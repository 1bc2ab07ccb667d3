import math

import pytest

from tlgui.core.timing import rounded_up, share_done, usual_seconds


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


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, 5), (3.0, 5), (48.0, 50), (61.0, 90), (601.0, 660), (3600.0, 3600)],
)
def test_estimates_are_rounded_up(seconds: float, said: int) -> None:
    assert rounded_up(seconds) == said
