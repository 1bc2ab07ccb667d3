"""Shows one page alone, with a session that needs no engine.

Example:
    python -m tlgui.gui.result_page FOLDER --dark
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from tlgui.core import events
from tlgui.core.dataset import SPLITS, Dataset, Sample
from tlgui.core.errors import TlguiError
from tlgui.core.events import Outcome, Stop
from tlgui.core.images import UnreadableError
from tlgui.core.label_metrics import multi_hot
from tlgui.core.label_report import LabelEvaluation, label_evaluation_of
from tlgui.core.report import AnyEvaluation, evaluation_of
from tlgui.core.run import open_run
from tlgui.core.scan import scan
from tlgui.core.task import IMAGE_CLASSIFICATION as TASK
from tlgui.gui.session import Session
from tlgui.gui.theme import Appearance, apply_theme
from tlgui.worker.jobs import Job, PredictJob

PAGE_SIZE = (1040, 640)
_PROBABILITIES = (0.914, 0.052, 0.021, 0.009, 0.004)
Page = TypeVar("Page", bound=QWidget)


class PreviewJobs(QObject):
    """Answers in place of the engine; what it says is made up.

    Signals:
        event_received(Event): of the current job.
        engine_changed(str): never.
    """

    event_received = Signal(object)
    engine_changed = Signal(str)

    def __init__(self, class_names: tuple[str, ...]) -> None:
        super().__init__()
        self.class_names = class_names

    def submit(self, job: Job) -> None:
        """Answers every picture with the same probabilities."""
        if not isinstance(job, PredictJob):
            return
        names = self.class_names[: len(_PROBABILITIES)]
        for source in job.sources:
            name = source if isinstance(source, str) else source[0]
            total = sum(_PROBABILITIES[: len(names)])
            shares = tuple(share / total for share in _PROBABILITIES[: len(names)])
            answer = events.Prediction(name, names, shares)
            self.event_received.emit(answer)
        self.event_received.emit(events.JobEnded(Outcome.COMPLETED))

    def request_stop(self, stop: Stop) -> None:
        """There is nothing to stop."""


class PreviewReader(QObject):
    """Reads in place of the reader thread, on the window's own thread.

    Signals:
        scan_progressed(int, int): files done, files in all.
        scan_ended(Dataset or None, str): as `Reading` says.
        run_opened(object, object, object, str): as `Reading` says.
        thumbnail_read(str, object): a file and its pixels, or None.
        starting_points_read(object, str): as `Reading` says.
    """

    scan_progressed = Signal(int, int)
    scan_ended = Signal(object, str)
    run_opened = Signal(object, object, object, str)
    thumbnail_read = Signal(str, object)
    starting_points_read = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._wanted: list[tuple[str, int]] = []
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._read_one)

    def request_scan(self, folder: str) -> None:
        """Scans at once."""
        try:
            dataset = scan(Path(folder), TASK, on_progress=self.scan_progressed.emit)
        except TlguiError as error:
            self.scan_ended.emit(None, str(error))
        else:
            self.scan_ended.emit(dataset, "")

    def cancel_scan(self) -> None:
        """There is nothing to cancel."""

    def request_thumbnail(self, file: str, side: int) -> None:
        """Reads a thumbnail when the event loop is idle."""
        self._wanted.append((file, side))
        self._timer.start()

    def request_run(self, folder: str) -> None:
        """Opens a run at once."""
        try:
            run = open_run(Path(folder))
            history, evaluation = run.history(), run.evaluation()
        except TlguiError as error:
            self.run_opened.emit(None, None, None, str(error))
        else:
            self.run_opened.emit(run, history, evaluation, "")

    def request_starting_points(self, runs: Sequence[str] = ()) -> None:
        """Says at once that there is none."""
        self.starting_points_read.emit((), "")

    def request_removal(self, folder: str, runs: Sequence[str] = ()) -> None:
        """There is nothing to delete."""

    def _read_one(self) -> None:
        if not self._wanted:
            self._timer.stop()
            return
        file, side = self._wanted.pop(0)
        try:
            pixels = TASK.thumbnail(Path(file), side)
        except UnreadableError:
            self.thumbnail_read.emit(file, None)
        else:
            self.thumbnail_read.emit(file, pixels)


def preview_session(folder: Path | None) -> Session:
    """A session with a data set, if there is a folder."""
    jobs = PreviewJobs(("ants", "bees"))
    reader = PreviewReader()
    session = Session(jobs, reader)
    jobs.setParent(session)
    reader.setParent(session)
    if folder is not None:
        session.open_folder(folder)
        if session.dataset is not None:
            jobs.class_names = session.dataset.class_names
    return session


def made_up_evaluation(dataset: Dataset, seed: int = 0) -> AnyEvaluation:
    """Answers for all photos of a data set, mostly right."""
    samples = [s for split in SPLITS for s in dataset.samples.get(split, ())]
    if dataset.is_multilabel:
        return _made_up_labels(dataset, samples, seed)
    truth = [sample.label for sample in samples]
    classes = len(dataset.class_names)
    scores = np.random.default_rng(seed).normal(size=(len(samples), classes))
    scores[np.arange(len(samples)), truth] += 2.5
    shares = np.exp(2 * scores)
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    files = [dataset.file(sample) for sample in samples]
    return evaluation_of(dataset.class_names, files, truth, shares)


def _made_up_labels(
    dataset: Dataset, samples: Sequence[Sample], seed: int
) -> LabelEvaluation:
    shown = [sample.labels for sample in samples]
    truth = multi_hot(shown, len(dataset.class_names))
    noise = np.random.default_rng(seed).normal(size=truth.shape)
    shares = 1 / (1 + np.exp(-2 * (noise + np.where(truth, 1.5, -1.8))))
    files = [dataset.file(sample) for sample in samples]
    return label_evaluation_of(
        dataset.class_names, files, shown, shares.astype(np.float32)
    )


def show_page(
    make: Callable[[Session], Page], fill: Callable[[Session], None] | None = None
) -> int:
    """Shows a page until it is closed.

    Args:
        make: builds the page.
        fill: puts more into the session once the page is there.

    Returns:
        The exit code of the event loop.
    """
    parser = argparse.ArgumentParser(description="Shows one page alone.")
    parser.add_argument("folder", nargs="?", type=Path, help="a data folder")
    parser.add_argument("--dark", action="store_true", help="dark colours")
    chosen = parser.parse_args()
    application = QApplication([])
    apply_theme(application, Appearance.DARK if chosen.dark else Appearance.LIGHT)
    session = preview_session(chosen.folder)
    page = make(session)
    page.resize(*PAGE_SIZE)
    page.show()
    if fill is not None:
        fill(session)
    return application.exec()
