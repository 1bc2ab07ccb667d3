"""From Start to the first finished batch, and from Stop to stopped, in a warm engine.

Goes through the worker thread and the engine process, as the window does:

    python -m tests.benchmarks.first_batch DATA
"""

import argparse
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Slot

from tlgui.core import events
from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.dataset import Dataset
from tlgui.core.events import Stop
from tlgui.core.layers import parse_trainable
from tlgui.core.scan import scan
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.worker.jobs import TrainJob
from tlgui.worker.worker import Worker

# What may change, the strategy, and when to stop: after some batches, or so many
# seconds after Start, while the first batch is being prepared.
CASES = (
    ("head", "lp-ft", "batches"),
    ("last:2", "lp-ft", "batches"),
    ("last:2", "direct", "batches"),
    ("all", "direct", "batches"),
    ("all", "direct", "tracing"),
)
_BATCHES = 4


class Drive(QObject):
    """Runs the cases one after the other and notes the times."""

    def __init__(self, dataset: Dataset, runs: Path) -> None:
        super().__init__()
        self._dataset = dataset
        self._runs = runs
        self._cases = list(CASES)
        self._batches: list[float] = []
        self._started = self._stopped = 0.0
        self.rows: list[tuple[str, str, str, float, float, float]] = []
        self.worker = Worker(DEFAULT_BACKBONE)
        self.worker.engine_changed.connect(self._on_engine)
        self.worker.event_received.connect(self._on_event)

    @Slot(str)
    def _on_engine(self, state: str) -> None:
        if state == "ready":
            self._begin()

    def _begin(self) -> None:
        if not self._cases:
            QCoreApplication.quit()
            return
        trainable, strategy, _ = self._cases[0]
        blocks = parse_trainable(trainable, find_backbone(DEFAULT_BACKBONE).blocks)
        spec = TrainingSpec(
            str(self._dataset.root), trainable=blocks, strategy=strategy
        )
        self._batches, self._stopped = [], 0.0
        self._started = time.perf_counter()
        self.worker.submit(TrainJob(spec, self._dataset, str(self._runs), "run"))

    @Slot(object)
    def _on_event(self, event: events.Event) -> None:
        when = self._cases[0][2] if self._cases else ""
        match event:
            case events.BatchEnded():
                self._batches.append(time.perf_counter())
                if when == "batches" and len(self._batches) == _BATCHES:
                    self._stop()
            case events.StageChanged(events.Stage.TRACING) if when == "tracing":
                self._stop()
            case events.JobEnded():
                self._note()

    def _stop(self) -> None:
        self._stopped = time.perf_counter()
        self.worker.request_stop(Stop.DROP)

    def _note(self) -> None:
        now = time.perf_counter()
        times = self._batches
        first = times[0] - self._started if times else float("nan")
        batch = times[-1] - times[-2] if len(times) > 1 else float("nan")
        case = self._cases.pop(0)
        self.rows.append((*case, first, batch, now - self._stopped))
        # The engine prepares the next run and then says that it is ready.


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    application = QCoreApplication([])
    data = parser.parse_args().data
    dataset = scan(data, IMAGE_CLASSIFICATION)
    with tempfile.TemporaryDirectory() as folder:
        drive = Drive(dataset, Path(folder))
        drive.worker.start()
        application.exec()
        drive.worker.close()
    print(
        f"{'may change':12}{'strategy':10}{'stop in':10}"
        f"{'first batch s':>14}{'a batch s':>11}{'stop s':>8}"
    )
    for trainable, strategy, when, first, batch, stop in drive.rows:
        print(
            f"{trainable:12}{strategy:10}{when:10}{first:14.2f}{batch:11.2f}{stop:8.2f}"
        )


if __name__ == "__main__":
    main()
