"""The fast way gives what plain training of the whole model would have given."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlgui.core import events
from tlgui.core.catalogue import find_backbone
from tlgui.core.history import EpochRecord
from tlgui.core.images import decode
from tlgui.core.phases import FINE_TUNING_SHARE
from tlgui.core.run import open_finished_run, open_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Floats
from tlgui.ml import cut_source, feeding, models
from tlgui.ml.backbones import block_of
from tlgui.ml.cuts import Cut
from tlgui.ml.prefix import KerasPrefix
from tlgui.ml.steps import make_predict_step
from tlgui.ml.training import train

pytestmark = pytest.mark.tf

BACKBONE = "efficientnet-lite0"
BLOCKS = tuple(block.name for block in find_backbone(BACKBONE).blocks)
LOSSES, ANSWERS = 1e-4, 1e-5
# Records at the end of every epoch what the process has imported.
HEAD_ONLY = """
import json, sys
from pathlib import Path
from tlgui.core.events import EpochEnded, SourceChosen, StageChanged, Stage
from tlgui.core.spec import TrainingSpec
from tlgui.ml.training import train
data, folder = sys.argv[1:]
told = {"epochs": [], "runtime": ""}
def emit(event):
    if isinstance(event, SourceChosen):
        told["runtime"] = event.runtime
    if isinstance(event, EpochEnded):
        told["epochs"].append("tensorflow" in sys.modules)
    if isinstance(event, StageChanged) and event.stage is Stage.SAVING:
        told["saving"] = "tensorflow" in sys.modules
spec = TrainingSpec(
    data=data, epochs=2, batch_size=4, validation=0.25, augmentation="light"
)
train(spec, Path(folder), emit)
print(json.dumps(told))
"""
# Of LP-FT with the default rate, in its second phase. A large rate makes much of what
# LiteRT rounds otherwise: Adam divides by gradients that are nearly nothing.
FINE = TrainingSpec(data="").learning_rate * FINE_TUNING_SHARE
CASES: dict[str, dict[str, Any]] = {
    "last 2 blocks": {"trainable": BLOCKS[-2:], "strategy": "direct"},
    "half of the blocks": {"trainable": BLOCKS[9:], "strategy": "direct"},
    "hand-picked": {"trainable": ("block5c", "block7a"), "strategy": "direct"},
    "lp-ft": {"trainable": BLOCKS[-2:], "strategy": "lp-ft", "epochs": 4},
}


def run(data: Path, folder: Path, changes: dict[str, Any]) -> list[events.SourceChosen]:
    """Trains; says where every phase got its samples from."""
    values = {"epochs": 3, "batch_size": 4, "validation": 0.25} | changes
    spec = TrainingSpec(data=str(data), augmentation="none", **values)
    told: list[events.Event] = []
    train(spec, folder, told.append)
    return [event for event in told if isinstance(event, events.SourceChosen)]


def losses(records: Sequence[EpochRecord]) -> Floats:
    """Losses and validation losses, shape `(2, epochs)`."""
    pairs = [(record.loss, record.val_loss) for record in records]
    return np.array(pairs, np.float32).T


def answers(folder: Path, data: Path) -> Floats:
    """What a finished run's model says to every photo."""
    keras_model = models.load_finished(open_finished_run(folder))
    size = find_backbone(BACKBONE).input_size
    pixels = np.stack([decode(file, size) for file in sorted(data.glob("*/*"))])
    return make_predict_step(keras_model)(pixels)


