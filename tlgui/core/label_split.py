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
    members: list[list[int]] = [[] for _ in range(classes)]
    order = [int(place) for place in generator.permutation(len(samples))]
    for place in order:
        for label in samples[place].labels:
            members[label].append(place)
    left = [len(mine) for mine in members]
    # What the chosen part and the other one miss, of each class and in all.
    chosen_misses = [float(_count(share, count)) for count in left]
    other_misses = [
        count - missing for count, missing in zip(left, chosen_misses, strict=True)
    ]
    room = float(_count(share, len(samples)))
    rest = len(samples) - room
    chosen: set[int] = set()
    dealt: set[int] = set()

    def deal(place: int, first: float, second: float) -> None:
        nonlocal room, rest
        dealt.add(place)
        takes = (first, room) > (second, rest)
        if takes:
            chosen.add(place)
            room -= 1
        else:
            rest -= 1
        for label in samples[place].labels:
            (chosen_misses if takes else other_misses)[label] -= 1
            left[label] -= 1
            heapq.heappush(heap, (left[label], label))

    heap = [(count, label) for label, count in enumerate(left) if count]
    heapq.heapify(heap)
    while heap:
        count, label = heapq.heappop(heap)
        if count != left[label] or not count:  # it has fewer left by now
            continue
        for place in members[label]:
            if place not in dealt:
                deal(place, chosen_misses[label], other_misses[label])
    for place in order:
        if place not in dealt:
            deal(place, 0.0, 0.0)
    return chosen


def _count(share: float, count: int) -> int:
    """How many of so many samples are chosen: at least one, and never all."""
    return max(0, min(max(1, round(share * count)), count - 1))
