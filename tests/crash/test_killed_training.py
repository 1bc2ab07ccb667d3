"""Real training is killed at random moments, and ends as if it had not been."""

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from tests.crash.results import Result, result_of
from tests.crash.test_points import ROOT
from tests.worker.test_worker import LONG, Listener, ended, engine_of
from tlgui.core.checkpoint import Checkpoints
from tlgui.core.dataset import Dataset
from tlgui.core.events import Event, JobEnded, Noticed, Outcome, RunEnded, RunStarted
from tlgui.core.run import MODEL
from tlgui.core.scan import scan
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.ml.training import resume, train
from tlgui.worker.jobs import ResumeJob, TrainJob
from tlgui.worker.worker import Worker

pytestmark = [
    pytest.mark.tf,
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="needs a signal that cannot be caught"),
]
SPECS = {
    "head": TrainingSpec("", epochs=2_000, batch_size=4, augmentation="light"),
    "blocks": TrainingSpec(
        "", epochs=60, batch_size=4, learning_rate=1e-3, trainable=("top",)
    ),
}


@dataclass(frozen=True)
class Known:
    """A run that nothing happened to.

    Attributes:
        spec: what decided it.
        dataset: what it learned from.
        result: what it came to.
        seconds: from its beginning to its end, with features that are kept.
    """

    spec: TrainingSpec
    dataset: Dataset
    result: Result
    seconds: float


def undisturbed(kind: str, data: Path, work: Path) -> Known:
    """Trains without a disturbance; the second time, features are kept."""
    spec = dataclasses.replace(SPECS[kind], data=str(data))
    dataset = scan(data, IMAGE_CLASSIFICATION)
    told: list[float] = []

    def emit(event: Event) -> None:
        if isinstance(event, RunStarted | RunEnded):
            told.append(time.monotonic())

    for number in range(2):
        train(spec, work / f"{kind} {number}", emit, dataset=dataset)
    result = result_of(work / f"{kind} 1")
    assert result == result_of(work / f"{kind} 0")
    return Known(spec, dataset, result, told[3] - told[2])


@pytest.fixture
def known(colours: Path, tmp_path: Path) -> dict[str, Known]:
    return {kind: undisturbed(kind, colours, tmp_path) for kind in SPECS}


def moments(known: dict[str, Known], first: int) -> Iterator[tuple[int, Known, float]]:
    """Ten seeds, what they train, and after how many seconds it is killed."""
    for seed in range(first, first + 10):
        kind = "blocks" if seed % 5 == 4 else "head"
        share = random.Random(seed).uniform(0.0, 0.8)
        seconds = known[kind].seconds
        sys.stdout.write(f"seed {seed}: {kind}, at {share:.0%} of {seconds:.1f} s\n")
        yield seed, known[kind], share * seconds


def began(listener: Listener) -> Callable[[], bool]:
    return lambda: bool(listener.of(RunStarted))


def finished_epochs(run: Path) -> int:
    last, told = Checkpoints(run).read_last()
    assert not told
    return 0 if last is None else len(last.about["records"])


def test_the_engine_is_killed_and_the_window_resumes(
    qtbot: QtBot, known: dict[str, Known], tmp_path: Path
) -> None:
    worker, kept = Worker("efficientnet-lite0"), []
    worker.start()
    try:
        for seed, run, seconds in moments(known, 0):
            listener = Listener(worker)
            place = tmp_path / f"engine {seed}"
            worker.submit(TrainJob(run.spec, run.dataset, str(place), "run"))
            qtbot.waitUntil(began(listener), timeout=LONG)
            qtbot.wait(int(1000 * seconds))
            if not listener.of(JobEnded):
                engine_of(psutil.Process()).kill()
            qtbot.waitUntil(ended(listener), timeout=LONG)
            if listener.last_ended().outcome is not Outcome.COMPLETED:
                assert listener.last_ended().outcome is Outcome.FAILED
                assert listener.last_ended().trouble
                kept.append(finished_epochs(place / "run"))
                worker.submit(ResumeJob(str(place / "run"), run.dataset))
                qtbot.waitUntil(ended(listener, 2), timeout=LONG)
            assert listener.last_ended().outcome is Outcome.COMPLETED
            assert not listener.of(Noticed)
            assert result_of(place / "run") == run.result, seed
    finally:
        worker.close()
    sys.stdout.write(f"epochs that were kept: {kept}\n")
    assert len(kept) >= 7, "most were killed in the middle"
    assert any(kept)


def test_the_window_is_killed_with_its_engine_and_the_run_resumes(
    known: dict[str, Known], tmp_path: Path
) -> None:
    kept = []
    for seed, run, seconds in moments(known, 10):
        place = tmp_path / f"window {seed}"
        kill_window(place, run.spec, seconds)
        if not (place / "run" / MODEL).exists():
            kept.append(finished_epochs(place / "run"))
            told: list[Event] = []
            resume(place / "run", told.append, dataset=run.dataset)
            assert not [event for event in told if isinstance(event, Noticed)]
        assert result_of(place / "run") == run.result, seed
    sys.stdout.write(f"epochs that were kept: {kept}\n")
    assert len(kept) >= 7, "most were killed in the middle"
    assert any(kept)


def kill_window(place: Path, spec: TrainingSpec, seconds: float) -> None:
    """Kills a window so many seconds after its training began; the engine follows."""
    command = [sys.executable, "-m", "tests.crash.window", str(place)]
    command.append(json.dumps(spec.to_json()))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as window:
        assert window.stdout is not None
        assert window.stdout.readline() == b"RunStarted\n"
        engine = engine_of(psutil.Process(window.pid))
        time.sleep(seconds)
        window.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs([engine], timeout=30)
    assert not alive, "the engine ends with its window"
