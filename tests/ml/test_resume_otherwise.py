"""A run that goes on with fewer samples at once, or that was paused."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.ml.test_resume import assert_equal_runs, history, interrupted
from tlgui.core.checkpoint import Checkpoints
from tlgui.core.errors import TlguiError
from tlgui.core.events import (
    BatchEnded,
    EpochEnded,
    Event,
    Noticed,
    Outcome,
    RunStarted,
    Stop,
)
from tlgui.core.run import open_finished_run, open_run
from tlgui.core.run_lock import RunLock, is_in_training
from tlgui.core.spec import TrainingSpec
from tlgui.ml import epochs, models, run_writer
from tlgui.ml.frozen_layers import FrozenLayers
from tlgui.ml.training import resume, train

pytestmark = pytest.mark.tf


class Killed(BaseException):
    """Ends a run as abruptly as a process can end without dying."""


def weights(run: Path) -> list[np.ndarray]:
    kept = models.load_finished(open_finished_run(run))
    return [weight.numpy() for weight in kept.weights]


def test_fewer_at_once_end_as_an_uninterrupted_run_but_for_rounding(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec(str(colours), epochs=6, batch_size=4, augmentation="none")
    train(spec, tmp_path / "whole", lambda event: None)
    interrupted(tmp_path / "run", spec, monkeypatch, epochs=2)
    told: list[Event] = []
    ended = resume(tmp_path / "run", told.append, at_once=2)
    assert ended.outcome is Outcome.COMPLETED
    (plan,) = [event for event in told if isinstance(event, RunStarted)]
    assert plan.at_once == 2
    (sentence,) = [event.sentence for event in told if isinstance(event, Noticed)]
    assert "no more than 2 photos go through the model at once" in sentence
    assert "a batch of 4" in sentence
    assert open_run(tmp_path / "run").report()["notices"] == [sentence]
    np.testing.assert_allclose(
        history(tmp_path / "run"), history(tmp_path / "whole"), rtol=1e-5
    )
    pairs = zip(weights(tmp_path / "run"), weights(tmp_path / "whole"), strict=True)
    for one, other in pairs:
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_blocks_go_on_with_fewer_at_once_and_remember_it(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted a second time, it goes on with as many as before."""
    spec = TrainingSpec(
        str(colours),
        epochs=4,
        batch_size=4,
        trainable=("top",),
        strategy="direct",
        augmentation="none",
        learning_rate=1e-4,
    )
    train(spec, tmp_path / "whole", lambda event: None)
    interrupted(tmp_path / "run", spec, monkeypatch, epochs=1)
    seen: list[int] = []
    run = FrozenLayers.run

    def noted(self: FrozenLayers, inputs: np.ndarray) -> np.ndarray:
        seen.append(self._at_once)
        return run(self, inputs)

    monkeypatch.setattr(FrozenLayers, "run", noted)

    def killed_after_two(event: Event) -> None:
        if isinstance(event, EpochEnded) and event.record.epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        resume(tmp_path / "run", killed_after_two, at_once=2)
    told: list[Event] = []
    assert resume(tmp_path / "run", told.append).outcome is Outcome.COMPLETED
    (plan,) = [event for event in told if isinstance(event, RunStarted)]
    assert plan.at_once == 2
    assert set(seen) <= {2}
    (sentence,) = open_run(tmp_path / "run").report()["notices"]
    assert "normalisation layers" in sentence
    # Normalisation over two samples is another one than over four.
    found, expected = history(tmp_path / "run"), history(tmp_path / "whole")
    assert found[0] == expected[0]
    np.testing.assert_allclose(found[-1][3], expected[-1][3], atol=0.2)


