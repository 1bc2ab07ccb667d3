"""A training goes on from an earlier run: its backbone, its head, and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import save_picture
from tests.ml.test_resume import Killed, assert_equal_runs, interrupted
from tlgui import paths
from tlgui.core import events
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.events import Event, RunStarted
from tlgui.core.history import best_epoch
from tlgui.core.report import Evaluation
from tlgui.core.run import Run, open_finished_run, open_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import WEIGHTS
from tlgui.ml import models
from tlgui.ml.backbones import block_of
from tlgui.ml.importing import import_model
from tlgui.ml.start_file import read_start_file
from tlgui.ml.starting import read_start
from tlgui.ml.training import resume, train

pytestmark = pytest.mark.tf

LITE0 = find_backbone("efficientnet-lite0")
STILL = 1e-9  # a learning rate that moves nothing
BLOCKS: dict[str, Any] = {"trainable": ("top",), "strategy": "direct"}


def spec(data: Path, **changes: Any) -> TrainingSpec:
    values: dict[str, Any] = {"epochs": 1, "batch_size": 4, "augmentation": "none"}
    values |= {"learning_rate": 1e-3}
    return TrainingSpec(str(data), **(values | changes))


def run(folder: Path, data: Path, **changes: Any) -> Run:
    train(spec(data, **changes), folder, lambda event: None)
    return open_finished_run(folder)


def first_loss(made: Run) -> float:
    return made.history()[0].val_loss


def kept_loss(made: Run) -> float:
    """Of the kept weights on the validation samples, as they were when it ended."""
    best = best_epoch(made.history())
    assert best is not None
    return best.val_loss


def test_a_head_goes_on_where_it_was(colours: Path, tmp_path: Path) -> None:
    old = run(tmp_path / "old", colours, epochs=3)
    prepared = {file.name for file in paths.prefix_dir().iterdir()}
    new = run(tmp_path / "new", colours, start=str(old.folder), learning_rate=STILL)
    assert first_loss(new) == pytest.approx(kept_loss(old), rel=1e-5)
    assert first_loss(new) < 0.9 * np.log(2), "a head that knows something"
    kept = read_start_file(new.folder / WEIGHTS)
    assert kept.layers is None, "the backbone is the catalogue's"
    assert {file.name for file in paths.prefix_dir().iterdir()} == prepared


@pytest.mark.slow
def test_a_backbone_that_has_learned_is_the_one_that_goes_on(
    colours: Path, tmp_path: Path
) -> None:
    old = run(tmp_path / "old", colours, epochs=2, **BLOCKS)
    before = models.load_finished(old)
    new = run(tmp_path / "new", colours, start=str(old.folder), learning_rate=STILL)
    assert first_loss(new) == pytest.approx(kept_loss(old), rel=1e-4)
    assert len(list(paths.activations_dir().glob("*/about.json"))) == 2, "kept apart"
    tuned = run(
        tmp_path / "tuned",
        colours,
        start=str(new.folder),
        epochs=2,
        trainable=("block7a", "top"),
        strategy="lp-ft",
    )
    shutil.rmtree(old.folder)
    shutil.rmtree(new.folder)
    after = models.load_finished(tuned)
    for one, other in zip(before.layers, after.layers, strict=True):
        for left, right in zip(one.get_weights(), other.get_weights(), strict=True):
            if block_of(one.name) not in ("block7a", "top", "head"):
                np.testing.assert_array_equal(left, right, one.name)


def test_blocks_begin_with_the_old_head_too(colours: Path, tmp_path: Path) -> None:
    old = run(tmp_path / "old", colours, epochs=3)
    told: list[Event] = []
    new = spec(colours, start=str(old.folder), learning_rate=STILL, **BLOCKS)
    train(new, tmp_path / "new", told.append)
    (started,) = [event for event in told if isinstance(event, RunStarted)]
    assert started.total_parameters == LITE0.parameters + 2 * 1281
    # Batch normalization moves its averages a little, whatever the learning rate.
    loss = first_loss(open_finished_run(tmp_path / "new"))
    assert loss == pytest.approx(kept_loss(old), rel=0.1)


def test_more_classes_than_before(colours: Path, tmp_path: Path) -> None:
    old = run(tmp_path / "old", colours, epochs=3)
    for index in range(8):
        save_picture(colours / "amber" / f"{index}.png", (200, 180, 60), index)
    new = run(tmp_path / "new", colours, start=str(old.folder), learning_rate=STILL)
    assert new.class_names == ("amber", "blue", "red")
    assert new.report()["notices"] == ["New to the model that this starts from: amber."]
    evaluation = new.evaluation()
    assert isinstance(evaluation, Evaluation)
    matrix = evaluation.confusion
    assert matrix[1:, 1:].trace() == matrix[1:].sum(), "what was known still is"
    more = run(tmp_path / "more", colours, start=str(old.folder), epochs=8)
    assert more.evaluation().accuracy == 1.0


def test_other_classes_begin_with_a_new_head(colours: Path, tmp_path: Path) -> None:
    old = run(tmp_path / "old", colours)
    for name in ("red", "blue"):
        (colours / name).rename(colours / f"{name}dish")
    new = run(tmp_path / "new", colours, start=str(old.folder), learning_rate=STILL)
    assert first_loss(new) == pytest.approx(np.log(2), rel=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"epochs": 6}, marks=pytest.mark.slow),
        pytest.param(
            {"epochs": 4, "trainable": ("top",), "strategy": "lp-ft"},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["head", "lp-ft"],
)
def test_killed_it_goes_on_to_the_bit_without_the_earlier_run(
    changes: dict[str, Any],
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = run(tmp_path / "old", colours, **BLOCKS)
    wanted = spec(colours, start=str(old.folder), **changes)
    train(wanted, tmp_path / "whole", lambda event: None)
    interrupted(tmp_path / "killed", wanted, monkeypatch, epochs=2)
    shutil.rmtree(old.folder)
    resume(tmp_path / "killed", lambda event: None)
    assert_equal_runs(tmp_path / "whole", tmp_path / "killed")


def test_killed_before_the_first_checkpoint(colours: Path, tmp_path: Path) -> None:
    old = run(tmp_path / "old", colours, epochs=3)
    wanted = spec(colours, start=str(old.folder), epochs=3)
    train(wanted, tmp_path / "whole", lambda event: None)

    def kill(event: Event) -> None:
        if isinstance(event, RunStarted):
            raise Killed

    with pytest.raises(Killed):
        train(wanted, tmp_path / "killed", kill)
    shutil.rmtree(old.folder)
    resume(tmp_path / "killed", lambda event: None)
    assert_equal_runs(tmp_path / "whole", tmp_path / "killed")


def test_a_lost_copy_is_told(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = run(tmp_path / "old", colours)
    wanted = spec(colours, start=str(old.folder), epochs=4)
    interrupted(tmp_path / "new", wanted, monkeypatch, epochs=1)
    (tmp_path / "new" / WEIGHTS).unlink()
    with pytest.raises(TlguiError, match=r"start\.weights\.npz are missing"):
        resume(tmp_path / "new", lambda event: None)
    assert open_run(tmp_path / "new").history(), "the finished epochs stay"


def test_a_starting_point_that_cannot_be_used_leaves_no_run(
    colours: Path, tmp_path: Path
) -> None:
    old = run(tmp_path / "old", colours)
    other = spec(colours, start=str(old.folder), backbone="efficientnet-lite1")
    for wanted, reason in (
        (other, "whose backbone is efficientnet-lite0, but efficientnet-lite1"),
        (spec(colours, start=str(tmp_path / "nowhere")), "no such folder"),
    ):
        with pytest.raises(TlguiError, match=reason):
            train(wanted, tmp_path / "new", lambda event: None)
        assert not (tmp_path / "new").exists()


def test_the_model_of_a_run_goes_through_the_gate(
    colours: Path, tmp_path: Path
) -> None:
    """A run folder may come from a stranger."""
    old = run(tmp_path / "old", colours)
    whole = old.model_file.read_bytes()
    wanted = spec(colours, start=str(old.folder))
    assert read_start(wanted) is not None
    for content in (whole[: len(whole) // 2], b"\x80\x04pickle", b""):
        old.model_file.write_bytes(content)
        with pytest.raises(TlguiError, match="was not opened"):
            read_start(wanted)


def test_a_head_alone_needs_no_tensorflow(colours: Path, tmp_path: Path) -> None:
    old = run(tmp_path / "old", colours)
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from tlgui.core.spec import TrainingSpec\n"
        "from tlgui.ml.training import train\n"
        "spec = TrainingSpec(sys.argv[1], epochs=2, batch_size=4, start=sys.argv[2], "
        "augmentation='none')\n"
        "train(spec, Path(sys.argv[3]), lambda event: None)\n"
        "print('tensorflow' in sys.modules)"
    )
    arguments = [str(colours), str(old.folder), str(tmp_path / "new")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False"]
    assert open_finished_run(tmp_path / "new").spec.start == str(old.folder)


def test_an_imported_model_is_a_starting_point(colours: Path, tmp_path: Path) -> None:
    old = run(tmp_path / "old", colours, **BLOCKS)
    imported = import_model(old.model_file)
    told: list[Event] = []
    wanted = spec(colours, start=imported.folder, epochs=2)
    train(wanted, tmp_path / "new", told.append)
    assert any(isinstance(event, events.RunEnded) for event in told)
    ours = models.load_finished(open_finished_run(tmp_path / "new"))
    theirs = models.load_finished(old)
    for one, other in zip(ours.layers, theirs.layers, strict=True):
        for left, right in zip(one.get_weights(), other.get_weights(), strict=True):
            if block_of(one.name) != "head":
                np.testing.assert_array_equal(left, right, one.name)
