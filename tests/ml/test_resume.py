"""A run that was killed goes on, and ends to the bit as if it had not been."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlgui.core import events
from tlgui.core.checkpoint import Checkpoints
from tlgui.core.errors import TlguiError
from tlgui.core.events import EpochEnded, Event, Noticed, Outcome
from tlgui.core.history import EpochRecord
from tlgui.core.run import open_finished_run, open_run
from tlgui.core.spec import TrainingSpec
from tlgui.ml import models, run_writer
from tlgui.ml.cut_source import CutSource
from tlgui.ml.training import resume, train

pytestmark = [
    pytest.mark.tf,
    pytest.mark.skipif(os.name == "nt", reason="needs a signal that cannot be caught"),
]

CHILD = """
import json, os, signal, sys
from pathlib import Path
from tlgui.core.spec import TrainingSpec, spec_from_json
from tlgui.ml import run_writer
from tlgui.ml.cut_source import CutSource
from tlgui.ml.training import resume, train
folder, spec, kill_at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
run_writer._INTERVAL = 0.0
run_writer._LONGEST = 0.0
told = 0
def emit(event):
    global told
    told += 1
    if told == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
if folder.exists():
    resume(folder, emit)
else:
    train(spec_from_json(json.loads(spec), folder), folder, emit)
