"""Learning rates tested with the real engine."""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from tests.conftest import save_picture
from tlgui import cli, paths
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.events import (
    Event,
    RateTested,
    RunStarted,
    SourceChosen,
    Stage,
    StageChanged,
    Stop,
    Streaming,
)
from tlgui.core.phases import Phase
from tlgui.core.rate_finder import STEPS, RateCurve, rising_rates
from tlgui.core.scan import scan
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.core.types import Floats
from tlgui.ml import rate_finder
from tlgui.ml.feeding import Feed
from tlgui.ml.learners import Learner, Weights
from tlgui.ml.pipeline import SampleReader, StreamSource
from tlgui.ml.rate_finder import find_rate
from tlgui.ml.training import train

pytestmark = pytest.mark.tf


def spec_of(folder: Path, **changes: object) -> TrainingSpec:
    usual = TrainingSpec(data=str(folder), batch_size=4)
    return dataclasses.replace(usual, **changes)  # type: ignore[arg-type]


def found(spec: TrainingSpec) -> RateCurve:
    return find_rate(spec, lambda event: None)


def test_the_head_alone_is_tested_and_leaves_only_what_it_looked_at(
    colours: Path,
) -> None:
    told: list[Event] = []
    spec = spec_of(colours, augmentation="none")
    curve = find_rate(spec, told.append)
    assert curve.losses[0] == pytest.approx(math.log(2)), (
        "a head of zeros knows nothing"
    )
    assert curve.suggested is not None
    assert min(curve.smoothed) < 0.3, "red and blue are easy to tell apart"
    assert curve.trainable == ()
    assert curve.share == 1.0
    steps = [event for event in told if isinstance(event, RateTested)]
    assert [step.rate for step in steps] == list(curve.rates)
    assert [step.loss for step in steps] == list(curve.losses)
    assert {step.steps for step in steps} == {STEPS}
    assert StageChanged(Stage.LOADING) in told
    assert not any(isinstance(event, RunStarted) for event in told)
    kept = [*paths.activations_dir().rglob("*")]
    assert kept
    assert found(spec) == curve, "the same photos and seed give the same answer"
    assert [*paths.activations_dir().rglob("*")] == kept, "nothing is computed twice"
    assert not paths.default_runs_dir().exists()


def test_neither_rate_nor_schedule_of_the_spec_matters(colours: Path) -> None:
    spec = spec_of(colours, augmentation="none")
    other = spec_of(
        colours, augmentation="none", learning_rate=1.0, schedule="plateau", ema=0.99
    )
    assert found(spec) == found(other)


class Recorded:
    """A learner whose loss falls a little with each step; notes its rates."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def slow_down(self, share: float) -> None:
        self.rates.append(share)

    def train(self, inputs: Any, labels: Floats, weights: Floats) -> tuple[float, int]:
        assert len(inputs) == len(labels) == len(weights) == 4, "no smaller last batch"
        return 2.0 - 0.02 * len(self.rates), 0


@dataclass
class RecordedFeeding:
    """Takes the place of `Feeding`; keeps nothing, and asks for no backbone."""

    reader: SampleReader
    learner: Recorded
    phases: list[Phase]

    def prepare(self, phase: Phase, weights: Weights | None) -> Feed:
        self.phases.append(phase)
        chosen = SourceChosen(False, 0, "", Streaming.NOTHING_FROZEN)
        return Feed(cast(Learner, self.learner), StreamSource(self.reader), chosen)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("strategy", "epochs", "blocks", "share"),
    [
        ("lp-ft", 3, (), 1.0),
        ("gradual", 3, (), 1.0),
        ("direct", 3, ("top",), 1.0),
        ("lp-ft", 1, ("top",), 0.05),  # there is no time for the head alone
    ],
)
def test_what_would_learn_first_is_tested_at_its_share(
    colours: Path,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
    epochs: int,
    blocks: tuple[str, ...],
    share: float,
) -> None:
    learner, phases = Recorded(), list[Phase]()
    monkeypatch.setattr(
        rate_finder,
        "Feeding",
        lambda spec, backbone, reader, steps, emit: RecordedFeeding(
            reader, learner, phases
        ),
    )
    curve = found(
        spec_of(colours, trainable=("top",), strategy=strategy, epochs=epochs)
    )
    (phase,) = phases
    assert (curve.trainable, phase.trainable) == (blocks, blocks)
    assert curve.share == pytest.approx(share)
    assert curve.rates == pytest.approx(rising_rates().tolist())
    np.testing.assert_allclose(learner.rates, share * rising_rates())
    assert (phase.learning_rate, phase.schedule) == (1.0, "constant")


@pytest.mark.slow
def test_blocks_learn_in_the_test(colours: Path) -> None:
    spec = spec_of(colours, trainable=("top",), strategy="direct", augmentation="none")
    curve = found(spec)
    assert curve.losses[0] == pytest.approx(math.log(2), rel=1e-4)
    assert min(curve.smoothed) < 0.3
    assert curve.suggested is not None
    assert found(dataclasses.replace(spec, trainable=())).losses != curve.losses


def test_a_training_that_goes_on_is_tested_from_its_start(
    colours: Path, tmp_path: Path
) -> None:
    spec = spec_of(colours, augmentation="none", learning_rate=0.01, epochs=5)
    run = tmp_path / "run"
    train(spec, run, lambda event: None)
    before = sorted(run.rglob("*"))
    curve = found(dataclasses.replace(spec, start=str(run)))
    assert curve.losses[0] < 0.3, "the head knows these classes already"
    assert sorted(run.rglob("*")) == before


def test_a_stop_is_heeded(colours: Path) -> None:
    with pytest.raises(Stopped):
        find_rate(spec_of(colours), lambda event: None, lambda: Stop.DROP)


def test_a_stop_between_steps_is_heeded(colours: Path) -> None:
    told: list[Event] = []

    def stop() -> Stop | None:
        tested = [event for event in told if isinstance(event, RateTested)]
        return Stop.DROP if len(tested) == 5 else None

    with pytest.raises(Stopped):
        find_rate(spec_of(colours, augmentation="none"), told.append, stop)
    assert isinstance(told[-1], RateTested)
    assert told[-1].step == 5


def test_files_that_are_gone_are_said(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for index in range(4):
            save_picture(tmp_path / name / f"{index}.png", (index, 60, 60), index)
    dataset = scan(tmp_path, IMAGE_CLASSIFICATION)
    for file in tmp_path.rglob("*.png"):
        file.unlink()
    with pytest.raises(TlguiError, match="None of the files can be read"):
        find_rate(spec_of(tmp_path), lambda event: None, dataset=dataset)


def test_the_command_prints_curve_and_suggestion(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["find-rate", str(colours), "--batch-size", "4", "--augment", "none"]
    assert cli.main(command) == 0
    out = capsys.readouterr().out
    assert "smoothed loss" in out
    assert "Tested with the head alone" in out
    assert cli.main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert f"Suggested: --learning-rate {told['suggested']:g}\n" in out
    assert len(told["rates"]) == len(told["losses"]) == len(told["smoothed"])


def test_the_command_refuses_what_training_refuses(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["find-rate", str(colours), "--optimizer", "magic"]) == 2
    assert "Expected one of adam" in capsys.readouterr().err
    assert cli.main(["find-rate", str(colours / "nowhere")]) == 2
    with pytest.raises(SystemExit) as end:
        cli.main(["find-rate", str(colours), "--learning-rate", "1"])
    assert end.value.code == 2
