"""Backbones in the order in which they seem to suit a person's data."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tlgui.core.transferability import rank_correlation


@dataclass(frozen=True)
class BackboneScore:
    """What was found out about one backbone, without training.

    Attributes:
        name: as in the catalogue.
        knn: share of the samples that their nearest others name right, 0..1.
        logme: evidence of the labels, given the features; the larger, the better.
        top1: ImageNet top-1 accuracy, 0..1.
        milliseconds: to look at one sample on this computer.
        samples: on how many it was tried.
    """

    name: str
    knn: float
    logme: float
    top1: float
    milliseconds: float
    samples: int

    @property
    def uncertainty(self) -> float:
        """The standard error of `knn`."""
        return math.sqrt(self.knn * (1.0 - self.knn) / max(self.samples, 1))


@dataclass(frozen=True)
class Ranking:
    """All that were tried, those that seem to suit best first.

    Attributes:
        scores: by k-NN accuracy; where that is the same, by LogME.
    """

    scores: tuple[BackboneScore, ...]

    @property
    def best(self) -> BackboneScore:
        """The best bet."""
        return self.scores[0]

    @property
    def quickest(self) -> BackboneScore:
        """The fastest that is not clearly worse than the best bet."""
        least = self.best.knn - self.best.uncertainty
        return min(
            (score for score in self.scores if score.knn >= least),
            key=lambda score: score.milliseconds,
        )

    @property
    def agreement(self) -> float:
        """How far k-NN and LogME order alike: Kendall's tau, -1..1."""
        return rank_correlation(
            np.array([score.knn for score in self.scores]),
            np.array([score.logme for score in self.scores]),
        )

    def to_json(self) -> dict[str, Any]:
        """What `tlgui rank --json` prints."""
        return {
            "scores": [asdict(score) for score in self.scores],
            "best": self.best.name,
            "quickest": self.quickest.name,
            "agreement": self.agreement,
        }


def ranked(scores: Iterable[BackboneScore]) -> Ranking:
    """Puts scores in order."""
    return Ranking(tuple(sorted(scores, key=lambda s: (s.knn, s.logme), reverse=True)))
