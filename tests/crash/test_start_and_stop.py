"""Training is started and stopped again and again: nothing grows, nothing is left."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot

from tests.worker.test_worker import LONG, engine_of, train_job
from tlgui.core.dataset import Dataset
from tlgui.core.events import EpochEnded, JobEnded, Outcome, RunStarted, Stop
from tlgui.core.scan import scan
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.worker.worker import Worker

pytestmark = [pytest.mark.tf, pytest.mark.slow]
CYCLES, WARM_UP, CLOSINGS = 200, 40, 20
GROWTH = 1.05


class Progress(QObject):
    """Counts what a worker tells, and keeps none of it."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self.counts = dict.fromkeys((RunStarted, EpochEnded, JobEnded), 0)
        self.ready = 0
        self.last: JobEnded | None = None
        worker.event_received.connect(self.hear)
        worker.engine_changed.connect(self.hear_engine)

    @Slot(object)
    def hear(self, event: object) -> None:
        for kind in self.counts:
            self.counts[kind] += isinstance(event, kind)
        if isinstance(event, JobEnded):
            self.last = event

    @Slot(str)
    def hear_engine(self, state: str) -> None:
        assert state != "lost"
        self.ready += state == "ready"


@dataclass(frozen=True)
class Size:
    """What a process takes.

    Attributes:
        memory: in bytes.
        threads: how many.
        files: how many are open.
    """

    memory: int
    threads: int
    files: int


def size_of(process: psutil.Process) -> Size:
    files = process.num_handles() if sys.platform == "win32" else process.num_fds()
    return Size(process.memory_info().rss, process.num_threads(), files)


@pytest.fixture
def dataset(colours: Path) -> Dataset:
    return scan(colours, IMAGE_CLASSIFICATION)


@pytest.fixture
def worker(qtbot: QtBot) -> Iterator[Worker]:
    made = Worker("efficientnet-lite0")
    yield made
    if made.isRunning():
        made.close()


def reached(progress: Progress, kind: type, count: int) -> Callable[[], bool]:
    return lambda: progress.counts[kind] >= count


def start_and_stop(
    qtbot: QtBot, worker: Worker, progress: Progress, dataset: Dataset, place: Path
) -> None:
    """One cycle: stopped as soon as it began or after an epoch, dropped or kept."""
    number = progress.counts[JobEnded]
    kind = RunStarted if number % 2 else EpochEnded
    awaited = progress.counts[kind] + 1
    worker.submit(train_job(dataset, place, epochs=10_000))
    qtbot.waitUntil(reached(progress, kind, awaited), timeout=LONG)
    worker.request_stop(Stop.KEEP if number % 4 < 2 else Stop.DROP)
    qtbot.waitUntil(reached(progress, JobEnded, number + 1), timeout=LONG)
    assert progress.last == JobEnded(Outcome.STOPPED)
    shutil.rmtree(place / "runs")


def test_nothing_grows_when_training_is_started_and_stopped_again_and_again(
    qtbot: QtBot, worker: Worker, dataset: Dataset, tmp_path: Path
) -> None:
    progress = Progress(worker)
    worker.start()
    qtbot.waitUntil(lambda: progress.ready > 0, timeout=LONG)
    window, engine = psutil.Process(), engine_of(psutil.Process())
    sizes: list[tuple[Size, Size]] = []
    for _ in range(CYCLES + WARM_UP):
        start_and_stop(qtbot, worker, progress, dataset, tmp_path)
        sizes.append((size_of(window), size_of(engine)))
    assert engine_of(psutil.Process()) == engine, "it is still the same"
    for name, place in (("window", 0), ("engine", 1)):
        before, after = sizes[WARM_UP][place], sizes[-1][place]
        sys.stdout.write(f"{name}: {before} -> {after}\n")
    for before, after in zip(sizes[WARM_UP], sizes[-1], strict=True):
        assert after.memory < GROWTH * before.memory
        assert after.threads <= before.threads
        assert after.files <= before.files


def test_closing_while_training_leaves_nothing(
    qtbot: QtBot, dataset: Dataset, tmp_path: Path
) -> None:
    window, sizes = psutil.Process(), []
    for number in range(CLOSINGS):
        worker = Worker("efficientnet-lite0")
        progress = Progress(worker)
        worker.start()
        worker.submit(train_job(dataset, tmp_path / str(number), epochs=10_000))
        kind = RunStarted if number % 2 else EpochEnded
        qtbot.waitUntil(reached(progress, kind, 1), timeout=LONG)
        engine = engine_of(window)
        worker.close()
        assert not engine.is_running()
        assert worker.isFinished()
        del worker
        sizes.append(size_of(window))
    sys.stdout.write(f"window: {sizes[1]} -> {sizes[-1]}\n")
    assert sizes[-1].memory < GROWTH * sizes[1].memory
    assert sizes[-1].threads <= sizes[1].threads
    assert sizes[-1].files <= sizes[1].files
