"""Scripted stand-ins for the worker and the reader thread."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tlgui.core import events
from tlgui.core.dataset import NOTHING, Dataset, Problem, Sample
from tlgui.core.events import Outcome, Stage, Stop
from tlgui.core.history import EpochRecord
from tlgui.core.label_report import LabelAnswer, LabelEvaluation
from tlgui.core.report import Answer, Evaluation
from tlgui.core.starting_point import StartingPoint
from tlgui.core.updates import UpdateSource
from tlgui.worker.jobs import ImportJob, Job, PredictJob, TrainJob


class ScriptedJobs(QObject):
    """Remembers what was asked, and plays the events a test tells it to."""

    event_received = Signal(object)
    engine_changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[Job] = []
        self.stops: list[Stop] = []

    def submit(self, job: Job) -> None:
        self.submitted.append(job)

    def request_stop(self, stop: Stop) -> None:
        self.stops.append(stop)

    @property
    def train_jobs(self) -> list[TrainJob]:
        return [job for job in self.submitted if isinstance(job, TrainJob)]

    @property
    def predict_jobs(self) -> list[PredictJob]:
        return [job for job in self.submitted if isinstance(job, PredictJob)]

    @property
    def import_jobs(self) -> list[ImportJob]:
        return [job for job in self.submitted if isinstance(job, ImportJob)]

    def play(self, *played: events.Event) -> None:
        for event in played:
            self.event_received.emit(event)


class NoNetwork(QObject):
    """Remembers how often it was asked for a newer version; answers as a test tells."""

    answered = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.source: UpdateSource | None = UpdateSource(
            "https://x.test/news", b"k" * 32
        )
        self.looks = 0

    def look(self) -> None:
        self.looks += 1


class ScriptedReader(QObject):
    """Remembers what was asked, and answers when a test tells it to."""

    scan_progressed = Signal(int, int)
    scan_ended = Signal(object, str)
    run_opened = Signal(object, object, object, str)
    thumbnail_read = Signal(str, object)
    kept_measured = Signal(object, str)
    folder_tried = Signal(str, str)
    starting_points_read = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.scans: list[str] = []
        self.cancelled = 0
        self.thumbnails: list[tuple[str, int]] = []
        self.runs: list[str] = []
        self.asked_to_clear: list[bool] = []
        self.tried: list[str] = []
        self.starts_asked: list[tuple[str, ...]] = []
        self.removed: list[str] = []

    def request_scan(self, folder: str) -> None:
        self.scans.append(folder)

    def cancel_scan(self) -> None:
        self.cancelled += 1

    def request_thumbnail(self, file: str, side: int) -> None:
        self.thumbnails.append((file, side))

    def request_run(self, folder: str) -> None:
        self.runs.append(folder)

    def request_kept(self, *, clear: bool = False) -> None:
        self.asked_to_clear.append(clear)

    def request_trial(self, folder: str) -> None:
        self.tried.append(folder)

    def request_starting_points(self, runs: Sequence[str] = ()) -> None:
        self.starts_asked.append(tuple(runs))

    def request_removal(self, folder: str, runs: Sequence[str] = ()) -> None:
        self.removed.append(folder)


def a_dataset(root: Path = Path("/photos"), *, validation: bool = False) -> Dataset:
    """Ants and bees, ten of each, and one file that cannot be read."""
    samples = {
        "train": tuple(
            Sample(f"{name}/{index}.jpg", label)
            for label, name in enumerate(("ants", "bees"))
            for index in range(10)
        )
    }
    if validation:
        samples["validation"] = (Sample("val/ants/1.jpg", 0),)
    broken = Problem("ants/broken.jpg", "the file is cut off: its end is missing")
    return Dataset(root, "image-classification", ("ants", "bees"), samples, (broken,))


def a_table(root: Path = Path("/photos")) -> Dataset:
    """Ants and bees, on the same photo often enough, and photos of neither."""
    both, neither = (0, (1,)), (NOTHING, ())
    shown = [(0, ())] * 10 + [(1, ())] * 6 + [both] * 4 + [neither] * 5
    samples = tuple(
        Sample(f"{number}.jpg", label, also)
        for number, (label, also) in enumerate(shown)
    )
    return Dataset(
        root,
        "image-multilabel",
        ("ants", "bees"),
        {"train": samples},
        table="labels.csv",
    )


def a_start(
    name: str = "run3",
    class_names: tuple[str, ...] = ("ants", "bees"),
    *,
    backbone: str = "efficientnet-lite0",
    accuracy: float = 0.954,
    created: str = "2026-05-01T09:00:00",
) -> StartingPoint:
    """A finished run to start from."""
    folder = Path("/project.tlgui/runs") / name
    return StartingPoint(folder, name, backbone, class_names, True, accuracy, created)


def an_import(
    name: str = "keras_model",
    class_names: tuple[str, ...] = (),
    created: str = "2026-05-02T09:00:00",
) -> StartingPoint:
    """An imported model to start from."""
    return StartingPoint(
        Path("/models") / name,
        name,
        "efficientnet-lite1",
        class_names,
        is_run=False,
        created=created,
        report="152 of 153 layers matched. The head is new.",
    )


def a_plan(epochs: int = 3, steps: int = 4) -> events.RunStarted:
    """What a run says before its first step."""
    return events.RunStarted(
        "/runs/one", ("ants", "bees"), 16, 4, epochs, steps, 2_562, 3_371_458, 1
    )


def an_evaluation() -> Evaluation:
    """Four answers, one of them wrong."""
    answers = (
        Answer("/photos/ants/1.jpg", 0, 0, 0.9),
        Answer("/photos/ants/2.jpg", 0, 1, 0.6),
        Answer("/photos/bees/1.jpg", 1, 1, 0.8),
        Answer("/photos/bees/2.jpg", 1, 1, 0.7),
    )
    return Evaluation(("ants", "bees"), 0.4, answers)


def a_label_evaluation() -> LabelEvaluation:
    """Four answers for photos that may show several classes, two of them wrong."""
    answers = (
        LabelAnswer("/photos/1.jpg", (0, 1), (0.9, 0.8)),
        LabelAnswer("/photos/2.jpg", (), (0.2, 0.1)),
        LabelAnswer("/photos/3.jpg", (0, 1), (0.7, 0.3)),
        LabelAnswer("/photos/4.jpg", (1,), (0.6, 0.95)),
    )
    return LabelEvaluation(("ants", "bees"), 0.3, answers)


def a_record(epoch: int) -> EpochRecord:
    """An epoch that is better than the one before."""
    return EpochRecord(
        epoch, 0.9 / epoch, 1 - 0.4 / epoch, 1 / epoch, 1 - 0.5 / epoch, 1e-3, 2.0
    )


def a_run(epochs: int = 3, steps: int = 4) -> list[events.Event]:
    """All events of a run that completes."""
    told: list[events.Event] = [
        events.StageChanged(Stage.READING),
        events.StageChanged(Stage.TRACING),
        a_plan(epochs, steps),
        events.StageChanged(Stage.TRAINING),
    ]
    for epoch in range(1, epochs + 1):
        told += [
            events.BatchEnded(epoch, step, steps, 1.0 / (epoch + step / steps), 0.5)
            for step in range(1, steps + 1)
        ]
        told.append(events.EpochEnded(a_record(epoch)))
    told += [
        events.EvaluationMade(an_evaluation()),
        events.RunEnded("/runs/one", Outcome.COMPLETED, True, epochs, 0.75, 0.4, 6.0),
        events.JobEnded(Outcome.COMPLETED),
    ]
    return told
