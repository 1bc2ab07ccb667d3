"""The real window from start to close: time to the screen, memory, event-loop gaps.

Run it on an idle machine, under a display or `xvfb-run`:

    python -m tests.benchmarks.window DATA [--json]

It starts the program as a person does, opens DATA, waits for the engine, trains
with the defaults while the plots draw, stops a second run, and closes. Times of
the start are taken in child processes, from before the interpreter starts until
the first paint.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from tests.benchmarks.heartbeat import Heartbeat, summary
from tlgui.core.events import Stop
from tlgui.core.settings import AppSettings, settings_file
from tlgui.core.settings_file import SettingsFile
from tlgui.gui.main_window import MODEL, RESULT, TRAINING
from tlgui.gui.session import EngineState
from tlgui.gui.settings import Settings
from tlgui.gui.theme import Appearance, apply_theme

_FIRST_PAINT = """
import sys, time
from PySide6.QtCore import QEvent, QObject
from tlgui.gui import main_window
class Eye(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print(time.time(), "tensorflow" in sys.modules, flush=True)
            import os
            os._exit(0)
        return False
show = main_window.MainWindow.showEvent
def watched(self, event):
    self._eye = Eye()
    self.centralWidget().installEventFilter(self._eye)
    show(self, event)
main_window.MainWindow.showEvent = watched
sys.argv = ["tlgui"]
from tlgui.__main__ import main
main()
"""


def time_to_first_paint(times: int = 5) -> list[float]:
    """Seconds from before the process starts to the window's first paint."""
    measured = []
    for _ in range(times):
        began = time.time()
        told = subprocess.run(
            [sys.executable, "-c", _FIRST_PAINT],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert told[1] == "False", "TensorFlow is in the window's process"
        measured.append(float(told[0]) - began)
    return measured


class Drive(QObject):
    """Takes the window through a whole use and measures on the way."""

    def __init__(self, data: Path) -> None:
        super().__init__()
        from tlgui.app import Studio

        self._data = data
        self.studio = Studio(Settings(AppSettings()), SettingsFile(settings_file()))
        self.session = self.studio.session
        self.heart = Heartbeat(self)
        self.pressed = 0.0
        self.measured: dict[str, float] = {}
        self._memory = QTimer(self, interval=500)
        self._memory.timeout.connect(self._weigh)
        self._runs = 0
        self.session.dataset_changed.connect(self._on_data)
        self.session.engine_changed.connect(self._on_engine)
        self.session.run.batch_ended.connect(self._on_batch)
        self.session.run.ended.connect(self._on_run_ended)

    def begin(self) -> None:
        """Shows the window and starts the engine, as the program does."""
        self.studio.window.show()
        self.heart.start()
        self.heart.mark("start")
        QTimer.singleShot(0, self.studio.begin)
        self._memory.start()
        self._later(1500, self._scan)

    @Slot()
    def _scan(self) -> None:
        self.heart.mark("scan and warm-up")
        self.studio.open(self._data)

    @Slot()
    def _on_data(self) -> None:
        self._later(1500, self._look_at_the_model)

    @Slot()
    def _look_at_the_model(self) -> None:
        self.studio.window.show_step(MODEL)
        self._later(1500, self._look_at_training)

    @Slot()
    def _look_at_training(self) -> None:
        self.studio.window.show_step(TRAINING)
        self._train_when_ready()

    @Slot()
    def _on_engine(self) -> None:
        self._train_when_ready()

    def _train_when_ready(self) -> None:
        at_training = self.studio.window.pages.currentIndex() == TRAINING
        ready = self.session.engine is EngineState.READY
        if at_training and ready and not self._runs:
            self._later(2000, self._train)

    @Slot()
    def _train(self) -> None:
        if self._runs:
            return
        self.heart.mark("training")
        self._press_start()

    def _press_start(self) -> None:
        self._runs += 1
        self.pressed = time.perf_counter()
        self.session.start()

    @Slot(object)
    def _on_batch(self, _event: object) -> None:
        name = f"first batch {self._runs}"
        if name not in self.measured:
            self.measured[name] = time.perf_counter() - self.pressed
        if self._runs == 2 and len(self.session.run.batches) == 3:
            self.heart.mark("stop")
            self.pressed = time.perf_counter()
            self.session.stop(Stop.DROP)

    @Slot(object)
    def _on_run_ended(self, _ended: object) -> None:
        if self._runs == 1:
            self.measured["training"] = time.perf_counter() - self.pressed
            self.heart.mark("result")
            self.studio.window.show_step(RESULT)
            self._later(2000, self._train_again)
            return
        self.measured["stop to stopped"] = time.perf_counter() - self.pressed
        self._later(500, self._close)

    @Slot()
    def _train_again(self) -> None:
        self.heart.mark("second run")
        self.studio.window.show_step(TRAINING)
        self._press_start()

    @Slot()
    def _close(self) -> None:
        self.heart.mark("close")
        self.pressed = time.perf_counter()
        self._later(0, self._end)

    @Slot()
    def _end(self) -> None:
        self.studio.window.close()

    @Slot()
    def _weigh(self) -> None:
        size = psutil.Process().memory_info().rss / 1e6
        self.measured["window MB"] = max(size, self.measured.get("window MB", 0))
        assert "tensorflow" not in sys.modules

    def _later(self, milliseconds: int, what: Callable[[], None]) -> None:
        QTimer.singleShot(milliseconds, what)


def main() -> None:
    """Prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("CONFIG", "CACHE", "LOG", "RUNS"):
            os.environ[f"TLGUI_{name}_DIR"] = folder
        starts = time_to_first_paint()
        application = QApplication(sys.argv[:1])
        apply_theme(application, Appearance.LIGHT)
        drive = Drive(chosen.data.absolute())
        drive.begin()
        application.exec()
        drive.studio.end()
        drive.measured["close to gone"] = time.perf_counter() - drive.pressed
    parts = {name: summary(gaps) for name, gaps in drive.heart.gaps().items()}
    result = {"first paint": starts, **drive.measured, "gaps in ms": parts}
    if chosen.json:
        print(json.dumps(result, indent=2))
        return
    print("first paint, s:", " ".join(f"{value:.2f}" for value in starts))
    for name, value in drive.measured.items():
        print(f"{name}: {value:.2f}")
    print(f"{'gaps in ms':20}{'median':>8}{'p99':>8}{'worst':>8}{'>100':>6}")
    for name, part in parts.items():
        if not part:
            continue
        print(
            f"{name:20}{part['median']:8.1f}{part['p99']:8.1f}"
            f"{part['worst']:8.1f}{part['over_100']:6}"
        )


if __name__ == "__main__":
    main()
