"""Which samples validate where each may show several classes."""

import heapq
from collections.abc import Sequence

import numpy as np

from tlgui.core.dataset import Sample


def iterative_stratification(
    samples: Sequence[Sample], classes: int, share: float, seed: int
) -> set[int]:
    """Chooses a share of samples in which every class has its share.

    Iterative stratification (K. Sechidis, G. Tsoumakas, I. Vlahavas 2011, On the
    stratification of multi-label data, ECML PKDD, 145-158) for two parts: the samples
    of the class that has the fewest left are dealt out first, each to the part that
    misses this class most, then to the one that misses most samples. Samples that show
    nothing come last.

    Args:
        samples: of a split.
        classes: how many there are.
        share: above 0 and below 1.
        seed: decides which samples.

    Returns:
        Places of the chosen ones. A class with two samples or more has at least one on
        either side, unless samples of rarer classes leave no choice.
    """
    generator = np.random.default_rng(seed)
    order = [int(place) for place in generator.permutation(len(samples))]
    return _Dealer(samples, classes, share).deal_all(order)


class _Dealer:
    """Deals samples out to the chosen part and to the rest."""

    def __init__(self, samples: Sequence[Sample], classes: int, share: float) -> None:
        self._samples = samples
        # Of each class: how many samples are not dealt yet, and what a part misses.
        self._left = [0] * classes
        for sample in samples:
            for label in sample.labels:
                self._left[label] += 1
        wanted = [_count(share, count) for count in self._left]
        self._missing = (
            [count - some for count, some in zip(self._left, wanted, strict=True)],
            wanted,
        )
        chosen = _count(share, len(samples))
        self._room = [len(samples) - chosen, chosen]
        self._heap = [(n, label) for label, n in enumerate(self._left) if n]
        heapq.heapify(self._heap)
        self._parts: dict[int, bool] = {}

    def deal_all(self, order: Sequence[int]) -> set[int]:
        """Deals all samples out; the places of the chosen ones.

        Args:
            order: of the places among samples that are alike.
        """
        members: list[list[int]] = [[] for _ in self._left]
        for place in order:
            for label in self._samples[place].labels:
                members[label].append(place)
        while self._heap:
            count, label = heapq.heappop(self._heap)
            if count == self._left[label]:  # or it has fewer left by now
                self._deal(members[label], label)
        self._deal(order)
        return {place for place, is_chosen in self._parts.items() if is_chosen}

    def _deal(self, places: Sequence[int], label: int | None = None) -> None:
        """Deals out those that were not, to the part that misses most of a class."""
        rest, chosen = self._missing
        for place in places:
            if place in self._parts:
                continue
            wanting = (0, 0) if label is None else (rest[label], chosen[label])
            part = (wanting[1], self._room[1]) > (wanting[0], self._room[0])
            self._parts[place] = part
            self._room[part] -= 1
            for shown in self._samples[place].labels:
                self._missing[part][shown] -= 1
                self._left[shown] -= 1
                if self._left[shown]:
                    heapq.heappush(self._heap, (self._left[shown], shown))


def _count(share: float, count: int) -> int:
    """How many of so many samples are chosen: at least one, and never all."""
    return max(0, min(max(1, round(share * count)), count - 1))
