"""k-NN and LogME against plain computations."""

import math
from typing import Any

import numpy as np
import pytest

from tlgui.core.ranking import BackboneScore, ranked
from tlgui.core.transferability import knn_accuracy, logme, rank_correlation

Array = np.ndarray[Any, Any]
SHAPES = [(60, 8, 3), (40, 64, 2), (120, 40, 5)]


def random_features(count: int, width: int, classes: int) -> tuple[Array, Array]:
    random = np.random.default_rng(count)
    labels = np.arange(count) % classes
    features = random.normal(size=(count, width)) + 0.3 * labels[:, np.newaxis]
    return features.astype(np.float32), labels


def plain_knn(features: Array, labels: Array, neighbours: int) -> float:
    right = 0
    for place, row in enumerate(features.astype(np.float64)):
        near = []
        for other, compared in enumerate(features.astype(np.float64)):
            if other != place:
                norms = math.sqrt(row @ row) * math.sqrt(compared @ compared)
                near.append((row @ compared / norms, labels[other]))
        near.sort(reverse=True)
        sums: dict[int, tuple[int, float]] = {}
        for similarity, label in near[:neighbours]:
            votes, total = sums.get(label, (0, 0.0))
            sums[label] = votes + 1, total + 1 + similarity
        right += max(sums, key=lambda label: sums[label]) == labels[place]
    return right / len(features)


def plain_logme(features: Array, labels: Array) -> Any:
    """The evidence itself, with whole matrices and its maximum by fixed point."""
    rows = features.astype(np.float64)
    count, width = rows.shape
    found = []
    for label in range(labels.max() + 1):
        target = (labels == label).astype(np.float64)
        alpha = beta = 1.0
        for _ in range(2_000):
            precision = alpha * np.eye(width) + beta * rows.T @ rows
            inverse = np.linalg.inv(precision)
            mean = beta * inverse @ rows.T @ target
            used = width - alpha * np.trace(inverse)
            alpha = used / (mean @ mean)
            beta = (count - used) / np.sum((rows @ mean - target) ** 2)
        precision = alpha * np.eye(width) + beta * rows.T @ rows
        mean = beta * np.linalg.solve(precision, rows.T @ target)
        found.append(
            width / 2 * math.log(alpha)
            + count / 2 * math.log(beta)
            - beta / 2 * np.sum((rows @ mean - target) ** 2)
            - alpha / 2 * mean @ mean
            - np.linalg.slogdet(precision)[1] / 2
            - count / 2 * math.log(2 * math.pi)
        )
    return np.mean(found) / count


@pytest.mark.parametrize("shape", SHAPES)
def test_k_nn_is_what_a_plain_loop_finds(shape: tuple[int, int, int]) -> None:
    features, labels = random_features(*shape)
    for neighbours in (1, 5, 8):
        expected = plain_knn(features, labels, neighbours)
        assert knn_accuracy(features, labels, neighbours) == pytest.approx(
            expected, abs=1e-6
        )


@pytest.mark.parametrize("shape", SHAPES)
def test_logme_is_the_maximum_evidence(shape: tuple[int, int, int]) -> None:
    features, labels = random_features(*shape)
    expected = plain_logme(features, labels)
    assert logme(features, labels) == pytest.approx(expected, abs=1e-6)


def test_better_features_score_higher() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(80) % 2
    noise = random.normal(size=(80, 16)).astype(np.float32)
    told = noise.copy()
    told[:, 0] += 4 * labels
    assert knn_accuracy(told, labels) > knn_accuracy(noise, labels) + 0.2
    assert logme(told, labels) > logme(noise, labels)


def test_few_samples_and_features_without_a_length() -> None:
    assert knn_accuracy(np.ones((1, 4), np.float32), np.zeros(1, np.int64)) == 0.0
    flat = np.zeros((6, 4), np.float32)
    assert 0.0 <= knn_accuracy(flat, np.arange(6) % 2) <= 1.0
    assert math.isfinite(logme(flat, np.arange(6) % 2))


def test_rankings_that_agree_differ_or_say_nothing() -> None:
    up, down, flat = np.arange(4.0), np.arange(4.0)[::-1], np.ones(4)
    assert rank_correlation(up, up) == pytest.approx(1.0)
    assert rank_correlation(up, down) == pytest.approx(-1.0)
    assert rank_correlation(up, flat) == 0.0


def test_the_best_bet_and_the_quickest_that_is_good_enough() -> None:
    def score(name: str, knn: float, logme: float, speed: float) -> BackboneScore:
        return BackboneScore(name, knn, logme, 0.75, speed, 100)

    ranking = ranked(
        [
            score("poor", 0.5, -1.0, 1.0),
            score("quick", 0.88, -0.3, 2.0),
            score("best", 0.9, -0.2, 9.0),
            score("tied", 0.9, -0.4, 5.0),
        ]
    )
    assert [one.name for one in ranking.scores] == ["best", "tied", "quick", "poor"]
    assert ranking.best.name == "best"
    assert ranking.quickest.name == "quick"
    assert ranking.agreement == pytest.approx(3 / math.sqrt(5 * 6))
    assert ranking.to_json()["best"] == "best"
