import numpy as np
import pytest

from tlgui.core import metrics


def test_rows_are_the_truth_and_columns_the_predictions() -> None:
    matrix = metrics.confusion_matrix([0, 0, 0, 1, 2], [0, 1, 1, 1, 0], 4)
    assert matrix.tolist() == [
        [1, 2, 0, 0],
        [0, 1, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
    ]


def test_the_same_pair_counts_every_time() -> None:
    matrix = metrics.confusion_matrix(np.zeros(1000), np.ones(1000), 2)
    assert matrix.tolist() == [[0, 1000], [0, 0]]


def test_no_answers_make_an_empty_matrix_and_no_accuracy() -> None:
    matrix = metrics.confusion_matrix([], [], 3)
    assert matrix.shape == (3, 3)
    assert metrics.accuracy(matrix) == 0.0


def test_a_label_outside_the_classes_is_refused() -> None:
    with pytest.raises(IndexError):
        metrics.confusion_matrix([0, 3], [0, 0], 3)


def test_accuracy_is_the_share_on_the_diagonal() -> None:
    assert metrics.accuracy(np.array([[64, 6], [1, 82]])) == pytest.approx(146 / 153)


# R. G. Newcombe 1998, "Two-sided confidence intervals for the single proportion:
# comparison of seven methods", Statistics in Medicine 17, 857-872, table I,
# method 3 (score interval without continuity correction).
@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_agrees_with_the_published_values(
    right: int, total: int, low: float, high: float
) -> None:
    found = metrics.wilson_interval(right, total)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_is_the_same_seen_from_the_other_side() -> None:
    low, high = metrics.wilson_interval(7, 31)
    assert metrics.wilson_interval(24, 31) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize("total", [1, 3, 1000])
def test_wilson_interval_stays_between_nothing_and_everything(total: int) -> None:
    for right in (0, total):
        low, high = metrics.wilson_interval(right, total)
        assert 0.0 <= low <= right / total <= high <= 1.0
        assert high > low


def test_nothing_is_known_from_no_samples() -> None:
    assert metrics.wilson_interval(0, 0) == (0.0, 1.0)


def test_more_samples_make_the_interval_narrower() -> None:
    widths = [
        high - low
        for low, high in (metrics.wilson_interval(9 * n, 10 * n) for n in (1, 10, 100))
    ]
    assert widths == sorted(widths, reverse=True)


def test_recall_is_read_along_rows_and_precision_along_columns() -> None:
    scores = metrics.class_scores(np.array([[6, 2], [1, 3]]), ("ants", "bees"))
    assert scores == (
        metrics.ClassScore("ants", 8, 6 / 8, 6 / 7),
        metrics.ClassScore("bees", 4, 3 / 4, 3 / 5),
    )


def test_a_class_without_samples_or_answers_scores_nothing() -> None:
    scores = metrics.class_scores(np.array([[5, 0], [0, 0]]), ("ants", "bees"))
    assert scores[1] == metrics.ClassScore("bees", 0, 0.0, 0.0)
