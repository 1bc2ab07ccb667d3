"""How soon the program ends when it is asked to, and what a run loses by it.

    python -m tests.benchmarks.stopping DATA

Each row starts the real window (without a display) or the real command, trains, asks
for the end in the way of the row, and waits. *Lost* is how many of the epochs that
were told of are not in the run's checkpoint and history; a run that was kept as a
model loses none.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.children import ROOT, folders
from tlgui.core.checkpoint import Checkpoints
from tlgui.core.run import open_run

_EPOCHS = 5_000
_BLOCKS = {"head": "", "last block": "top"}
# Trains in the real window and tells its epochs, as `--json` does.
_WINDOW = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from tlgui import app
data, blocks, epochs = sys.argv[1], tuple(filter(None, [sys.argv[2]])), sys.argv[3]
class Studio(app.Studio):
    def begin(self):
        super().begin()
        self.session.dataset_changed.connect(self.train)
        self.session.epoch_ended.connect(self.tell)
        self.session.run.started.connect(self.tell_run)
        self.started = False
    def train(self):
        if self.session.dataset is None or self.started:
            return
        self.started = True
        self.session.change_spec(
            trainable=blocks, epochs=int(epochs), strategy="direct",
            augmentation="none", learning_rate=1e-5)
        self.session.start()
    def tell(self, record):
        line = {"event": "epoch_ended", "record": {"epoch": record.epoch}}
        print(json.dumps(line), flush=True)
        if sys.argv[4:] == ["logout", "late"] and record.epoch == 3:
            self.log_out()
    def tell_run(self):
        line = {"event": "run_started", "run": self.session.run.plan.run}
        print(json.dumps(line), flush=True)
        if sys.argv[4:] == ["logout", "early"]:
            QTimer.singleShot(0, self.log_out)
    def log_out(self):
        # What Qt does when the session manager ends the session.
        print(json.dumps({"event": "logout"}), flush=True)
        self._on_session_ends()
        QApplication.quit()
app.Studio = Studio
sys.exit(app.main([data]))
"""


@dataclass(frozen=True)
class Way:
    """A row.

    Attributes:
        place: "window" or "command".
        learns: a key of `_BLOCKS`.
        how: "SIGTERM", "SIGINT", "SIGHUP" or "logout".
        early: whether it is asked before the first batch.
    """

    place: str
    learns: str
    how: str
    early: bool = False

    @property
    def name(self) -> str:
        """As shown."""
        moment = "first batch" if self.early else "training"
        return f"{self.place}, {self.learns}, {self.how}, {moment}"


WAYS = [
    Way(place, learns, how, early)
    for place, hows in (
        ("window", ("SIGTERM", "SIGINT", "logout")),
        ("command", ("SIGTERM", "SIGINT")),
    )
    for learns in _BLOCKS
    for how in hows
    for early in (False, True)
]


def measure(way: Way, data: Path, work: Path) -> dict[str, Any]:
    """Starts, asks, waits and looks at what is left.

    Returns:
        `seconds` from asking to the end, the exit `code`, `told` epochs, and how many
        are `lost`.
    """
    run = work / "run"
    process = subprocess.Popen(
        _command(way, data, run),
        env={
            **os.environ,
            **folders(work, "cache"),
            "TLGUI_RUNS_DIR": str(work / "runs"),
            "PYTHONPATH": str(ROOT),
            "QT_QPA_PLATFORM": "offscreen",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        told, asked = _listen(way, process)
        seconds = time.perf_counter() - asked
    if way.place == "window":
        run = Path(told["run"])
    return {
        "seconds": seconds,
        "code": process.returncode,
        "told": told["epochs"],
        "lost": max(0, told["epochs"] - _kept(run)),
    }


def _command(way: Way, data: Path, run: Path) -> list[str]:
    block = _BLOCKS[way.learns]
    if way.place == "window":
        moment = "early" if way.early else "late"
        arguments = [str(data), block, str(_EPOCHS), way.how, moment]
        return [sys.executable, "-c", _WINDOW, *arguments]
    options = ["--trainable", block or "head", "--epochs", str(_EPOCHS)]
    options += ["--strategy", "direct", "--augment", "none", "--json"]
    options += ["--learning-rate", "1e-5", "--out", str(run)]
    return [sys.executable, "-m", "tlgui", "train", str(data), *options]


def _listen(way: Way, process: subprocess.Popen[str]) -> tuple[dict[str, Any], float]:
    """Follows what is told, and asks for the end when it is time."""
    told: dict[str, Any] = {"epochs": 0, "run": ""}
    asked = 0.0
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        match event["event"]:
            case "run_started":
                told["run"] = event["run"]
            case "epoch_ended":
                told["epochs"] = event["record"]["epoch"]
            case "logout":
                asked = time.perf_counter()
        is_time = bool(told["run"]) if way.early else told["epochs"] > 2
        if is_time and not asked and way.how != "logout":
            asked = time.perf_counter()
            process.send_signal(signal.Signals[way.how])
    return told, asked


def _kept(run: Path) -> int:
    """How many finished epochs a run still knows."""
    if not run.is_dir():
        return 0
    found = open_run(run)
    if found.model_file.exists():
        return len(found.history())
    last, _ = Checkpoints(run).read_last()
    return 0 if last is None else len(last.about["records"])


def main() -> None:
    """Prints a line a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as prepared:
        for way in (way for way in WAYS if chosen.only in way.name):
            work = Path(tempfile.mkdtemp(dir=prepared))
            found = measure(way, chosen.data.absolute(), work)
            print(
                f"{way.name:45} {found['seconds']:5.2f} s  exit {found['code']:4}  "
                f"{found['told']:4} epochs told, {found['lost']:3} lost",
                flush=True,
            )


if __name__ == "__main__":
    main()
