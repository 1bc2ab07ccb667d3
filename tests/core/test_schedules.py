"""How the learning rate changes: known points of every schedule."""

import math

import pytest

from tlgui.core.schedules import SCHEDULES, pieces_of, plateau_share, share_at


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_covers_all_steps_and_stays_in_bounds(schedule: str) -> None:
    for steps in (1, 7, 100, 5_000):
        pieces = pieces_of(schedule, steps)
        assert pieces[-1].end == 1.0
        assert [p.end for p in pieces] == sorted({p.end for p in pieces})
        shares = [share_at(schedule, done, steps) for done in range(steps + 3)]
        assert all(0.0 <= share <= 1.0 for share in shares)
        assert shares[-1] == shares[steps]


def test_cosine_falls_to_half_and_to_zero() -> None:
    assert share_at("cosine", 0, 100) == 1.0
    assert share_at("cosine", 50, 100) == pytest.approx(0.5)
    assert share_at("cosine", 100, 100) == pytest.approx(0.0)


def test_warm_up_rises_in_the_first_tenth() -> None:
    rising = [share_at("warm-up", done, 100) for done in range(11)]
    assert rising == sorted(rising)
    assert rising[0] == pytest.approx(0.05)
    assert rising[-1] == 1.0
    assert share_at("warm-up", 55, 100) == pytest.approx(0.5)


def test_one_cycle_peaks_after_a_quarter() -> None:
    shares = [share_at("one-cycle", done, 200) for done in range(201)]
    assert shares[0] == pytest.approx(0.04)
    assert max(shares) == shares[50] == 1.0
    assert shares[-1] == pytest.approx(1e-5)


@pytest.mark.parametrize(
    ("steps", "ends"),
    [(500, (100, 200, 300, 400)), (10_000, (500, 3_000, 6_000, 9_000))],
)
def test_bit_warms_up_and_falls_to_a_tenth_three_times(
    steps: int, ends: tuple[int, ...]
) -> None:
    assert share_at("bit", ends[0] // 2, steps) == pytest.approx(0.5)
    for end, level in zip(ends, (1.0, 0.1, 0.01, 0.001), strict=True):
        assert share_at("bit", end, steps) == pytest.approx(level)


def test_a_plateau_counts_epochs_that_brought_nothing() -> None:
    assert plateau_share([]) == plateau_share([1.0, 0.9, 0.95]) == 1.0
    assert plateau_share([1.0, 1.0, 1.0]) == pytest.approx(1 / 3)
    assert plateau_share([1.0, 0.9, 0.95, 0.95, 0.8, 0.9, 0.9]) == pytest.approx(1 / 9)
    assert plateau_share([math.nan, 1.0]) == 1.0
