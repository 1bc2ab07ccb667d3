"""Fine-tuning with the real engine on small real pictures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlgui.core import events, storage
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.events import Outcome, Stop
from tlgui.core.layers import head_block, head_parameters
from tlgui.core.run import open_finished_run, open_run
from tlgui.core.spec import TrainingSpec
from tlgui.ml import models
from tlgui.ml.backbones import block_of
from tlgui.ml.evaluation import evaluate
from tlgui.ml.head_solver import HeadSolver
from tlgui.ml.training import train

pytestmark = pytest.mark.tf

BACKBONE = "efficientnet-lite0"
ALL = tuple(block.name for block in find_backbone(BACKBONE).blocks)


class Told:
    """Collects a run's events; can ask for a stop at one of them."""

    def __init__(
        self,
        stop: Stop | None = None,
        at: Callable[[events.Event], bool] = lambda event: False,
    ) -> None:
        self.events: list[events.Event] = []
        self._stop = stop
        self._at = at
        self._asked = False

    def emit(self, event: events.Event) -> None:
        self.events.append(event)
        self._asked = self._asked or self._at(event)

    def stop(self) -> Stop | None:
        return self._stop if self._asked else None

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def spec(data: Path, **changes: Any) -> TrainingSpec:
    values: dict[str, Any] = {"epochs": 1, "batch_size": 4}
    values |= {"augmentation": "none", "validation": 0.25}
    return TrainingSpec(data=str(data), **(values | changes))


def run(data: Path, folder: Path, told: Told, **changes: Any) -> events.RunEnded:
    return train(spec(data, **changes), folder, told.emit, told.stop)


def test_a_run_learns_and_leaves_the_files_of_the_contract(
    colours: Path, tmp_path: Path
) -> None:
    folder, told = tmp_path / "run", Told()
    ended = run(colours, folder, told, epochs=3)
    assert ended.outcome is Outcome.COMPLETED
    assert ended.accuracy == 1.0
    assert told.events[-1] == ended
    assert {path.name for path in folder.iterdir()} == {
        "spec.json",
        "history.csv",
        "labels.json",
        "model.keras",
        "report.json",
    }
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    assert labels == ["blue", "red"]
    opened = open_run(folder)
    assert [record.epoch for record in opened.history()] == [1, 2, 3]
    assert opened.evaluation() == told.of(events.EvaluationMade)[0].evaluation
    assert opened.spec == spec(colours, epochs=3)
    report = opened.report()
    assert report["outcome"] == "completed"
    assert report["total_parameters"] == told.of(events.RunStarted)[0].total_parameters


def test_events_come_in_order(colours: Path, tmp_path: Path) -> None:
    told = Told()
    run(colours, tmp_path / "run", told, epochs=2)
    stages = [event.stage.value for event in told.of(events.StageChanged)]
    assert stages[:3] == ["reading", "loading", "tracing"]
    assert stages[-1] == "saving"
    assert len(told.of(events.EpochEnded)) == 2
    last = told.of(events.BatchEnded)[-1]
    assert (last.epoch, last.step, last.steps) == (2, 3, 3)
    assert 0 < last.learning_seconds < told.of(events.EpochEnded)[-1].record.seconds


@pytest.mark.parametrize(
    "trainable",
    [(), ALL[-2:], ("block2a", "block5c"), ALL],
    ids=["head only", "last 2 blocks", "hand-picked", "everything"],
)
def test_frozen_weights_stay_bit_identical_and_trainable_ones_change(
    colours: Path, tmp_path: Path, trainable: tuple[str, ...]
) -> None:
    run(
        colours,
        tmp_path / "run",
        Told(),
        trainable=trainable,
        strategy="direct",
        learning_rate=0.001,
    )
    before = models.build_classifier(find_backbone(BACKBONE), 2)
    after = models.load_finished(open_finished_run(tmp_path / "run"))
    unfrozen = {*trainable, "head"}
    for old, new in zip(before.layers, after.layers, strict=True):
        for one, other in zip(old.get_weights(), new.get_weights(), strict=True):
            same = bool(np.array_equal(one, other))
            assert same is (block_of(old.name) not in unfrozen), old.name


