"""A window without widgets: the real worker and its engine, at one training.

    python -m tests.crash.window PARENT SPEC

Says on a line each when the run began and when it ended.
"""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Slot

from tlgui.core.events import JobEnded, RunStarted
from tlgui.core.scan import scan
from tlgui.core.spec import spec_from_json
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.worker.jobs import TrainJob
from tlgui.worker.worker import Worker


class Window(QObject):
    """Tells on standard output how far the worker is."""

    @Slot(object)
    def hear(self, event: object) -> None:
        """Tells of the beginning and the end."""
        if isinstance(event, RunStarted | JobEnded):
            sys.stdout.write(f"{type(event).__name__}\n")
            sys.stdout.flush()


def main() -> None:
    """Trains, and then stays open until somebody ends it."""
    parent = Path(sys.argv[1])
    spec = spec_from_json(json.loads(sys.argv[2]), parent)
    application = QCoreApplication([])
    worker, window = Worker(spec.backbone), Window()
    worker.event_received.connect(window.hear)
    worker.start()
    dataset = scan(Path(spec.data), IMAGE_CLASSIFICATION)
    worker.submit(TrainJob(spec, dataset, str(parent), "run"))
    application.exec()


if __name__ == "__main__":
    main()
