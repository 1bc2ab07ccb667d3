"""Preferences: with a scripted reader, and with the real one on a real disk."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset
from tlgui import paths
from tlgui.core import events
from tlgui.core.events import Outcome, Stop
from tlgui.core.settings import AppSettings
from tlgui.core.spec import TrainingSpec
from tlgui.gui.main_window import MainWindow
from tlgui.gui.preferences_dialog import PreferencesDialog
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.theme import Appearance, apply_theme
from tlgui.gui.updates import Updates
from tlgui.ml.cache_key import CacheKey
from tlgui.ml.cache_store import FREE_SHARE, LARGEST_LIMIT, CacheStore
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.training import train
from tlgui.paths import activations_dir
from tlgui.worker.reader import KeptActivations, Reader

LEFT = Qt.MouseButton.LeftButton
SOME = KeptActivations(3_000_000_000, 12_000_000_000)
KEY = CacheKey("efficientnet-lite0", "0" * 64, "pooled", 1, (1280,))


@pytest.fixture
def settings() -> Settings:
    return Settings(AppSettings())


def shown(qtbot: QtBot, dialog: PreferencesDialog) -> PreferencesDialog:
    qtbot.addWidget(dialog)
    with qtbot.waitActive(dialog):
        dialog.show()
        dialog.activateWindow()
    return dialog


@pytest.fixture
def dialog(
    qtbot: QtBot, session: Session, settings: Settings, updates: Updates
) -> PreferencesDialog:
    return shown(qtbot, PreferencesDialog(session, settings, updates))


@pytest.fixture
def real_reader(qtbot: QtBot) -> Iterator[Reader]:
    made = Reader()
    yield made
    assert made.close()


def keep(count: int) -> int:
    """Keeps some records as a run does; returns the bytes that they take."""
    names = [bytes([index]) * 16 for index in range(count)]
    with FeatureCache(activations_dir(), KEY) as cache:
        cache.put_many(names, np.ones((count, 1280), np.float32))
    return CacheStore(activations_dir()).size()


def test_the_menu_and_the_keys_open_it(
    qtbot: QtBot,
    session: Session,
    settings: Settings,
    projects: ProjectSession,
    updates: Updates,
) -> None:
    window = MainWindow(session, settings, projects, updates)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    files = window.menuBar().findChildren(QMenu)[0]
    assert files.title() == "&File"
    assert "Preferences…" in [action.text() for action in files.actions()]
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    (opened,) = window.findChildren(PreferencesDialog)
    assert opened.isVisible()
    with qtbot.waitSignal(opened.destroyed):
        QTest.mouseClick(opened.close_button, LEFT)


def test_it_measures_and_tells_size_and_limit(
    dialog: PreferencesDialog, reader: ScriptedReader
) -> None:
    assert reader.asked_to_clear == [False]
    assert dialog.kept.amount.text() == "Measuring…"
    assert not dialog.kept.clear.isEnabled()
    reader.kept_measured.emit(SOME, "")
    assert dialog.kept.amount.text() == "3.0 GB of 12 GB at most"
    assert dialog.kept.bar.value() == dialog.kept.bar.maximum() / 4
    assert dialog.kept.place.text() == str(activations_dir())
    assert dialog.kept.clear.isEnabled()


def test_clear_says_what_was_freed(
    dialog: PreferencesDialog, reader: ScriptedReader
) -> None:
    reader.kept_measured.emit(SOME, "")
    QTest.mouseClick(dialog.kept.clear, LEFT)
    assert reader.asked_to_clear == [False, True]
    assert not dialog.kept.clear.isEnabled()
    reader.kept_measured.emit(KeptActivations(0, 12_000_000_000, SOME.size), "")
    assert dialog.kept.told.text() == "3.0 GB freed."
    assert dialog.kept.amount.text() == "Nothing yet, 12 GB at most"
    assert not dialog.kept.clear.isEnabled()


def test_what_could_not_be_deleted_is_said(
    dialog: PreferencesDialog, reader: ScriptedReader
) -> None:
    reader.kept_measured.emit(SOME, "")
    QTest.mouseClick(dialog.kept.clear, LEFT)
    left = KeptActivations(1_000_000_000, 12_000_000_000, 2_000_000_000)
    reader.kept_measured.emit(left, "")
    assert dialog.kept.told.text().startswith("2.0 GB freed. The rest could not be")
    assert dialog.kept.clear.isEnabled()


def test_while_a_model_trains_nothing_is_cleared(
    dialog: PreferencesDialog,
    session: Session,
    reader: ScriptedReader,
    jobs: ScriptedJobs,
) -> None:
    reader.kept_measured.emit(SOME, "")
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    assert "A model is training" in dialog.kept.told.text()
    QTest.mouseClick(dialog.kept.clear, LEFT)
    assert True not in reader.asked_to_clear
    jobs.play(events.JobEnded(Outcome.STOPPED))
    assert dialog.kept.told.text() == ""
    reader.kept_measured.emit(SOME, "")  # what the run kept counts
    assert reader.asked_to_clear == [False, False]
    assert dialog.kept.clear.isEnabled()


def test_trouble_with_the_disk_is_a_sentence(
    dialog: PreferencesDialog, reader: ScriptedReader
) -> None:
    reader.kept_measured.emit(None, "The system does not let this program look.")
    assert dialog.kept.told.text() == "The system does not let this program look."
    assert dialog.kept.amount.text() == "Not known"
    assert not dialog.kept.clear.isEnabled()


def choose(qtbot: QtBot, dialog: PreferencesDialog, folder: str) -> None:
    QTest.mouseClick(dialog.runs.choose, LEFT)
    (chooser,) = dialog.findChildren(QFileDialog)
    with qtbot.waitSignal(chooser.destroyed):
        chooser.fileSelected.emit(folder)
        chooser.reject()


def test_a_folder_is_chosen_in_the_systems_dialog(
    dialog: PreferencesDialog, reader: ScriptedReader, tmp_path: Path
) -> None:
    QTest.mouseClick(dialog.runs.choose, LEFT)
    (chooser,) = dialog.findChildren(QFileDialog)
    chooser.selectFile(str(tmp_path))
    chooser.accept()
    assert reader.tried == [str(tmp_path)]


def test_another_folder_for_runs_is_tried_first(
    qtbot: QtBot,
    dialog: PreferencesDialog,
    session: Session,
    settings: Settings,
    reader: ScriptedReader,
) -> None:
    assert dialog.runs.usual.isHidden()
    choose(qtbot, dialog, "/photos/runs")
    assert reader.tried == ["/photos/runs"]
    assert settings.values.runs_dir == ""
    reader.folder_tried.emit("/photos/runs", "")
    assert settings.values.runs_dir == "/photos/runs"
    assert session.runs_dir == Path("/photos/runs")
    assert dialog.runs.place.text() == str(Path("/photos/runs"))


def test_a_folder_that_does_not_do_changes_nothing(
    qtbot: QtBot,
    dialog: PreferencesDialog,
    session: Session,
    settings: Settings,
    reader: ScriptedReader,
) -> None:
    usual = session.runs_dir
    choose(qtbot, dialog, "/read-only")
    reader.folder_tried.emit("/read-only", "Cannot write there.")
    assert dialog.runs.told.text() == "Cannot write there."
    assert settings.values.runs_dir == ""
    assert session.runs_dir == usual


def test_the_answer_for_an_earlier_folder_is_no_answer(
    qtbot: QtBot,
    dialog: PreferencesDialog,
    settings: Settings,
    reader: ScriptedReader,
) -> None:
    choose(qtbot, dialog, "/first")
    choose(qtbot, dialog, "/second")
    reader.folder_tried.emit("/first", "")
    assert settings.values.runs_dir == ""
    reader.folder_tried.emit("/second", "")
    assert settings.values.runs_dir == "/second"


def test_the_usual_folder_is_a_click_away(
    qtbot: QtBot, session: Session, reader: ScriptedReader, updates: Updates
) -> None:
    settings = Settings(AppSettings(runs_dir="/elsewhere"))
    session.runs_dir = Path("/elsewhere")
    dialog = shown(qtbot, PreferencesDialog(session, settings, updates))
    QTest.mouseClick(dialog.runs.usual, LEFT)
    assert settings.values.runs_dir == ""
    assert session.runs_dir == paths.default_runs_dir()
    assert dialog.runs.usual.isHidden()


def test_enter_and_escape_close_and_delete_nothing(
    qtbot: QtBot, dialog: PreferencesDialog, reader: ScriptedReader
) -> None:
    reader.kept_measured.emit(SOME, "")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert True not in reader.asked_to_clear
    dialog.show()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_all_of_it_can_be_seen_without_scrolling(
    qtbot: QtBot,
    qapp: QApplication,
    session: Session,
    settings: Settings,
    updates: Updates,
    reader: ScriptedReader,
) -> None:
    apply_theme(qapp, Appearance.LIGHT)  # its margins count
    dialog = shown(qtbot, PreferencesDialog(session, settings, updates))
    reader.kept_measured.emit(KeptActivations(0, 12_000_000_000, SOME.size), "")
    dialog.arrange(QSize(1280, 648))  # of a small laptop
    qtbot.waitUntil(lambda: dialog.kept.told.height() > 0)
    assert dialog.height() < 640
    qtbot.waitUntil(lambda: not dialog.area.verticalScrollBar().isVisible())


def test_the_limit_is_told_as_it_is(dialog: PreferencesDialog) -> None:
    texts = [label.text() for label in dialog.kept.findChildren(type(dialog.kept.told))]
    assert FREE_SHARE == 0.1
    assert LARGEST_LIMIT == 20 * 10**9
    assert any("a tenth of the free disk, at most 20 GB" in text for text in texts)


@pytest.mark.tf
def test_what_a_run_keeps_is_what_preferences_show(
    qtbot: QtBot, real_reader: Reader, colours: Path, tmp_path: Path
) -> None:
    told: list[events.Event] = []

    def stop() -> Stop | None:
        is_learning = any(isinstance(event, events.BatchEnded) for event in told)
        return Stop.DROP if is_learning else None

    train(TrainingSpec(data=str(colours)), tmp_path / "run", told.append, stop)
    with qtbot.waitSignal(real_reader.kept_measured) as measured:
        real_reader.request_kept()
    assert measured.args is not None
    assert measured.args[0].size > 8 * 1280 * 4


def test_the_real_reader_measures_and_clears(
    qtbot: QtBot,
    jobs: ScriptedJobs,
    settings: Settings,
    real_reader: Reader,
    updates: Updates,
) -> None:
    size = keep(100)
    assert size > 100 * 1280 * 4
    with qtbot.waitSignal(real_reader.kept_measured):
        dialog = shown(
            qtbot, PreferencesDialog(Session(jobs, real_reader), settings, updates)
        )
    assert f"{size / 1000:.1f} kB of " in dialog.kept.amount.text()
    with qtbot.waitSignal(real_reader.kept_measured) as told:
        QTest.mouseClick(dialog.kept.clear, LEFT)
    assert told.args is not None
    assert (told.args[0].size, told.args[0].freed) == (0, size)
    assert dialog.kept.told.text().endswith("freed.")
    assert CacheStore(activations_dir()).size() == 0


def test_more_than_two_gigabytes_are_told_right(
    qtbot: QtBot, real_reader: Reader
) -> None:
    keep(1)
    (data,) = activations_dir().glob("*/*.data")
    with data.open("rb+") as stream:
        stream.truncate(5_000_000_000)  # takes no room on the disk
    with qtbot.waitSignal(real_reader.kept_measured) as told:
        real_reader.request_kept()
    assert told.args is not None
    assert 5_000_000_000 < told.args[0].size < 5_000_100_000
    data.unlink()


def test_the_real_reader_tries_a_folder_and_leaves_nothing(
    qtbot: QtBot, real_reader: Reader, tmp_path: Path
) -> None:
    good, file = tmp_path / "runs", tmp_path / "file.txt"
    good.mkdir()
    file.touch()
    with qtbot.waitSignal(real_reader.folder_tried) as tried:
        real_reader.request_trial(str(good))
    assert tried.args == [str(good), ""]
    assert list(good.iterdir()) == []
    with qtbot.waitSignal(real_reader.folder_tried) as tried:
        real_reader.request_trial(str(file / "runs"))
    assert tried.args is not None
    assert tried.args[1].startswith(f"Cannot write to {file}")


def test_a_disk_that_refuses_is_told_as_a_sentence(
    qtbot: QtBot, real_reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tlgui.ml.cache_store.CacheStore.limit", refuse)
    with qtbot.waitSignal(real_reader.kept_measured) as told:
        real_reader.request_kept()
    assert told.args is not None
    assert told.args[0] is None
    assert f"look into {activations_dir()}: Permission denied." in told.args[1]
    monkeypatch.setattr("tlgui.worker.reading_desk.check_new_run", refuse)
    with qtbot.waitSignal(real_reader.folder_tried) as tried:
        real_reader.request_trial("/runs")
    assert tried.args is not None
    assert "permission was denied; choose a folder" in tried.args[1]


def test_a_fault_of_ours_is_told_and_answered(
    qtbot: QtBot, real_reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError("our mistake")

    monkeypatch.setattr("tlgui.ml.cache_store.CacheStore.size", fail)
    signals = [real_reader.bug_found, real_reader.kept_measured]
    with qtbot.waitSignals(signals, order="strict"):
        real_reader.request_kept(clear=True)
    monkeypatch.setattr("tlgui.worker.reading_desk.new_run_name", fail)
    signals = [real_reader.bug_found, real_reader.folder_tried]
    with qtbot.waitSignals(signals, order="strict"):
        real_reader.request_trial("/runs")


def test_measuring_brings_no_tensorflow_into_the_window() -> None:
    code = (
        "import sys\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "from tlgui.worker.reader import Reader\n"
        "application = QCoreApplication([])\n"
        "reader = Reader()\n"
        "reader.kept_measured.connect(application.quit)\n"
        "reader.request_kept(clear=True)\n"
        "application.exec()\n"
        "assert 'tlgui.ml.cache_store' in sys.modules\n"
        "print([m for m in ('tensorflow', 'keras', 'ai_edge_litert')"
        " if m in sys.modules])\n"
        "reader.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