@pytest.mark.parametrize("trainable", [(), ALL[-2:], ("block2a", "block5c"), ALL])
def test_the_counts_on_screen_equal_keras_own(trainable: tuple[str, ...]) -> None:
    keras_model = models.build_classifier(find_backbone(BACKBONE), 7)
    models.set_trainable(keras_model, trainable)
    blocks = find_backbone(BACKBONE).blocks
    head = head_parameters(find_backbone(BACKBONE).features, 7)
    shown = head + sum(
        block.trainable_parameters for block in blocks if block.name in trainable
    )
    total = head + sum(block.parameters for block in blocks)
    assert models.count_parameters(keras_model) == (shown, total)


def test_the_head_on_screen_is_keras_own() -> None:
    keras_model = models.build_classifier(find_backbone(BACKBONE), 7)
    theirs = [layer for layer in keras_model.layers if block_of(layer.name) == "head"]
    shown = head_block(find_backbone(BACKBONE).features, 7).layers
    assert [(s.name, s.kind, s.parameters, s.output_shape) for s in shown] == [
        (t.name, type(t).__name__, t.count_params(), tuple(t.output.shape[1:]))
        for t in theirs
    ]


def test_frozen_batch_normalization_stays_in_inference_mode() -> None:
    keras_model = models.build_classifier(find_backbone(BACKBONE), 2)
    models.set_trainable(keras_model, ())
    pixels = np.random.default_rng(0).integers(0, 255, (4, 224, 224, 3))
    features = keras_model.get_layer("top_activation").output
    import keras

    backbone = keras.Model(keras_model.input, features)
    np.testing.assert_array_equal(
        backbone(pixels.astype(np.float32), training=True),
        backbone(pixels.astype(np.float32), training=False),
    )