"""


def run(folder: Path, spec: TrainingSpec, kill_at: int = 0) -> int:
    text = json.dumps(spec.to_json())
    command = [sys.executable, "-c", CHILD, str(folder), text, str(kill_at)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def history(folder: Path) -> list[tuple[float, ...]]:
    """Every line but the seconds."""
    return [
        (r.epoch, r.loss, r.accuracy, r.val_loss, r.val_accuracy, r.learning_rate)
        for r in open_run(folder).history()
    ]


def assert_equal_runs(one: Path, other: Path) -> None:
    assert history(one) == history(other)
    first, second = (open_finished_run(folder) for folder in (one, other))
    for left, right in zip(
        models.load_finished(first).weights,
        models.load_finished(second).weights,
        strict=True,
    ):
        np.testing.assert_array_equal(left.numpy(), right.numpy(), left.path)
    assert first.report()["best_epoch"] == second.report()["best_epoch"]
    assert first.report()["validation"] == second.report()["validation"]


CASES: dict[str, dict[str, Any]] = {
    "head": {"epochs": 6, "augmentation": "light", "dropout": 0.3},
    "lp-ft": {"epochs": 4, "trainable": ("top",), "strategy": "lp-ft"},
    "direct": {
        "epochs": 3,
        "trainable": ("block7a", "top"),
        "strategy": "direct",
        "optimizer": "adamw",
        "augmentation": "light",
        "dropout": 0.2,
        "mixup": 0.2,
        "cutmix": 1.0,
    },
}


@pytest.mark.parametrize(
    "case",
    [
        "head",
        pytest.param("lp-ft", marks=pytest.mark.slow),
        pytest.param("direct", marks=pytest.mark.slow),
    ],
)
def test_killed_again_and_again_it_ends_as_if_it_had_not_been(
    case: str, colours: Path, tmp_path: Path
) -> None:
    spec = TrainingSpec(str(colours), batch_size=4, learning_rate=1e-3, **CASES[case])
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(whole, spec) == 0
    assert not (whole / "checkpoint").exists()
    kills = [12, 20, 31]
    for kill_at in kills:
        if run(killed, spec, kill_at) == 0:
            break
    else:
        assert run(killed, spec) == 0
    assert_equal_runs(whole, killed)
    assert not (killed / "checkpoint").exists()


class Killed(BaseException):
    """Ends a run as abruptly as a process can end without dying."""


def interrupted(
    folder: Path, spec: TrainingSpec, monkeypatch: pytest.MonkeyPatch, epochs: int = 3
) -> list[EpochRecord]:
    """Leaves a run in the middle; returns its finished epochs."""
    monkeypatch.setattr(run_writer, "_INTERVAL", 0.0)
    records: list[EpochRecord] = []

    def emit(event: Event) -> None:
        if isinstance(event, EpochEnded):
            records.append(event.record)
            if len(records) == epochs:
                raise Killed

    with pytest.raises(Killed):
        train(spec, folder, emit)
    return records


def test_the_finished_epochs_are_told_again_and_the_others_follow(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec(str(colours), epochs=8, augmentation="none")
    before = interrupted(tmp_path / "run", spec, monkeypatch)
    told: list[Event] = []
    ended = resume(tmp_path / "run", told.append)
    assert ended.outcome is Outcome.COMPLETED
    records = [event.record for event in told if isinstance(event, EpochEnded)]
    assert [record.val_loss for record in records[:3]] == [r.val_loss for r in before]
    assert records[0] == before[0], "not run again"
    assert [record.epoch for record in records] == [*range(1, 9)]
    kinds = [type(event) for event in told]
    assert kinds.index(events.RunStarted) < kinds.index(EpochEnded)
    with pytest.raises(TlguiError, match="is finished"):
        resume(tmp_path / "run", told.append)


def test_a_damaged_checkpoint_falls_back_and_is_told(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec(str(colours), epochs=8, augmentation="none")
    train(spec, tmp_path / "whole", lambda event: None)
    interrupted(tmp_path / "run", spec, monkeypatch, epochs=5)
    last = max(Checkpoints(tmp_path / "run").folder.glob("0*"))
    last.write_bytes(last.read_bytes()[:-1])
    told: list[Event] = []
    resume(tmp_path / "run", told.append)
    (sentence,) = [event.sentence for event in told if isinstance(event, Noticed)]
    assert "is damaged" in sentence
    assert open_run(tmp_path / "run").report()["notices"] == [sentence]
    assert_equal_runs(tmp_path / "whole", tmp_path / "run")


def test_other_files_than_before_are_refused(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec(str(colours), epochs=8, augmentation="none")
    interrupted(tmp_path / "run", spec, monkeypatch)
    red = sorted((colours / "red").iterdir())
    red[0].rename(red[0].with_name("another.png"))
    with pytest.raises(TlguiError, match="are not those that it began with"):
        resume(tmp_path / "run", lambda event: None)
    assert history(tmp_path / "run"), "the finished epochs stay"


def test_patience_that_was_over_stays_over(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec(str(colours), epochs=50, patience=2, learning_rate=1.0)
    train(spec, tmp_path / "whole", lambda event: None)
    epochs = len(history(tmp_path / "whole"))
    assert epochs < 50
    interrupted(tmp_path / "run", spec, monkeypatch, epochs=epochs)
    resume(tmp_path / "run", lambda event: None)
    assert_equal_runs(tmp_path / "whole", tmp_path / "run")


def test_training_goes_on_where_no_checkpoint_can_be_written(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Checkpoints, checkpoint: object, best: int) -> None:
        raise TlguiError("The disk is full.")

    monkeypatch.setattr(run_writer, "_INTERVAL", 0.0)
    monkeypatch.setattr(Checkpoints, "write", full)
    spec = TrainingSpec(str(colours), epochs=8, augmentation="none")
    told: list[Event] = []
    assert train(spec, tmp_path / "run", told.append).outcome is Outcome.COMPLETED
    (sentence,) = [event.sentence for event in told if isinstance(event, Noticed)]
    assert sentence.startswith("The disk is full. Training goes on")
    assert sentence in open_run(tmp_path / "run").report()["notices"]


def test_the_forecast_is_not_asked_again(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes by measured times, and may choose otherwise another time."""
    asked: list[int] = []

    def forecast(self: CutSource, key: object, records: int) -> bool:
        if self._streams is not None:
            return self._streams
        asked.append(records)
        return True

    monkeypatch.setattr(CutSource, "_is_streaming_cheaper", forecast)
    spec = TrainingSpec(
        str(colours), epochs=3, trainable=("top",), strategy="direct", batch_size=4
    )
    interrupted(tmp_path / "run", spec, monkeypatch, epochs=2)
    assert len(asked) == 1
    told: list[Event] = []
    resume(tmp_path / "run", told.append)
    assert len(asked) == 1
    (chosen,) = [event for event in told if isinstance(event, events.SourceChosen)]
    assert chosen.reason is events.Streaming.CHEAPER
