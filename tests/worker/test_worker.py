"""The real engine in a real child process."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QObject, QThread, QTimer, Slot
from pytestqt.qtbot import QtBot

from tlgui.core import events
from tlgui.core.checkpoint import Checkpoints
from tlgui.core.dataset import Dataset
from tlgui.core.events import Failure, JobEnded, Outcome, Stop
from tlgui.core.run_lock import is_in_training
from tlgui.core.scan import scan
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import open_starting_point
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.worker import under_way
from tlgui.worker.jobs import (
    ImportJob,
    PredictJob,
    RateFinderJob,
    ResumeJob,
    TrainJob,
)
from tlgui.worker.worker import Worker

pytestmark = pytest.mark.tf
LONG = 120_000


class Listener:
    """Collects what a worker tells."""

    def __init__(self, worker: Worker) -> None:
        self.events: list[events.Event] = []
        self.states: list[str] = []
        worker.event_received.connect(self.events.append)
        worker.engine_changed.connect(self.states.append)

    def of(self, kind: type[events.Event]) -> list[events.Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def last_ended(self) -> JobEnded:
        ended = self.of(JobEnded)[-1]
        assert isinstance(ended, JobEnded)
        return ended


@pytest.fixture
def worker(qtbot: QtBot) -> Iterator[Worker]:
    made = Worker("efficientnet-lite0")
    yield made
    if made.isRunning():
        made.close()


@pytest.fixture
def warm(qtbot: QtBot, worker: Worker) -> tuple[Worker, Listener]:
    listener = Listener(worker)
    worker.start()
    qtbot.waitUntil(lambda: "ready" in listener.states, timeout=LONG)
    return worker, listener


def train_job(dataset: Dataset, tmp_path: Path, **changes: object) -> TrainJob:
    values = {"epochs": 1, "augmentation": "none", "batch_size": 4} | changes
    spec = TrainingSpec(data=str(dataset.root), **values)  # type: ignore[arg-type]
    return TrainJob(spec, dataset, str(tmp_path / "runs"), "one")


def ended(listener: Listener, count: int = 1) -> Callable[[], bool]:
    return lambda: len(listener.of(JobEnded)) >= count


def test_finds_a_rate_then_trains_then_predicts(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    worker, listener = warm
    dataset = scan(colours, IMAGE_CLASSIFICATION)
    job = train_job(dataset, tmp_path, epochs=2)
    worker.submit(RateFinderJob(job.spec, dataset))
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.COMPLETED, listener.last_ended()
    (found,) = listener.of(events.RateCurveMade)
    assert isinstance(found, events.RateCurveMade)
    assert len(found.curve.rates) == len(listener.of(events.RateTested))
    assert not (tmp_path / "runs").exists()
    listener.events.clear()
    worker.submit(job)
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.COMPLETED, listener.last_ended()
    assert len(listener.of(events.EpochEnded)) == 2
    run = tmp_path / "runs" / "one"
    assert (run / "model.keras").is_file()
    picture = (colours / "red" / "0.png").read_bytes()
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture[:60])
    worker.submit(PredictJob(str(run), (("pasted", picture), str(broken))))
    qtbot.waitUntil(ended(listener, 2), timeout=LONG)
    good, bad = listener.of(events.Prediction)
    assert isinstance(good, events.Prediction)
    assert good.class_names[0] == "red"
    assert isinstance(bad, events.Prediction)
    assert bad.problem


def test_a_model_of_others_is_imported_or_refused_in_a_sentence(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    worker, listener = warm
    worker.submit(train_job(scan(colours, IMAGE_CLASSIFICATION), tmp_path))
    qtbot.waitUntil(ended(listener), timeout=LONG)
    file = tmp_path / "runs" / "one" / "model.keras"
    worker.submit(ImportJob(str(file), "mine"))
    qtbot.waitUntil(ended(listener, 2), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.COMPLETED, listener.last_ended()
    (imported,) = listener.of(events.ModelImported)
    assert isinstance(imported, events.ModelImported)
    assert open_starting_point(Path(imported.folder)).title == "mine"
    file.write_bytes(b"\x80\x04")
    worker.submit(ImportJob(str(file), "mine"))
    qtbot.waitUntil(ended(listener, 3), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.FAILED
    assert "was not opened" in listener.last_ended().trouble


def test_stop_ends_within_a_batch_and_keeps_what_is_done(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    worker, listener = warm
    dataset = scan(colours, IMAGE_CLASSIFICATION)
    worker.submit(train_job(dataset, tmp_path, epochs=5_000))
    qtbot.waitUntil(lambda: bool(listener.of(events.EpochEnded)), timeout=LONG)
    worker.request_stop(Stop.KEEP)
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.STOPPED
    assert (tmp_path / "runs" / "one" / "model.keras").is_file()
    assert "lost" not in listener.states


class SlowWindow(QObject):
    """Takes longer for an event than the engine, and stops the run by a timer."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self.waiting: list[int] = []
        self._worker = worker
        self._timer = QTimer(self)
        self._timer.setInterval(20)
        self._timer.timeout.connect(self.stop)
        worker.event_received.connect(self.serve)

    @Slot(object)
    def serve(self, event: events.Event) -> None:
        """As widgets would."""
        assert QThread.currentThread() is self.thread()
        time.sleep(0.003)
        self.waiting.append(self._worker._pace.waiting)
        if isinstance(event, events.EpochEnded) and not self._timer.isActive():
            self._timer.start()
        if isinstance(event, JobEnded):
            self._timer.stop()

    @Slot()
    def stop(self) -> None:
        """As a click would, which waits until the events before it are served."""
        self._worker.request_stop(Stop.KEEP)