def test_the_same_seed_gives_the_same_run(colours: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"augmentation": "light", "epochs": 2, "seed": 5}
    first = run(colours, tmp_path / "a", Told(), **options)
    second = run(colours, tmp_path / "b", Told(), **options)
    assert first.loss == pytest.approx(second.loss, rel=1e-4)
    a, b = open_run(tmp_path / "a").history(), open_run(tmp_path / "b").history()
    assert [r.loss for r in a] == pytest.approx([r.loss for r in b], rel=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "learning_rate": 0.05},
        {"optimizer": "adamw"},
        {"optimizer": "rmsprop"},
        {"loss": "focal"},
        {"label_smoothing": 0.1},
        {"class_weights": True},
        {"augmentation": "strong"},
    ],
    ids=str,
)
def test_every_choice_trains(
    colours: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    ended = run(colours, tmp_path / "run", Told(), epochs=2, **changes)
    assert ended.accuracy == 1.0


def test_focal_loss_at_gamma_zero_is_cross_entropy(tmp_path: Path) -> None:
    one_hot = np.eye(3, dtype=np.float32)
    probabilities = np.array([[0.7, 0.2, 0.1]] * 3, np.float32)
    plain = models.make_loss(TrainingSpec(data="x"))(one_hot, probabilities)
    focal = models.make_loss(TrainingSpec(data="x", loss="focal", focal_gamma=0.0))
    assert float(plain) == pytest.approx(float(focal(one_hot, probabilities)), rel=1e-5)


def test_early_stopping_ends_and_the_best_weights_are_kept(
    colours: Path, tmp_path: Path
) -> None:
    told = Told()
    # So large a rate that the loss reaches its floor, and nothing improves any more.
    options: dict[str, Any] = {"epochs": 50, "patience": 2, "learning_rate": 1.0}
    ended = run(colours, tmp_path / "run", told, **options)
    records = [event.record for event in told.of(events.EpochEnded)]
    assert len(records) < 50
    assert records[-1].epoch - ended.best_epoch >= 2
    finished = open_finished_run(tmp_path / "run")
    again, _ = evaluate(finished, colours)
    assert again.accuracy == 1.0


@pytest.mark.parametrize("stop", [Stop.KEEP, Stop.DROP])
def test_a_stop_takes_effect_within_a_batch(
    colours: Path, tmp_path: Path, stop: Stop
) -> None:
    told = Told(stop, lambda e: isinstance(e, events.BatchEnded) and e.epoch == 2)
    ended = run(colours, tmp_path / "run", told, epochs=50, batch_size=2)
    assert ended.outcome is Outcome.STOPPED
    batches = [e for e in told.of(events.BatchEnded) if e.epoch == 2]
    assert len(batches) == 1
    kept = stop is Stop.KEEP
    assert ended.kept is kept
    assert (tmp_path / "run" / "model.keras").exists() is kept
    assert len(open_run(tmp_path / "run").history()) == 1


def test_stop_and_keep_before_the_first_epoch_keeps_what_there_is(
    colours: Path, tmp_path: Path
) -> None:
    told = Told(Stop.KEEP, lambda event: isinstance(event, events.BatchEnded))
    ended = run(colours, tmp_path / "run", told, epochs=50)
    assert ended.kept
    assert ended.best_epoch == 0
    assert open_finished_run(tmp_path / "run").evaluation().answers


def test_a_stop_while_reading_leaves_nothing(colours: Path, tmp_path: Path) -> None:
    told = Told(Stop.DROP, lambda event: isinstance(event, events.ProgressMade))
    ended = run(colours, tmp_path / "run", told)
    assert ended.outcome is Outcome.STOPPED
    assert not (tmp_path / "run").exists()


def test_a_photo_that_vanishes_after_the_scan_is_left_out(
    colours: Path, tmp_path: Path
) -> None:
    def vanish(event: events.Event) -> bool:
        if isinstance(event, events.StageChanged) and event.stage.value == "loading":
            (colours / "red" / "0.png").unlink()
        return False

    ended = run(colours, tmp_path / "run", Told(None, vanish))
    assert ended.outcome is Outcome.COMPLETED
    left_out = open_run(tmp_path / "run").report()["left_out"]
    assert [entry["path"] for entry in left_out] == ["red/0.png"]
    assert "no longer there" in left_out[0]["reason"]


def test_a_loss_that_explodes_is_told(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeadSolver, "step", lambda *_: (float("inf"), 0))
    with pytest.raises(TlguiError, match=r"learning rate of 0\.5"):
        run(colours, tmp_path / "run", Told(), learning_rate=0.5)


def test_a_disk_that_fills_up_is_told(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def fill(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage, "_flush_file", fill)
    monkeypatch.setattr("tlgui.ml.training.create_run", _create_despite(monkeypatch))
    with pytest.raises(TlguiError, match="the disk is full"):
        run(colours, tmp_path / "run", Told())
    assert not (tmp_path / "run" / "model.keras").exists()


def _create_despite(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Lets the run folder be made before the disk is full."""
    from tlgui.core.run import create_run

    def create(*arguments: Any) -> Any:
        with monkeypatch.context() as free:
            free.setattr(storage, "_flush_file", lambda path: None)
            return create_run(*arguments)

    return create


def test_evaluation_refuses_unknown_classes(colours: Path, tmp_path: Path) -> None:
    run(colours, tmp_path / "run", Told())
    (colours / "red").rename(colours / "green")
    with pytest.raises(TlguiError, match="“green”"):
        evaluate(open_finished_run(tmp_path / "run"), colours)


def test_a_damaged_model_file_is_told(colours: Path, tmp_path: Path) -> None:
    run(colours, tmp_path / "run", Told())
    file = tmp_path / "run" / "model.keras"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(TlguiError, match=r"model\.keras does not fit"):
        models.load_finished(open_finished_run(tmp_path / "run"))


def test_the_saved_model_opens_in_plain_keras(colours: Path, tmp_path: Path) -> None:
    run(colours, tmp_path / "run", Told(), epochs=2)
    import keras

    finished = open_finished_run(tmp_path / "run")
    theirs = keras.models.load_model(finished.model_file)
    pixels = np.random.default_rng(0).integers(0, 255, (2, 224, 224, 3))
    ours = models.load_finished(finished)
    np.testing.assert_allclose(
        theirs(pixels.astype(np.float32)), ours(pixels.astype(np.float32)), atol=1e-6
    )
