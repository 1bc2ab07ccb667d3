from pathlib import Path

import numpy as np
import pytest

from tlgui.core.dataset import NOTHING, Dataset, Sample
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


def labelled(shown: list[tuple[int, ...]], classes: int) -> Dataset:
    samples = tuple(
        Sample(f"{number}.jpg", *((first[0], first[1:]) if first else (NOTHING,)))
        for number, first in enumerate(shown)
    )
    names = tuple(str(label) for label in range(classes))
    return Dataset(Path("/x"), "image-multilabel", names, {"train": samples})


@pytest.mark.parametrize("seed", range(5))
def test_every_class_of_several_has_its_share(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rates = np.array([0.5, 0.3, 0.1, 0.05, 0.02])
    rows = generator.random((500, 5)) < rates
    dataset = labelled([tuple(np.flatnonzero(row).tolist()) for row in rows], 5)
    split = split_off_validation(dataset, 0.2, seed)
    train, validation = split.samples["train"], split.samples["validation"]
    assert len(validation) == pytest.approx(100, abs=3)
    assert {*train, *validation} == {*dataset.samples["train"]}
    assert len(train) + len(validation) == 500
    for all_shown, checked in zip(
        dataset.counts("train"), split.counts("validation"), strict=True
    ):
        assert checked == pytest.approx(0.2 * all_shown, abs=1.5)
    empty = sum(not sample.labels for sample in dataset.samples["train"])
    checked_empty = sum(not sample.labels for sample in validation)
    assert checked_empty == pytest.approx(0.2 * empty, abs=6)
    assert split_off_validation(dataset, 0.2, seed) == split
    assert split_off_validation(dataset, 0.2, seed + 9) != split


def test_the_rarest_class_is_on_either_side() -> None:
    shown: list[tuple[int, ...]] = [(0,)] * 30 + [(0, 1)] * 2 + [()] * 10
    split = split_off_validation(labelled(shown, 2), 0.1, 0)
    assert split.counts("train")[1] == split.counts("validation")[1] == 1
