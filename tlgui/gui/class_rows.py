"""What the data page shows of each class."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from tlgui.core.dataset import SPLITS, Dataset, Sample

SHOWN = 60
FEW = 20
UNEQUAL = 3
_GOLDEN = 0.6180339887


@dataclass(frozen=True)
class ClassRow:
    """One class.

    Attributes:
        name: of its folder.
        counts: samples in training, validation and test.
        root: the data set's folder.
        samples: all of them, training first.
    """

    name: str
    counts: tuple[int, int, int]
    root: Path
    samples: Sequence[Sample] = field(repr=False)

    @property
    def train(self) -> int:
        """Samples to train on."""
        return self.counts[0]

    @property
    def total(self) -> int:
        """The number of all its samples."""
        return sum(self.counts)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Full paths of some samples, spread over the class; found when shown."""
        return tuple(str(self.root / s.path) for s in spread(self.samples, SHOWN))


def class_rows(dataset: Dataset) -> tuple[ClassRow, ...]:
    """One row a class, in index order; every sample is looked at once."""
    found: list[list[Sample]] = [[] for _ in dataset.class_names]
    for sample in chain(*(dataset.samples.get(split, ()) for split in SPLITS)):
        for label in sample.labels:
            found[label].append(sample)
    counts = zip(*(dataset.counts(split) for split in SPLITS), strict=True)
    return tuple(
        ClassRow(
            name,
            (train, validation, test),
            dataset.root,
            samples,
        )
        for name, samples, (train, validation, test) in zip(
            dataset.class_names, found, counts, strict=True
        )
    )


def spread(samples: Sequence[Sample], most: int) -> list[Sample]:
    """Picks samples so that any first few of them come from all over the class.

    Neighbouring files often show the same thing, so the first ones alone would
    mislead. Steps of the golden ratio never cluster.
    """
    count = len(samples)
    if not count:
        return []
    wanted = dict.fromkeys(int(i * _GOLDEN % 1 * count) for i in range(2 * most))
    wanted.update(dict.fromkeys(range(min(count, most))))
    return [samples[index] for index in list(wanted)[:most]]


def few_rows(rows: Sequence[ClassRow]) -> list[ClassRow]:
    """Classes with too little to train on, the smallest first."""
    few = (row for row in rows if 0 < row.train < FEW)
    return sorted(few, key=lambda row: row.train)


def unequal_rows(rows: Sequence[ClassRow]) -> tuple[ClassRow, ClassRow] | None:
    """The largest and the smallest class, if they are very unequal."""
    usable = sorted((row for row in rows if row.train), key=lambda row: row.train)
    if usable and usable[-1].train > UNEQUAL * usable[0].train:
        return usable[-1], usable[0]
    return None
