import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.phases import plan_phases
from tlgui.core.spec import STRATEGIES, TrainingSpec, read_spec


def test_the_defaults_make_sense() -> None:
    TrainingSpec(data="x").check()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"learning_rate": 0.0}, "learning rate.*found 0"),
        ({"learning_rate": math.nan}, "learning rate.*found nan"),
        ({"learning_rate": -1.0}, "learning rate"),
        ({"learning_rate": math.inf}, "learning rate"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch size"),
        ({"batch_size": 2.5}, "batch size"),
        ({"optimizer": "sdg"}, "adam, adamw, sgd, rmsprop"),
        ({"loss": "hinge"}, "cross-entropy, focal"),
        ({"augmentation": "wild"}, "none, light, strong"),
        ({"strategy": "magic"}, "lp-ft, gradual"),
        ({"schedule": "steep"}, "cosine, warm-up"),
        ({"backbone": "efficientnet-lite9"}, "Did you mean “efficientnet-lite"),
        ({"trainable": ("block9z",)}, "Its blocks are: stem"),
        ({"validation": 0.0}, "between 0 and 1"),
        ({"validation": 1.5}, "between 0 and 1"),
        ({"label_smoothing": 0.9}, "label smoothing"),
        ({"seed": -1}, "seed"),
        ({"task": "poetry"}, "image-classification"),
    ],
)
def test_bad_values_are_told(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TlguiError, match=sentence):
        TrainingSpec(data="x", **changes).check()


def test_a_spec_survives_its_file(tmp_path: Path) -> None:
    spec = TrainingSpec(data="x", trainable=("block7a", "top"), validation="/v", seed=7)
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(spec.to_json()), encoding="utf-8")
    assert read_spec(file) == spec


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"version": 1}', '{"version": 99}', '{"version": 1, "data": 3,'],
)
def test_a_damaged_file_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "spec.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TlguiError):
        read_spec(file)


def test_head_only_is_one_phase() -> None:
    (phase,) = plan_phases(TrainingSpec(data="x", epochs=7))
    assert (phase.first_epoch, phase.epochs, phase.trainable) == (1, 7, ())


def test_lp_ft_trains_the_head_first_and_then_in_small_steps() -> None:
    spec = TrainingSpec(data="x", epochs=10, trainable=("top",))
    probe, tune = plan_phases(spec)
    assert probe.trainable == ()
    assert tune.trainable == ("top",)
    assert probe.epochs + tune.epochs == 10
    assert tune.first_epoch == probe.epochs + 1
    assert tune.learning_rate < probe.learning_rate


def test_direct_trains_everything_chosen_from_the_first_step() -> None:
    spec = TrainingSpec(data="x", strategy="direct", trainable=("top",))
    (phase,) = plan_phases(spec)
    assert phase.trainable == ("top",)


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_few_epochs_still_train_the_chosen_blocks(epochs: int) -> None:
    phases = plan_phases(TrainingSpec(data="x", epochs=epochs, trainable=("top",)))
    assert sum(phase.epochs for phase in phases) == epochs
    assert phases[-1].trainable == ("top",)


TUNED = ("block6d", "block7a", "top")


def test_gradual_unfreezing_goes_from_the_top_to_the_bottom() -> None:
    spec = TrainingSpec(data="x", epochs=9, trainable=TUNED, strategy="gradual")
    phases = plan_phases(spec)
    assert [phase.trainable for phase in phases] == [(), TUNED[2:], TUNED[1:], TUNED]
    assert [phase.first_epoch for phase in phases] == [1, 4, 6, 8]
    assert sum(phase.epochs for phase in phases) == 9
    assert [phase.learned for phase in phases[1:]] == [(), TUNED[2:], TUNED[1:]]


@pytest.mark.parametrize("epochs", range(1, 12))
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_fills_all_epochs_and_ends_with_all_blocks(
    epochs: int, strategy: str
) -> None:
    blocks = tuple(block.name for block in find_backbone("efficientnet-lite0").blocks)
    spec = TrainingSpec(data="x", epochs=epochs, trainable=blocks, strategy=strategy)
    phases = plan_phases(spec)
    assert phases[0].first_epoch == 1
    for before, after in pairwise(phases):
        assert after.first_epoch == before.first_epoch + before.epochs
        assert set(before.trainable) < set(after.trainable)
    assert sum(phase.epochs for phase in phases) == epochs
    assert all(phase.epochs > 0 for phase in phases)
    assert phases[-1].trainable == blocks


def test_discriminative_rates_fall_from_the_top() -> None:
    spec = TrainingSpec(
        data="x", epochs=6, trainable=("stem", *TUNED), strategy="discriminative"
    )
    rates = dict(plan_phases(spec)[-1].rates)
    assert rates["top"] == 1.0
    assert rates["stem"] == pytest.approx(0.01)
    assert rates["block6d"] / rates["block7a"] == pytest.approx(
        rates["block7a"] / rates["top"]
    )


def test_only_auto_rgn_weighs_blocks() -> None:
    for strategy in STRATEGIES:
        spec = TrainingSpec(data="x", epochs=6, trainable=TUNED, strategy=strategy)
        weighs = [phase.weighs_blocks for phase in plan_phases(spec)]
        assert any(weighs) == (strategy == "auto-rgn")
