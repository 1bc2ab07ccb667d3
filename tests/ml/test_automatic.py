"""Automatic training with the real engine."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tlgui import cli
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.events import AttemptBegan, AutomaticEnded, Event, RunEnded, Stop
from tlgui.core.run import open_run
from tlgui.core.spec import TrainingSpec
from tlgui.ml import automatic
from tlgui.ml.automatic import train_automatically
from tlgui.ml.head_search import DECAYS, RATES, folds, search_head

pytestmark = pytest.mark.tf


def spec_for(data: Path) -> TrainingSpec:
    return TrainingSpec(data=str(data), epochs=2, augmentation="none")


def place_in(folder: Path) -> Callable[[str], Path]:
    return lambda key: folder / key


def test_attempts_are_ordinary_runs_and_the_best_says_why(
    colours: Path, tmp_path: Path
) -> None:
    told: list[Event] = []
    verdict = train_automatically(
        spec_for(colours), place_in(tmp_path), 30.0, told.append, chooses_backbone=False
    )
    begun = [event for event in told if isinstance(event, AttemptBegan)]
    assert begun[0].words == "the head alone"
    assert len(verdict.tried) == len(begun) >= 1
    for one in verdict.tried:
        run = open_run(Path(one.run))
        assert run.model_file.is_file()
        assert run.spec.head_decay == verdict.settings["head_decay"]
        assert run.evaluation().accuracy == pytest.approx(one.accuracy)
    best = open_run(Path(verdict.winner.run))
    assert best.sentences == verdict.sentences()
    assert told[-1] == AutomaticEnded(verdict.winner.run, verdict.sentences())


def test_what_was_tried_already_is_not_trained_again(
    colours: Path, tmp_path: Path
) -> None:
    def go(seconds: float = 1e-3) -> list[Event]:
        told: list[Event] = []
        train_automatically(
            *(spec_for(colours), place_in(tmp_path), seconds, told.append),
            chooses_backbone=False,
        )
        return told

    first = go()
    assert sum(isinstance(event, RunEnded) for event in first) == 1
    assert not any(isinstance(event, RunEnded) for event in go())


def test_time_that_is_over_ends_an_attempt_with_what_it_has(
    colours: Path, tmp_path: Path
) -> None:
    spec = TrainingSpec(data=str(colours), epochs=10_000, augmentation="none")
    verdict = train_automatically(
        *(spec, place_in(tmp_path), 6.0, lambda event: None), chooses_backbone=False
    )
    assert len(verdict.tried) == 1
    assert len(verdict.left_out) >= 1
    assert "There was no time" in verdict.sentences()[-1]
    assert len(open_run(Path(verdict.winner.run)).history()) < 10_000


def test_a_head_learns_even_if_the_time_is_over_before(
    colours: Path, tmp_path: Path
) -> None:
    verdict = train_automatically(
        *(spec_for(colours), place_in(tmp_path), 1e-3, lambda event: None)
    )
    assert verdict.ranking is not None
    assert len(verdict.ranking.scores) == 1, "there was no time for others"
    assert verdict.left_out[-1] == "other models"
    assert len(open_run(tmp_path / "head").history()) >= 1
    assert verdict.winner.accuracy > 0.5


def test_an_attempt_without_one_finished_epoch_is_not_counted(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automatic._Search, "_next", lambda _, waiting, *__: waiting[0])
    verdict = train_automatically(
        *(spec_for(colours), place_in(tmp_path), 1e-3, lambda event: None),
        chooses_backbone=False,
    )
    assert [one.key for one in verdict.tried] == ["head"]
    assert len(verdict.left_out) >= 1
    assert not list(tmp_path.glob("last-*/model.keras"))


def test_a_stop_before_anything_is_finished_leaves_nothing_to_keep(
    colours: Path, tmp_path: Path
) -> None:
    with pytest.raises(Stopped):
        train_automatically(
            *(spec_for(colours), place_in(tmp_path), 30.0, lambda event: None),
            lambda: Stop.DROP,
            chooses_backbone=False,
        )


def test_a_folder_of_other_runs_is_refused(colours: Path, tmp_path: Path) -> None:
    arguments = ["auto", str(colours), "--out", str(tmp_path / "runs"), "--minutes"]
    fast = ["--epochs", "2", "--augment", "none", "--backbone", "efficientnet-lite0"]
    assert cli.main([*arguments, "0.0001", *fast]) == 0
    with pytest.raises(TlguiError, match="a run of other settings"):
        train_automatically(
            *(TrainingSpec(data=str(colours), epochs=3), place_in(tmp_path / "runs")),
            *(1.0, lambda event: None),
            chooses_backbone=False,
        )


@pytest.mark.slow
def test_the_command_chooses_the_model_and_tells_what_won(
    colours: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(automatic, "_COMPARING", 1e9)
    command = ["auto", str(colours), "--out", str(tmp_path / "runs")]
    fast = ["--minutes", "0.0001", "--epochs", "2", "--augment", "none"]
    assert cli.main([*command, *fast]) == 0
    out = capsys.readouterr().out
    assert "seemed to suit these photos best" in out
    assert "Kept: the head alone." in out
    assert cli.main([*command, *fast, "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["event"] == "verdict"
    assert last["winner"] == str(tmp_path / "runs" / "head")


def test_the_command_says_what_is_wrong(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["auto", str(colours), "--out", str(tmp_path / "runs")]
    assert cli.main([*command, "--minutes", "0"]) == 2
    assert "Expected minutes above 0" in capsys.readouterr().err
    assert cli.main([*command, "--backbone", "resnet"]) == 2
    assert "There is no backbone" in capsys.readouterr().err


def test_the_search_finds_that_noise_wants_a_decay() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(60) % 2
    noise = random.normal(size=(60, 400)).astype(np.float32)
    spec = TrainingSpec(data="x", epochs=10)
    told: list[tuple[int, int]] = []
    found = search_head(
        noise, labels, spec, lambda done, total: told.append((done, total))
    )
    assert found["head_decay"] == max(DECAYS) or found["learning_rate"] == min(RATES)
    assert told[-1] == (len(RATES) * len(DECAYS),) * 2


def test_every_sample_is_left_out_once_and_classes_are_spread() -> None:
    labels = np.array([0] * 20 + [1] * 7)
    parts = [*folds(labels, 0)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(27))
    assert all(1 <= int((labels[part] == 1).sum()) <= 2 for part in parts)
    assert [*map(len, folds(np.array([0, 1]), 0))] == [2]
