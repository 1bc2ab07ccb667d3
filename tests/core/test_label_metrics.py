"""Numbers for samples that may show several classes."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from tlgui.core.label_metrics import average_precision, label_scores, multi_hot
from tlgui.core.label_report import (
    LabelEvaluation,
    label_evaluation_of,
)
from tlgui.core.metrics import wilson_interval
from tlgui.core.report import evaluation_from_json

NAMES = ("cat", "dog", "bird")
TRUTH = [(0, 1), (), (1,), (0,)]
SHARES = np.array(
    [[0.9, 0.6, 0.1], [0.2, 0.1, 0.3], [0.7, 0.8, 0.2], [0.4, 0.1, 0.6]], np.float32
)


@pytest.fixture
def evaluation() -> LabelEvaluation:
    files = [Path(f"{number}.jpg") for number in range(4)]
    return label_evaluation_of(NAMES, files, TRUTH, SHARES)


def test_average_precision_is_that_of_scikit_learn() -> None:
    from sklearn import metrics as reference

    generator = np.random.default_rng(0)
    for _ in range(100):
        truth = generator.random(20) < 0.3
        shares = np.round(generator.random(20), 1)  # many are alike
        if truth.any():
            expected = reference.average_precision_score(truth, shares)
            assert average_precision(truth, shares) == pytest.approx(expected)
    assert average_precision(np.zeros(3, bool), np.zeros(3)) is None


def test_scores_are_those_of_scikit_learn() -> None:
    from sklearn import metrics as reference

    generator = np.random.default_rng(1)
    truth = generator.random((30, 4)) < 0.4
    shares = generator.random((30, 4))
    found = label_scores(truth, shares, "abcd")
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        truth, shares > 0.5, zero_division=0.0
    )
    for score, *expected in zip(found, precision, recall, f1, support, strict=True):
        values = score.precision, score.recall, score.f1, score.samples
        assert values == pytest.approx(expected)


def test_a_photo_is_right_if_all_of_it_is(evaluation: LabelEvaluation) -> None:
    assert [answer.predicted for answer in evaluation.answers] == [
        (0, 1),
        (),
        (0, 1),
        (2,),
    ]
    assert [answer.is_right for answer in evaluation.answers] == [1, 1, 0, 0]
    assert evaluation.accuracy == 0.5
    assert evaluation.interval == wilson_interval(2, 4)
    assert evaluation.label_accuracy == pytest.approx(9 / 12)
    assert evaluation.nothing_accuracy == pytest.approx(8 / 12)
    assert evaluation.scores[2].average_precision is None
    mean = (evaluation.scores[0].average_precision or 0) / 2 + 0.5
    assert evaluation.mean_average_precision == pytest.approx(mean)
    assert evaluation.answers[0].doubt == pytest.approx(0.4)
    shown = multi_hot(TRUTH, 3)
    loss = -np.where(shown, np.log(SHARES), np.log(1 - SHARES)).mean()
    assert evaluation.loss == pytest.approx(loss)


def test_a_report_says_the_same_when_it_is_read(evaluation: LabelEvaluation) -> None:
    values = json.loads(json.dumps(evaluation.to_json()))
    again = evaluation_from_json(values)
    assert again == evaluation
    assert again.to_json() == evaluation.to_json()
    assert pickle.loads(pickle.dumps(evaluation)) == evaluation
    assert values["multilabel"] is True


@pytest.mark.parametrize(
    "changes",
    [
        {"truth": [3]},
        {"truth": ["0"]},
        {"truth": [True]},
        {"probabilities": [0.5]},
        {"probabilities": [0.5, 0.5, 1.5]},
        {"probabilities": [0.5, 0.5, float("nan")]},
        {"path": 3},
    ],
)
def test_answers_of_a_stranger_are_checked(
    evaluation: LabelEvaluation, changes: dict[str, object]
) -> None:
    values = evaluation.to_json()
    values["answers"][1] |= changes
    with pytest.raises((TypeError, ValueError)):
        evaluation_from_json(values)


def test_nothing_to_say_of_no_samples() -> None:
    nothing = label_evaluation_of(NAMES, [], [], np.empty((0, 3), np.float32))
    assert nothing == LabelEvaluation(NAMES, 0.0, ())
    assert nothing.accuracy == nothing.label_accuracy == nothing.macro_f1 == 0.0
    assert nothing.commonest == ((), 0)
    assert nothing.to_json()["mean_average_precision"] == 0.0