def compare(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> tuple[float, float]:
    """Trains both ways; the largest difference of losses and of answers."""
    fast, plain = tmp_path / "fast", tmp_path / "plain"
    assert all(source.cached for source in run(data, fast, changes))
    with monkeypatch.context() as streaming:
        streaming.setattr(feeding, "find_cut", lambda *_: None)
        assert not any(source.cached for source in run(data, plain, changes))
    found, expected = (losses(open_run(folder).history()) for folder in (fast, plain))
    assert found.shape == expected.shape
    of_losses = float(np.max(np.abs(found - expected) / np.abs(expected)))
    of_answers = float(np.max(np.abs(answers(fast, data) - answers(plain, data))))
    return of_losses, of_answers


@pytest.mark.parametrize(
    "name",
    [
        "last 2 blocks",
        pytest.param("half of the blocks", marks=pytest.mark.slow),
        pytest.param("hand-picked", marks=pytest.mark.slow),
    ],
)
def test_the_cut_itself_changes_no_number(
    name: str, colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the frozen layers in Keras, at the default rate; measured: up to 1.1e-6."""

    def plain(cut: Cut, *_: object) -> KerasPrefix:
        return KerasPrefix(cut)

    monkeypatch.setattr(cut_source, "make_prefix", plain)
    of_losses, of_answers = compare(colours, tmp_path, monkeypatch, CASES[name])
    assert of_losses < 1e-5
    assert of_answers < 1e-6


@pytest.mark.parametrize(
    "changes",
    [
        {"trainable": (), "epochs": 4},
        CASES["last 2 blocks"] | {"learning_rate": FINE},
        pytest.param(
            CASES["half of the blocks"] | {"learning_rate": FINE / 3},
            marks=pytest.mark.slow,
        ),
        CASES["lp-ft"],
    ],
    ids=["head only", "last 2 blocks", "half of the blocks", "lp-ft"],
)
def test_losses_and_answers_equal_plain_training(
    changes: dict[str, Any],
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_losses, of_answers = compare(colours, tmp_path, monkeypatch, changes)
    assert of_losses < LOSSES
    assert of_answers < ANSWERS


@pytest.fixture
def insects(hymenoptera: Path, tmp_path: Path) -> Path:
    """Real photos, which are not learned at once: 16 of each class."""
    for folder in (hymenoptera / "train").iterdir():
        (tmp_path / "insects" / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:16]:
            shutil.copy(file, tmp_path / "insects" / folder.name)
    return tmp_path / "insects"


@pytest.mark.data
def test_losses_and_answers_equal_plain_training_on_real_photos(
    insects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"trainable": (), "epochs": 4, "batch_size": 8}
    of_losses, of_answers = compare(insects, tmp_path, monkeypatch, changes)
    assert of_losses < LOSSES
    assert of_answers < ANSWERS


@pytest.mark.parametrize(
    "trainable",
    [
        (),
        BLOCKS[-2:],
        pytest.param(("block5c", "top"), marks=pytest.mark.slow),
    ],
)
def test_frozen_weights_of_the_whole_model_are_the_pretrained_ones(
    trainable: tuple[str, ...], colours: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    chosen = run(colours, folder, {"trainable": trainable, "epochs": 2})
    assert all(source.cached for source in chosen)
    before = models.build_classifier(find_backbone(BACKBONE), 2)
    after = models.load_finished(open_finished_run(folder))
    for old, new in zip(before.layers, after.layers, strict=True):
        changes = block_of(old.name) in {*trainable, "head"}
        for one, other in zip(old.get_weights(), new.get_weights(), strict=True):
            assert bool(np.array_equal(one, other)) is not changes, old.name


def test_a_second_run_on_what_is_kept_equals_the_first(
    colours: Path, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        run(colours, tmp_path / name, CASES["last 2 blocks"])
    first, second = (
        open_run(tmp_path / name).history() for name in ("first", "second")
    )
    np.testing.assert_allclose(losses(first), losses(second), rtol=1e-6)


def test_head_only_needs_no_tensorflow_until_the_model_is_written(
    colours: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ai_edge_litert")
    run(colours, tmp_path / "first", {"epochs": 1})  # converts, if no test did yet
    answer = subprocess.run(
        [sys.executable, "-c", HEAD_ONLY, str(colours), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert told == {"epochs": [False, False], "saving": False, "runtime": "LiteRT"}
    assert open_finished_run(tmp_path / "run").model_file.exists()
