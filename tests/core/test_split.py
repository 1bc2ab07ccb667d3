from pathlib import Path

import pytest

from tlgui.core.dataset import Dataset, Sample
from tlgui.core.split import class_weights, split_off_validation


def made(*counts: int) -> Dataset:
    samples = tuple(
        Sample(f"{label}/{index}.jpg", label)
        for label, count in enumerate(counts)
        for index in range(count)
    )
    names = tuple(map(str, range(len(counts))))
    return Dataset(Path("/x"), "image-classification", names, {"train": samples})


def test_every_class_gives_the_same_share() -> None:
    split = split_off_validation(made(100, 50, 10), 0.2, seed=0)
    assert split.counts("validation") == (20, 10, 2)
    assert split.counts("train") == (80, 40, 8)


def test_nothing_is_lost_or_doubled() -> None:
    dataset = made(30, 20)
    split = split_off_validation(dataset, 0.3, seed=1)
    both = split.samples["train"] + split.samples["validation"]
    assert sorted(both, key=str) == sorted(dataset.samples["train"], key=str)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_each_side_keeps_at_least_one(share: float) -> None:
    split = split_off_validation(made(2, 3), share, seed=0)
    assert min(split.counts("train")) >= 1
    assert min(split.counts("validation")) >= 1


def test_the_seed_decides() -> None:
    dataset = made(50, 50)
    first = split_off_validation(dataset, 0.2, seed=3)
    assert split_off_validation(dataset, 0.2, seed=3) == first
    assert split_off_validation(dataset, 0.2, seed=4) != first


def test_class_weights_balance_and_average_to_one() -> None:
    dataset = made(90, 10)
    rare, frequent = class_weights(dataset)[1], class_weights(dataset)[0]
    assert rare * 10 == pytest.approx(frequent * 90)
    assert (rare * 10 + frequent * 90) / 100 == pytest.approx(1)
