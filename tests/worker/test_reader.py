import dataclasses
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from tests.conftest import save_picture
from tests.gui.fakes import a_record, an_evaluation
from tlgui.core.run import REPORT, create_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION, Task
from tlgui.worker import reader as reader_module
from tlgui.worker.reader import Reader


@pytest.fixture
def reader(qtbot: QtBot) -> Iterator[Reader]:
    made = Reader()
    yield made
    assert made.close()


class Gate:
    """A task whose files are only read once the gate is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.task: Task = dataclasses.replace(
            IMAGE_CLASSIFICATION, inspect=self.inspect
        )

    def inspect(self, file: Path) -> None:
        self.reached.set()
        assert self.opened.wait(10)


def test_a_scan_is_answered_with_the_data_set(
    qtbot: QtBot, reader: Reader, colours: Path
) -> None:
    progress: list[tuple[int, int]] = []
    reader.scan_progressed.connect(lambda done, total: progress.append((done, total)))
    with qtbot.waitSignal(reader.scan_ended) as ended:
        reader.request_scan(str(colours))
    dataset, trouble = ended.args
    assert dataset.class_names == ("blue", "red")
    assert trouble == ""
    assert progress[-1] == (16, 16)


def test_progress_is_thinned_at_the_source(qtbot: QtBot, tmp_path: Path) -> None:
    for index in range(400):
        path = tmp_path / "many" / "abc"[index % 3] / f"{index}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    reader = Reader()
    progress: list[float] = []
    reader.scan_progressed.connect(lambda *_: progress.append(time.monotonic()))
    began = time.monotonic()
    with qtbot.waitSignal(reader.scan_ended):
        reader.request_scan(str(tmp_path / "many"))
    took = time.monotonic() - began
    assert 1 <= len(progress) <= 2 + took / reader_module.PROGRESS_SECONDS
    assert reader.close()


def test_a_missing_folder_is_told_as_a_sentence(
    qtbot: QtBot, reader: Reader, tmp_path: Path
) -> None:
    with qtbot.waitSignal(reader.scan_ended) as ended:
        reader.request_scan(str(tmp_path / "nowhere"))
    assert ended.args is not None
    assert ended.args[0] is None
    assert "Expected a folder" in ended.args[1]


def test_a_cancelled_scan_ends_at_once(qtbot: QtBot, colours: Path) -> None:
    gate = Gate()
    reader = Reader(gate.task)
    ended: list[tuple[object, str]] = []
    reader.scan_ended.connect(lambda dataset, text: ended.append((dataset, text)))
    reader.request_scan(str(colours))
    assert gate.reached.wait(10)
    reader.cancel_scan()
    assert ended == [(None, "")]  # though the disk has not answered yet
    gate.opened.set()
    assert reader.close()
    assert ended == [(None, "")]


def test_cancelling_without_a_scan_says_nothing(qtbot: QtBot, reader: Reader) -> None:
    with qtbot.assertNotEmitted(reader.scan_ended):
        reader.cancel_scan()


def test_a_later_scan_replaces_the_one_under_way(
    qtbot: QtBot, colours: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    for name in ("cats", "dogs"):
        save_picture(other / name / "1.png", (9, 99, 9))
    gate = Gate()
    reader = Reader(gate.task)
    ended: list[object] = []
    reader.scan_ended.connect(lambda dataset, text: ended.append(dataset))
    reader.request_scan(str(colours))
    assert gate.reached.wait(10)
    with qtbot.waitSignal(reader.scan_ended) as last:
        reader.request_scan(str(other))
        gate.opened.set()
    assert last.args is not None
    assert last.args[0].class_names == ("cats", "dogs")
    assert len(ended) == 1
    assert reader.close()


def test_closing_during_a_scan_of_many_files_is_quick(
    qtbot: QtBot, tmp_path: Path
) -> None:
    for index in range(2_000):
        path = tmp_path / "many" / "ab"[index % 2] / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    reader = Reader()
    with qtbot.waitSignal(reader.scan_progressed):
        reader.request_scan(str(tmp_path / "many"))
    for index in range(500):
        reader.request_thumbnail(str(tmp_path / f"{index}.jpg"), 96)
    began = time.monotonic()
    assert reader.close()
    assert time.monotonic() - began < 2


def test_a_program_that_forgets_to_close_ends_well(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from PySide6.QtCore import QCoreApplication, QTimer\n"
        "from tlgui.worker.reader import Reader\n"
        "app = QCoreApplication([])\n"
        "reader = Reader()\n"
        "reader.request_scan(sys.argv[1])\n"
        "QTimer.singleShot(0, app.quit)\n"
        "sys.exit(app.exec())\n"
    )
    for index in range(500):
        save_picture(tmp_path / "ab"[index % 2] / f"{index}.png", (9, 9, 9), 0)
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_thumbnail_is_upright_and_small(
    qtbot: QtBot, reader: Reader, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    file = tmp_path / "turned.jpg"
    Image.new("RGB", (200, 100), (200, 0, 0)).save(file, exif=exif)
    with qtbot.waitSignal(reader.thumbnail_read) as read:
        reader.request_thumbnail(str(file), 96)
    name, pixels = read.args
    assert name == str(file)
    assert pixels.shape == (96, 48, 3)
    assert pixels.dtype == np.uint8


def test_an_unreadable_thumbnail_is_none(
    qtbot: QtBot, reader: Reader, tmp_path: Path
) -> None:
    file = tmp_path / "broken.jpg"
    file.write_bytes(b"no picture")
    with qtbot.waitSignal(reader.thumbnail_read) as read:
        reader.request_thumbnail(str(file), 96)
    assert read.args == [str(file), None]


def test_work_is_done_in_a_thread_of_its_own(qtbot: QtBot, tmp_path: Path) -> None:
    seen: list[QThread] = []

    def look(source: Path | bytes, side: int) -> np.ndarray:
        seen.append(QThread.currentThread())
        return np.zeros((1, 1, 3), np.uint8)

    reader = Reader(dataclasses.replace(IMAGE_CLASSIFICATION, thumbnail=look))
    with qtbot.waitSignal(reader.thumbnail_read):
        reader.request_thumbnail("any.jpg", 96)
    assert seen
    assert seen[0] is not QThread.currentThread()
    assert reader.close()


def test_a_fault_of_ours_is_told_with_its_traceback(
    qtbot: QtBot, colours: Path
) -> None:
    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError("our mistake")

    task = dataclasses.replace(IMAGE_CLASSIFICATION, inspect=fail, thumbnail=fail)
    reader = Reader(task)
    with qtbot.waitSignals([reader.bug_found, reader.scan_ended], order="strict"):
        reader.request_scan(str(colours))
    with (
        qtbot.waitSignal(reader.bug_found) as bug,
        qtbot.waitSignal(reader.thumbnail_read) as read,
    ):
        reader.request_thumbnail("any.jpg", 96)
    assert bug.args is not None
    assert "ZeroDivisionError: our mistake" in bug.args[0]
    assert read.args == ["any.jpg", None]
    assert reader.close()


def test_a_run_is_opened_without_a_result(
    qtbot: QtBot, reader: Reader, tmp_path: Path
) -> None:
    run = create_run(tmp_path / "run", TrainingSpec(data="/photos"), ("ants", "bees"))
    run.write_history([a_record(1), a_record(2)])
    with qtbot.waitSignal(reader.run_opened) as opened:
        reader.request_run(str(run.folder))
    got, history, evaluation, trouble = opened.args
    assert got == run
    assert [record.epoch for record in history] == [1, 2]
    assert evaluation is None
    assert trouble == ""


def test_a_run_is_opened_with_its_result(
    qtbot: QtBot, reader: Reader, tmp_path: Path
) -> None:
    run = create_run(tmp_path / "run", TrainingSpec(data="/photos"), ("ants", "bees"))
    run.write_report({"validation": an_evaluation().to_json()})
    with qtbot.waitSignal(reader.run_opened) as opened:
        reader.request_run(str(run.folder))
    assert opened.args is not None
    assert opened.args[2] == an_evaluation()


@pytest.mark.parametrize("report", [None, {"validation": 3}, "no JSON"])
def test_what_is_no_run_is_told_as_a_sentence(
    qtbot: QtBot, reader: Reader, tmp_path: Path, report: object
) -> None:
    folder = tmp_path / "run"
    if report is not None:
        create_run(folder, TrainingSpec(data="/photos"), ("ants", "bees"))
        text = report if isinstance(report, str) else json.dumps(report)
        (folder / REPORT).write_text(text)
    with qtbot.waitSignal(reader.run_opened) as opened:
        reader.request_run(str(folder))
    assert opened.args is not None
    assert opened.args[:3] == [None, None, None]
    assert "Choose" in opened.args[3]