def test_as_many_at_once_as_a_batch_are_no_limit(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec(str(colours), epochs=4, batch_size=4, augmentation="none")
    train(spec, tmp_path / "whole", lambda event: None)
    interrupted(tmp_path / "run", spec, monkeypatch, epochs=2)
    told: list[Event] = []
    resume(tmp_path / "run", told.append, at_once=4)
    (plan,) = [event for event in told if isinstance(event, RunStarted)]
    assert plan.at_once == 0
    assert_equal_runs(tmp_path / "whole", tmp_path / "run")


def test_frozen_layers_see_parts_and_give_the_whole() -> None:
    seen: list[int] = []

    class Doubled:
        def run(self, inputs: np.ndarray) -> np.ndarray:
            seen.append(len(inputs))
            return inputs * 2.0

    layers = FrozenLayers(Doubled, at_once=3)  # type: ignore[arg-type]
    given = np.arange(8, dtype=np.float32)[:, np.newaxis]
    np.testing.assert_array_equal(layers.run(given), 2 * given)
    assert seen == [3, 3, 2]


@pytest.mark.parametrize(
    ("trainable", "slow"),
    [
        ((), False),
        ((), True),
        pytest.param(("top",), False, marks=pytest.mark.slow),
        (("top",), True),
    ],
    ids=["head-due", "head-not due", "blocks-due", "blocks-not due"],
)
def test_a_paused_run_goes_on_to_the_bit_from_the_very_step(
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trainable: tuple[str, ...],
    slow: bool,
) -> None:
    """Also where no checkpoint would have been due for long."""
    monkeypatch.setattr(epochs, "_BATCH_INTERVAL", 0.0)
    monkeypatch.setattr(run_writer, "_INTERVAL", 600.0 if slow else 0.0)
    spec = TrainingSpec(
        str(colours), epochs=5, batch_size=4, trainable=trainable, strategy="direct"
    )
    train(spec, tmp_path / "whole", lambda event: None)
    steps: list[BatchEnded] = []

    def note(event: Event) -> None:
        if isinstance(event, BatchEnded):
            steps.append(event)

    def stop() -> Stop | None:
        done = [(step.epoch, step.step) for step in steps]
        return Stop.PAUSE if (3, 2) in done else None

    ended = train(spec, tmp_path / "run", note, stop)
    assert (ended.outcome, ended.kept) == (Outcome.STOPPED, False)
    assert len(history(tmp_path / "run")) == 2
    assert not is_in_training(tmp_path / "run")
    last, _ = Checkpoints(tmp_path / "run").read_last()
    assert last is not None
    assert last.about["progress"]["step"] == 2
    steps.clear()
    assert resume(tmp_path / "run", note).outcome is Outcome.COMPLETED
    assert (steps[0].epoch, steps[0].step) == (3, 3), "nothing is done twice"
    assert_equal_runs(tmp_path / "whole", tmp_path / "run")


def test_a_pause_before_the_first_step_leaves_a_run_that_can_begin_again(
    colours: Path, tmp_path: Path
) -> None:
    spec = TrainingSpec(str(colours), epochs=2, augmentation="none")
    train(spec, tmp_path / "whole", lambda event: None)
    begun: list[Event] = []

    def stop() -> Stop | None:
        started = any(isinstance(event, RunStarted) for event in begun)
        return Stop.PAUSE if started else None

    assert not train(spec, tmp_path / "run", begun.append, stop).kept
    assert resume(tmp_path / "run", lambda event: None).kept
    assert_equal_runs(tmp_path / "whole", tmp_path / "run")


def test_a_run_is_locked_from_its_first_event_to_its_last(
    colours: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    locked: list[bool] = []

    def emit(event: Event) -> None:
        if folder.exists():
            locked.append(is_in_training(folder))

    train(TrainingSpec(str(colours), epochs=2), folder, emit)
    assert locked
    assert all(locked)
    assert not is_in_training(folder)
    assert not list(folder.glob("training.*"))


def test_a_run_that_another_process_trains_is_left_alone(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec(str(colours), epochs=4, augmentation="none")
    interrupted(tmp_path / "run", spec, monkeypatch, epochs=2)
    before = sorted(Checkpoints(tmp_path / "run").folder.iterdir())
    with (
        RunLock(tmp_path / "run"),
        pytest.raises(TlguiError, match="is being trained at this moment"),
    ):
        resume(tmp_path / "run", lambda event: None)
    assert sorted(Checkpoints(tmp_path / "run").folder.iterdir()) == before
    assert resume(tmp_path / "run", lambda event: None).kept


@pytest.mark.parametrize("trainable", [(), ("top",)], ids=["head", "blocks"])
def test_another_content_of_the_same_size_and_time_is_noticed(
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trainable: tuple[str, ...],
) -> None:
    spec = TrainingSpec(
        str(colours), epochs=4, trainable=trainable, strategy="direct", batch_size=4
    )
    interrupted(tmp_path / "run", spec, monkeypatch, epochs=1)
    file = colours / "red" / "3.png"
    status, content = file.stat(), bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == status.st_size
    with pytest.raises(TlguiError, match="are not those that it began with"):
        resume(tmp_path / "run", lambda event: None)
    content[len(content) // 2] ^= 1
    file.write_bytes(content)  # put back, at another time
    assert resume(tmp_path / "run", lambda event: None).kept
