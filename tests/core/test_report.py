import json
from pathlib import Path

import numpy as np
import pytest

from tlgui.core.report import (
    Answer,
    Evaluation,
    evaluation_from_json,
    evaluation_of,
)

NAMES = ("ants", "bees", "Wespen und Hornissen")


def _evaluation() -> Evaluation:
    return Evaluation(
        NAMES,
        0.3141592653589793,
        (
            Answer("/photos/ants/ä 1.jpg", 0, 0, 0.9),
            Answer("/photos/ants/2.jpg", 0, 1, 0.1 + 0.2),
            Answer("/photos/bees/1.jpg", 1, 1, 1.0),
        ),
    )


def test_an_evaluation_comes_back_from_json_as_it_was() -> None:
    evaluation = _evaluation()
    text = json.dumps(evaluation.to_json(), ensure_ascii=False)
    assert evaluation_from_json(json.loads(text)) == evaluation


def test_json_says_what_can_be_read_from_it() -> None:
    values = _evaluation().to_json()
    assert values["samples"] == 3
    assert values["accuracy"] == pytest.approx(2 / 3)
    assert values["confusion"] == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert [row["name"] for row in values["classes"]] == list(NAMES)
    assert values["classes"][0]["recall"] == 0.5
    low, high = values["accuracy_interval_95"]
    assert low < 2 / 3 < high


def test_the_interval_is_that_of_the_right_answers() -> None:
    # Newcombe 1998 (see test_metrics.py): 1 of 29 lies in 0.0061..0.1718.
    answers = (Answer("0.jpg", 0, 0, 1.0), *[Answer("1.jpg", 0, 1, 1.0)] * 28)
    found = Evaluation(("ants", "bees"), 1.0, answers).interval
    assert found == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_an_evaluation_without_answers_is_still_one() -> None:
    evaluation = Evaluation(NAMES, 0.0, ())
    assert evaluation.accuracy == 0.0
    assert evaluation.interval == (0.0, 1.0)
    assert evaluation_from_json(evaluation.to_json()) == evaluation


@pytest.mark.parametrize("missing", ["class_names", "loss", "answers"])
def test_what_is_no_evaluation_is_refused(missing: str) -> None:
    values = _evaluation().to_json()
    del values[missing]
    with pytest.raises(KeyError):
        evaluation_from_json(values)


def test_an_answer_with_other_fields_is_refused() -> None:
    values = _evaluation().to_json()
    values["answers"][0]["colour"] = "red"
    with pytest.raises(TypeError):
        evaluation_from_json(values)


def test_probabilities_become_answers_and_a_loss() -> None:
    probabilities = np.array(
        [[0.7, 0.2, 0.1], [0.5, 0.25, 0.25], [0.0, 0.0, 1.0]], dtype=np.float32
    )
    files = [Path("/photos") / f"{index}.jpg" for index in range(3)]
    evaluation = evaluation_of(NAMES, files, [0, 1, 2], probabilities)
    assert [answer.predicted for answer in evaluation.answers] == [0, 0, 2]
    assert evaluation.answers[1] == Answer("/photos/1.jpg", 1, 0, 0.5)
    expected = -(np.log(0.7) + np.log(0.25) + np.log(1.0)) / 3
    assert evaluation.loss == pytest.approx(expected, rel=1e-6)


def test_a_class_held_impossible_costs_much_but_not_infinitely() -> None:
    probabilities = np.array([[0.0, 1.0]], dtype=np.float32)
    evaluation = evaluation_of(("a", "b"), [Path("a.jpg")], [0], probabilities)
    assert 20 < evaluation.loss < 100


def test_files_and_labels_must_be_as_many() -> None:
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    with pytest.raises(ValueError, match="argument"):
        evaluation_of(("a", "b"), [Path("a.jpg")], [0, 1], probabilities)


def test_no_samples_have_no_loss() -> None:
    nothing = np.zeros((0, 2), dtype=np.float32)
    assert evaluation_of(("a", "b"), [], [], nothing) == Evaluation(("a", "b"), 0.0, ())
