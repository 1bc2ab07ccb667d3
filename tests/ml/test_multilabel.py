"""Photos that show several classes: from a table to a finished model."""

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import save_picture
from tests.ml.test_training import ALL, Told
from tlgui.cli import main
from tlgui.cli_output import print_prediction
from tlgui.core import events
from tlgui.core.dataset import Dataset, Sample
from tlgui.core.errors import TlguiError
from tlgui.core.events import Outcome, Stop
from tlgui.core.label_report import EXACT_MATCH, LabelEvaluation
from tlgui.core.project_shown import read_shown_run
from tlgui.core.run import open_finished_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import open_starting_point
from tlgui.ml import models
from tlgui.ml.evaluation import evaluate
from tlgui.ml.sample_weights import weights_of_labels
from tlgui.ml.starting import read_start
from tlgui.ml.training import resume, train

SHOWN = {"red": (200, 60, 60), "purple": (200, 60, 200), "blue": (60, 60, 200)}
LABELS = {"red": "warm", "purple": "warm;cold", "blue": "cold", "black": ""}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Warm, cold, both and neither: 8 pictures each."""
    lines = ["file,labels"]
    for name, labels in LABELS.items():
        for index in range(8):
            path = f"{name}{index}.png"
            colour = SHOWN.get(name, (20, 20, 20))
            save_picture(tmp_path / "photos" / path, colour, index)
            lines.append(f"{path},{labels}")
    file = tmp_path / "photos" / "labels.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def spec(data: Path, **changes: Any) -> TrainingSpec:
    values: dict[str, Any] = {"epochs": 6, "batch_size": 8, "learning_rate": 0.02}
    values |= {"augmentation": "none", "validation": 0.25}
    return TrainingSpec(data=str(data), **(values | changes))


@pytest.mark.tf
def test_a_run_learns_and_its_folder_says_that_several_may_be_shown(
    table: Path, tmp_path: Path
) -> None:
    folder, told = tmp_path / "run", Told()
    ended = train(spec(table), folder, told.emit)
    assert ended.outcome is Outcome.COMPLETED
    assert ended.accuracy == 1.0
    run = open_finished_run(folder)
    assert (run.spec.task, run.spec.loss) == (
        "image-multilabel",
        "binary-cross-entropy",
    )
    assert json.loads((folder / "labels.json").read_text()) == ["cold", "warm"]
    evaluation = run.evaluation()
    assert isinstance(evaluation, LabelEvaluation)
    assert evaluation == told.of(events.EvaluationMade)[0].evaluation
    assert evaluation.mean_average_precision == 1.0
    assert run.report()["multilabel"] is True
    assert run.report()["samples"] == [24, 8]
    assert EXACT_MATCH in run.report()["notices"]
    shown = read_shown_run(folder, None)
    assert shown.plan is not None
    assert shown.plan.train_samples == 24
    again, _ = evaluate(run, table)
    assert isinstance(again, LabelEvaluation)
    assert len(again.answers) == 32
    assert again.accuracy > 0.9
    by_path = {Path(answer.path).name: answer for answer in again.answers}
    for answer in evaluation.answers:  # the model that was put together, in Keras
        np.testing.assert_allclose(
            by_path[Path(answer.path).name].probabilities,
            answer.probabilities,
            atol=1e-5,
        )
    import keras

    plain = keras.saving.load_model(run.model_file)
    assert plain.layers[-1].activation is keras.activations.sigmoid
    assert type(plain.loss) is keras.losses.BinaryCrossentropy


@pytest.mark.tf
def test_the_command_line_says_all_of_it(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, photos = str(tmp_path / "run"), table.parent

    def said(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        shown = capsys.readouterr()
        return shown.err if code else shown.out

    scanned = said("scan", str(photos))
    assert "1.00 on average, and 8 of 32 show none" in scanned
    values = json.loads(said("scan", str(table), "--json"))
    assert values["multilabel"] is True
    assert (values["labels_per_sample"], values["without_class"]) == (1.0, 8)
    options = ("--epochs", "6", "--learning-rate", "0.02", "--augment", "none")
    trained = said("train", str(table), "--out", run, *options, "--val", "0.25")
    assert f"Note: {EXACT_MATCH}" in trained
    evaluated = said("evaluate", run, str(table))
    assert "exact match 1.0000 on 32 samples" in evaluated
    assert "always says that nothing is shown has 0.5000" in evaluated
    tried = [str(photos / name) for name in ("purple0.png", "black0.png")]
    lines = said("predict", run, *tried, "--csv", str(tmp_path / "p.csv"), "--json")
    first, second = map(json.loads, lines.splitlines())
    assert {*first["labels"]} == {"warm", "cold"}
    assert second["labels"] == []
    written = (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()
    rows = [*csv.DictReader(written)]
    assert [*rows[0]] == ["file", "labels", "problem", "cold", "warm"]
    assert {*rows[0]["labels"].split(";")} == {"warm", "cold"}
    assert rows[1]["labels"] == ""
    assert "exactly one class" in said("rank", str(table), code=2)


@pytest.mark.tf
@pytest.mark.parametrize(
    "blocks", [(), pytest.param(ALL[-1:], marks=pytest.mark.slow)], ids=len
)
def test_a_run_that_was_interrupted_ends_as_it_would_have(
    table: Path, tmp_path: Path, blocks: tuple[str, ...]
) -> None:
    changes: dict[str, Any] = {
        "trainable": blocks,
        "epochs": 3,
        "mixup": 0.2,
        "cutmix": 1.0,
    }
    changes |= {"class_weights": True, "label_smoothing": 0.1}
    changes |= {"dropout": 0.2, "cutmix": 1.0}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(spec(table, **changes), whole, Told().emit)
    told = Told(
        Stop.PAUSE, lambda e: isinstance(e, events.EpochEnded) and e.record.epoch == 2
    )
    train(spec(table, **changes), parts, told.emit, told.stop)
    assert not (parts / "model.keras").exists()
    resume(parts, Told().emit)
    one, other = (open_finished_run(folder) for folder in (whole, parts))
    assert one.evaluation() == other.evaluation()
    for left, right in zip(
        models.load_finished(one).weights,
        models.load_finished(other).weights,
        strict=True,
    ):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


@pytest.mark.tf
def test_a_run_goes_on_from_another_of_its_kind_only(
    table: Path, colours: Path, tmp_path: Path
) -> None:
    several, single = tmp_path / "several", tmp_path / "single"
    train(spec(table, epochs=1), several, Told().emit)
    train(spec(colours, epochs=1), single, Told().emit)
    start = read_start(spec(table, start=str(several)))
    assert start is not None
    assert start.multilabel
    head = start.head_for(["cold", "new", "warm"], multilabel=True)
    assert head is not None
    assert not head[0][:, 1].any()
    assert head[0][:, [0, 2]].any(axis=0).all()
    assert start.head_for(["cold", "warm"]) is None
    assert open_starting_point(several).task == "image-multilabel"
    again, told = tmp_path / "again", Told()
    train(spec(table, epochs=1, start=str(several)), again, told.emit)
    assert told.of(events.EpochEnded)[0].record.loss < 0.6  # it goes on, not anew
    lines = table.read_text().replace("warm", "red")
    table.write_text(lines, encoding="utf-8")
    other, told = tmp_path / "other", Told()
    train(spec(table, epochs=1, start=str(single)), other, told.emit)
    (sentence,) = (n.sentence for n in told.of(events.Noticed) if "anew" in n.sentence)
    assert sentence.startswith(
        "The model that this starts from names exactly one of its classes for a photo"
    )


@pytest.mark.tf
def test_what_does_not_fit_is_told_before_anything_is_made(
    table: Path, colours: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(TlguiError, match="Choose binary-cross-entropy"):
        train(spec(table, loss="focal"), folder, Told().emit)
    single = spec(colours, task="image-multilabel", loss="binary-cross-entropy")
    with pytest.raises(TlguiError, match="each shows exactly one"):
        train(single, folder, Told().emit)
    assert not folder.exists()
    train(spec(colours, epochs=1), folder, Told().emit)
    with pytest.raises(TlguiError, match="exactly one class, but in"):
        evaluate(open_finished_run(folder), table)


def test_a_photo_with_rare_classes_counts_more() -> None:
    samples = [Sample("a", 0)] * 8 + [Sample("b", 0, (1,)), Sample("c", -1)]
    dataset = Dataset(
        Path("/x"), "image-multilabel", ("often", "rare"), {"train": tuple(samples)}
    )
    weigh = weights_of_labels(dataset, spec(Path("/x"), class_weights=True))
    shown = np.array([[1, 0]] * 8 + [[1, 1], [0, 0]], np.bool_)
    found = weigh(shown)
    assert found.mean() == pytest.approx(1.0)
    assert found[8] > 2 * found[0]
    assert found[8] > found[9] > found[0]
    even = weights_of_labels(dataset, spec(Path("/x")))
    np.testing.assert_array_equal(even(shown), np.ones(10))


def test_the_spec_says_what_does_not_fit_together() -> None:
    several = dataclasses.replace(
        TrainingSpec(data=""), task="image-multilabel", loss="binary-cross-entropy"
    )
    several.check()
    with pytest.raises(TlguiError, match="binary-cross-entropy"):
        dataclasses.replace(several, loss="cross-entropy").check()
    with pytest.raises(TlguiError, match="Choose cross-entropy"):
        dataclasses.replace(several, task="image-classification").check()


def test_every_class_that_is_said_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names, shares = ("a", "b", "c"), (0.9, 0.6, 0.1)
    print_prediction(
        events.Prediction("x.jpg", names, shares, labels=("a", "b")), as_json=False
    )
    print_prediction(
        events.Prediction("y.jpg", names, (0.4, 0.2, 0.1), labels=()), as_json=False
    )
    assert capsys.readouterr().out.splitlines() == [
        "x.jpg: a 90.0%  b 60.0%",
        "y.jpg: none (most probable: a 40.0%)",
    ]
    single = events.Prediction("x.jpg", names, shares)
    assert "labels" not in single.to_json()
