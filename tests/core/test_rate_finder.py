"""Curves that are made up, so that the answer is known."""

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from tlgui.core.events import RateCurveMade
from tlgui.core.rate_finder import (
    HIGHEST,
    LOWEST,
    STEPS,
    RateCurve,
    has_exploded,
    make_curve,
    rising_rates,
    rounded,
    smoothed,
)

# The moving average comes so many steps late, each of which is a factor of 1.17.
LATE = 9


def a_test(loss_at: Callable[[float], float], noise: float = 0.0) -> RateCurve:
    """As a test goes: it ends where the loss explodes."""
    chance = np.random.default_rng(1)
    losses: list[float] = []
    for rate in rising_rates():
        losses.append(loss_at(rate) + chance.normal(0.0, noise))
        if has_exploded(losses):
            break
    return make_curve(rising_rates().tolist(), losses)


def falls_at(rate: float, start: float = 2.3) -> Callable[[float], float]:
    """A loss that falls around a rate and explodes a hundred times above it."""

    def loss_at(other: float) -> float:
        fallen = 0.8 * start / (1.0 + (rate / other) ** 2)
        return start - fallen + (other / (100 * rate)) ** 2

    return loss_at


def test_rates_grow_by_the_same_factor() -> None:
    rates = rising_rates()
    assert rates[0] == pytest.approx(LOWEST)
    assert rates[-1] == pytest.approx(HIGHEST)
    assert len(rates) == STEPS
    np.testing.assert_allclose(rates[1:] / rates[:-1], rates[1] / rates[0])


def test_smoothing_makes_up_for_its_beginning() -> None:
    assert smoothed([5.0] * 7) == pytest.approx(5.0)
    # By hand: (0.9 * 0.1 * 1 + 0.1 * 2) / (1 - 0.81)
    assert smoothed([1.0, 2.0])[1] == pytest.approx(0.29 / 0.19)


@pytest.mark.parametrize("steepest", [1e-4, 3e-3, 5e-2])
@pytest.mark.parametrize("start", [0.7, 2.3, 7.0])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_steepest_fall_is_suggested(
    steepest: float, start: float, noise: float
) -> None:
    found = a_test(falls_at(steepest, start), noise * start)
    assert found.suggested is not None
    steps = math.log(found.suggested / steepest) / math.log(
        found.rates[1] / found.rates[0]
    )
    assert 0 <= steps <= LATE + 3
    assert not found.reason


def test_a_test_ends_when_the_loss_explodes() -> None:
    found = a_test(falls_at(3e-3))
    assert len(found.rates) == len(found.losses) == len(found.smoothed) < STEPS
    assert 0.3 < found.rates[-1] < 3.0


def test_a_loss_that_falls_to_the_end_is_tested_to_the_end() -> None:
    found = a_test(lambda rate: 0.7 / (1.0 + rate / 0.01))
    assert len(found.rates) == STEPS
    assert found.suggested == pytest.approx(0.02, rel=0.5)


def test_what_was_won_and_lost_again_is_an_explosion() -> None:
    won = [2.0] * 12 + [0.9] * 40
    assert not has_exploded(won)
    assert has_exploded([*won, *[2.5] * 25]), "though not four times the best"
    assert not has_exploded([2.0] * 30 + [2.2] * 30), "nothing was won"


def test_four_times_the_best_is_an_explosion() -> None:
    course = [0.5] * 12 + [0.4] * 30
    assert not has_exploded([*course, *[1.2] * 30])
    assert has_exploded([*course, *[2.0] * 30])


def test_chance_at_the_beginning_is_not_taken_for_the_fall() -> None:
    first = LOWEST * 1.01
    found = a_test(lambda rate: falls_at(3e-3)(rate) + 1.5 * (rate < first))
    assert found.suggested == a_test(falls_at(3e-3)).suggested


def test_the_first_batches_are_no_explosion() -> None:
    assert not has_exploded([0.01, 0.4, 0.5, 0.3])


def test_infinite_losses_end_a_test_and_are_left_out() -> None:
    def loss_at(rate: float) -> float:
        return math.nan if rate > 0.1 else falls_at(3e-3)(rate)

    found = a_test(loss_at)
    assert found.suggested is not None
    assert found.rates[-1] <= 0.1
    assert all(math.isfinite(loss) for loss in found.losses)
    json.loads(json.dumps(found.to_json(), allow_nan=False))


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_infinite_at_once_is_said(loss: float) -> None:
    found = a_test(lambda rate: loss)
    assert found.suggested is None
    assert "after 0 steps" in found.reason
    assert found.losses == ()


def test_too_few_steps_are_said() -> None:
    found = make_curve([1e-5, 2e-5, 4e-5], [2.3, 2.2, math.inf])
    assert found.suggested is None
    assert "after 2 steps" in found.reason
    assert "2e-05 already" in found.reason


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.3])
@pytest.mark.parametrize("start", [0.7, 2.3])
def test_a_flat_curve_tells_nothing(start: float, noise: float) -> None:
    found = a_test(lambda rate: start, noise)
    assert found.suggested is None
    assert "by more than chance" in found.reason


def test_a_curve_that_only_rises_tells_nothing() -> None:
    assert a_test(lambda rate: 0.1 + 10 * rate).suggested is None


def test_rates_are_written_in_two_digits() -> None:
    assert [rounded(rate) for rate in (0.0034567, 9.96, 1.23456e-5)] == [
        0.0035,
        10.0,
        1.2e-5,
    ]


def test_the_event_can_be_written() -> None:
    told = RateCurveMade(make_curve([1e-3], [0.7], ("top",), 0.05)).to_json()
    assert told["event"] == "rate_curve_made"
    assert told["rates"] == (1e-3,)
    assert told["trainable"] == ("top",)
    assert told["share"] == 0.05