def test_epochs_of_milliseconds_leave_the_window_time(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    worker, listener = warm
    window = SlowWindow(worker)
    dataset = scan(colours, IMAGE_CLASSIFICATION)
    worker.submit(train_job(dataset, tmp_path, epochs=3_000))
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.STOPPED
    assert len(listener.of(events.EpochEnded)) < 3_000
    assert max(window.waiting) <= 64, "more would keep a click waiting"


def test_a_stop_that_is_not_heard_ends_the_engine_and_starts_another(
    qtbot: QtBot,
    warm: tuple[Worker, Listener],
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(under_way, "STOP_GRACE", 0.0)
    worker, listener = warm
    dataset = scan(colours, IMAGE_CLASSIFICATION)
    worker.submit(train_job(dataset, tmp_path, trainable=("top",), strategy="direct"))
    qtbot.waitUntil(lambda: bool(listener.of(events.RunStarted)), timeout=LONG)
    worker.request_stop(Stop.DROP)
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.STOPPED
    qtbot.waitUntil(lambda: listener.states.count("ready") == 2, timeout=LONG)


def test_an_engine_that_dies_is_told_in_a_sentence_and_replaced(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    worker, listener = warm
    dataset = scan(colours, IMAGE_CLASSIFICATION)
    worker.submit(train_job(dataset, tmp_path, epochs=5_000))
    qtbot.waitUntil(lambda: bool(listener.of(events.EpochEnded)), timeout=LONG)
    engine = engine_of(psutil.Process())
    engine.kill()
    qtbot.waitUntil(ended(listener), timeout=LONG)
    last = listener.last_ended()
    assert last.outcome is Outcome.FAILED
    assert "memory" in last.trouble or os.name == "nt"
    assert not last.bug
    assert (tmp_path / "runs" / "one" / "history.csv").is_file()
    qtbot.waitUntil(lambda: listener.states.count("ready") == 2, timeout=LONG)


def test_bad_input_is_a_sentence(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    worker, listener = warm
    dataset = scan(colours, IMAGE_CLASSIFICATION)
    worker.submit(train_job(dataset, tmp_path, learning_rate=float("nan")))
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert "learning rate" in listener.last_ended().trouble
    assert not (tmp_path / "runs").exists()


def test_close_leaves_no_engine(qtbot: QtBot, worker: Worker) -> None:
    worker.start()
    qtbot.waitUntil(lambda: bool(psutil.Process().children()), timeout=LONG)
    worker.close()
    assert not any("spawn_main" in " ".join(c.cmdline()) for c in children())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a POSIX process")
def test_a_killed_window_leaves_no_engine(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "from PySide6.QtCore import QCoreApplication\n"
        "from tlgui.worker.worker import Worker\n"
        "if __name__ == '__main__':\n"
        "    app = QCoreApplication([])\n"
        "    worker = Worker('efficientnet-lite0')\n"
        "    worker.engine_changed.connect(app.objectName)\n"
        "    worker.start()\n"
        "    print('up', flush=True)\n"
        "    app.exec()\n"
    )
    script = tmp_path / "window.py"
    script.write_text(code, encoding="utf-8")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as window:
        assert window.stdout is not None
        assert window.stdout.readline() == b"up\n"
        process = psutil.Process(window.pid)
        engine = None
        while engine is None:
            engine = engine_of(process)
        window.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs([engine], timeout=30)
    assert not alive
    assert gone


def children() -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process().children()
    return found


def engine_of(process: psutil.Process) -> psutil.Process:
    for child in process.children():
        if "spawn_main" in " ".join(child.cmdline()):
            return child
    return None


def test_a_job_does_not_wait_for_the_whole_warm_up(
    qtbot: QtBot, worker: Worker, colours: Path, tmp_path: Path
) -> None:
    """The engine gets ready for others once the job is over."""
    told: list[str] = []
    worker.event_received.connect(lambda event: told.append(type(event).__name__))
    worker.engine_changed.connect(told.append)
    worker.start()
    worker.submit(train_job(scan(colours, IMAGE_CLASSIFICATION), tmp_path))
    qtbot.waitUntil(lambda: "ready" in told, timeout=LONG)
    assert told[0] == "starting"
    assert told[-2:] == ["JobEnded", "ready"]


def test_a_run_goes_on_after_its_engine_was_killed(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    worker, listener = warm
    dataset, run = scan(colours, IMAGE_CLASSIFICATION), tmp_path / "runs" / "one"
    worker.submit(train_job(dataset, tmp_path, epochs=5_000))
    checkpoints = Checkpoints(run)
    qtbot.waitUntil(lambda: checkpoints.read_last()[0] is not None, timeout=LONG)
    engine_of(psutil.Process()).kill()
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.FAILED
    assert "the run can go on" in listener.last_ended().trouble
    before = list(listener.of(events.EpochEnded))
    listener.events.clear()

    worker.submit(ResumeJob(str(run), dataset))
    qtbot.waitUntil(
        lambda: len(listener.of(events.EpochEnded)) > len(before), timeout=LONG
    )
    worker.request_stop(Stop.KEEP)
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.STOPPED
    assert listener.of(events.EpochEnded)[0] == before[0], "told again, not run again"
    assert (run / "model.keras").is_file()
    assert not checkpoints.folder.exists()


@pytest.mark.skipif(os.name == "nt", reason="memory is told of by another code there")
def test_a_run_goes_on_with_fewer_photos_after_memory_ran_out(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    """Killed as the system does it, before the first epoch is over."""
    worker, listener = warm
    dataset, run = scan(colours, IMAGE_CLASSIFICATION), tmp_path / "runs" / "one"
    blocks = {"trainable": ("top",), "strategy": "direct", "epochs": 3}
    worker.submit(train_job(dataset, tmp_path, **blocks))
    qtbot.waitUntil(lambda: bool(listener.of(events.RunStarted)), timeout=LONG)
    engine_of(psutil.Process()).kill()
    qtbot.waitUntil(ended(listener), timeout=LONG)
    last = listener.last_ended()
    assert (last.outcome, last.failure) == (Outcome.FAILED, Failure.MEMORY)
    assert "fewer photos at a time" in last.trouble
    listener.events.clear()

    worker.submit(ResumeJob(str(run), dataset, at_once=2))
    qtbot.waitUntil(ended(listener), timeout=LONG)
    assert listener.last_ended().outcome is Outcome.COMPLETED, listener.last_ended()
    (plan,) = listener.of(events.RunStarted)
    assert isinstance(plan, events.RunStarted)
    assert plan.at_once == 2
    assert (run / "model.keras").is_file()


def test_closing_while_training_loses_no_finished_epoch(
    qtbot: QtBot, warm: tuple[Worker, Listener], colours: Path, tmp_path: Path
) -> None:
    worker, listener = warm
    dataset, run = scan(colours, IMAGE_CLASSIFICATION), tmp_path / "runs" / "one"
    worker.submit(train_job(dataset, tmp_path, epochs=5_000))
    qtbot.waitUntil(lambda: len(listener.of(events.EpochEnded)) > 2, timeout=LONG)
    worker.close()
    told = listener.of(events.EpochEnded)[-1]
    assert isinstance(told, events.EpochEnded)
    last, sentences = Checkpoints(run).read_last()
    assert last is not None
    assert not sentences
    assert last.about["progress"]["epoch"] > told.record.epoch
    assert not is_in_training(run)
