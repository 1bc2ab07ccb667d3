"""Seconds and memory beforehand, against what was measured."""

import json
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.costs import (
    Speed,
    Work,
    divided,
    fitted,
    forecast,
    learning_seconds,
    work_of,
)
from tlgui.core.spec import TrainingSpec

SPEED = Speed(1e-11, 1e-9, 5e-11, 9e8)
LITE0 = find_backbone("efficientnet-lite0")


def test_the_products_of_lite0_are_those_that_were_published() -> None:
    """407 million with the head, as https://arxiv.org/abs/1905.11946 counts them."""
    products = work_of(LITE0.blocks).products / 1e6
    assert products == pytest.approx(407 - 1.28, rel=0.06)


@pytest.mark.parametrize("name", CATALOGUE)
def test_more_blocks_cost_more(name: str) -> None:
    backbone = find_backbone(name)
    names = [block.name for block in backbone.blocks]
    epochs = []
    for count in range(len(names) + 1):
        trainable = tuple(names[len(names) - count :])
        spec = TrainingSpec(data="x", backbone=name, trainable=trainable)
        told = forecast(spec, backbone, SPEED, (200, 50), 4)
        epochs.append((told.epoch, told.bytes))
        assert told.whole >= told.looking
    assert epochs == sorted(epochs)
    assert epochs[0] == (0.0, SPEED.engine_bytes)


def test_the_work_is_divided_at_the_first_block_that_learns() -> None:
    front, behind = divided(LITE0, ("block6a", "top"))
    whole = work_of(LITE0.blocks)
    assert front.products + behind.products == whole.products
    everything, nothing = divided(LITE0, ())
    assert (everything, nothing) == (whole, Work(0.0, 0.0))


def test_a_training_corrects_what_is_foretold_of_its_like() -> None:
    names = [block.name for block in LITE0.blocks]

    def told(count: int, speed: Speed, name: str = LITE0.name) -> float:
        backbone = find_backbone(name)
        blocks = tuple(block.name for block in backbone.blocks[-count:])
        spec = TrainingSpec(data="x", backbone=name, trainable=blocks)
        return forecast(spec, backbone, speed, (200, 0), 1).epoch

    few, many = names[-2:], names[-10:]
    assert SPEED.correction(LITE0, few) is None
    twice = 2 * told(2, SPEED) / 200
    speed = SPEED.corrected(LITE0, few, twice)
    assert told(2, speed) == pytest.approx(200 * twice)
    assert told(12, speed) == pytest.approx(2 * told(12, SPEED)), "the most similar"
    assert told(2, speed, "efficientnet-lite1") == told(2, SPEED, "efficientnet-lite1")
    speed = speed.corrected(LITE0, many, 0.5 * told(10, SPEED) / 200)
    assert told(12, speed) == pytest.approx(0.5 * told(12, SPEED))
    assert told(3, speed) == pytest.approx(2 * told(3, SPEED))
    again = speed.corrected(LITE0, few, twice / 2)
    assert again.correction(LITE0, few) == pytest.approx(1.0)
    assert len(again.corrections) == 2


def test_a_fit_finds_what_it_was_made_of() -> None:
    works = [Work(1e8, 1e6), Work(3e8, 9e6), Work(4e8, 2e7)]
    measured = [(w, 2e-11 * w.products + 3e-9 * w.numbers) for w in works]
    assert fitted(measured) == pytest.approx((2e-11, 3e-9))
    only_products = [(w, 2e-11 * w.products - 1e-10 * w.numbers) for w in works]
    product, number = fitted(only_products)
    assert product >= 0
    assert number >= 0


def test_two_measured_cuts_tell_the_others() -> None:
    """On the machine of the kept results: two cuts of Lite0 tell the other two."""
    file = Path(__file__).parents[1] / "benchmarks" / "results" / "engine.json"
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    names = [block.name for block in LITE0.blocks]
    training, validation = 244, 153  # hymenoptera
    passes = 3 * training + validation
    found = {}
    for key, count in (("last-block", 1), ("cut-at-75", 4), ("cut-at-50", 9)):
        found[count] = _seconds(rows[f"epoch.{key}.ours"])
    found[len(names)] = _seconds(rows["epoch.everything.ours"])
    works = {count: work_of(LITE0.blocks[-count:]) for count in found}
    product, number = fitted(
        (works[count], found[count] / passes) for count in (9, len(names))
    )
    speed = Speed(product, number, 0.0, 0.0)
    for count, tolerance in ((1, 0.5), (4, 0.25)):
        told = learning_seconds(works[count], speed, training, validation)
        assert told == pytest.approx(found[count], rel=tolerance)


def _seconds(rounds: list[dict[str, list[float]]]) -> float:
    """An epoch after the first, the median of all."""
    return median(
        after - before for one in rounds for before, after in pairwise(one["ends"])
    )
