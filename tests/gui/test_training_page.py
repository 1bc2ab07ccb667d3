import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.fakes import (
    ScriptedJobs,
    ScriptedReader,
    a_dataset,
    a_plan,
    a_record,
    a_run,
)
from tlgui.core import events
from tlgui.core.events import Outcome, Stage, Stop
from tlgui.gui.session import Session, Status
from tlgui.gui.setting_fields import NumberSetting
from tlgui.gui.stop_dialog import StopDialog
from tlgui.gui.training_page import TrainingPage

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> TrainingPage:
    widget = TrainingPage(session)
    qtbot.addWidget(widget)
    widget.resize(1040, 640)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def running(
    qtbot: QtBot, page: TrainingPage, reader: ScriptedReader, jobs: ScriptedJobs
) -> TrainingPage:
    reader.scan_ended.emit(a_dataset(), "")
    QTest.mouseClick(page.start, LEFT)
    jobs.play(a_plan(), events.StageChanged(Stage.TRAINING))
    return page


def _dialog(page: TrainingPage) -> StopDialog:
    dialog = page.findChild(StopDialog)
    assert dialog is not None
    return dialog


def test_without_photos_start_is_off_and_says_why(page: TrainingPage) -> None:
    assert not page.start.isEnabled()
    assert page.reason.isVisible()
    assert page.reason.text() == "Choose a folder of photos first."


def test_start_begins_a_run(
    qtbot: QtBot, page: TrainingPage, reader: ScriptedReader, jobs: ScriptedJobs
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    assert page.start.isEnabled()
    assert not page.reason.isVisible()
    QTest.mouseClick(page.start, LEFT)
    assert len(jobs.train_jobs) == 1
    assert not page.start.isVisible()
    assert page.drop.isVisible()


def test_f5_starts(
    qtbot: QtBot, page: TrainingPage, reader: ScriptedReader, jobs: ScriptedJobs
) -> None:
    QTest.keyClick(page, Qt.Key.Key_F5)
    assert not jobs.train_jobs
    reader.scan_ended.emit(a_dataset(), "")
    QTest.keyClick(page, Qt.Key.Key_F5)
    QTest.keyClick(page, Qt.Key.Key_F5)
    assert len(jobs.train_jobs) == 1


def test_a_double_click_on_start_does_not_stop(
    qtbot: QtBot, page: TrainingPage, reader: ScriptedReader
) -> None:
    """Its second click lands on a button that is still off."""
    reader.scan_ended.emit(a_dataset(), "")
    qtbot.waitUntil(lambda: page.start.x() > 0)
    left = page.start.x()
    QTest.mouseClick(page.start, LEFT)
    qtbot.waitUntil(lambda: 0 < page.keep.x() <= left)
    assert page.drop.geometry().right() < left
    assert not page.keep.isEnabled()


def test_a_wrong_setting_stands_against_starting(
    qtbot: QtBot, page: TrainingPage, reader: ScriptedReader, jobs: ScriptedJobs
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    field = page.settings.fields["learning_rate"]
    assert isinstance(field, NumberSetting)
    field.box.selectAll()
    QTest.keyClicks(field.box, "abc")
    assert not page.start.isEnabled()
    assert "marked in red" in page.reason.text()
    QTest.keyClick(page, Qt.Key.Key_F5)
    assert not jobs.train_jobs
    field.box.selectAll()
    QTest.keyClicks(field.box, "0.1")
    assert page.start.isEnabled()


def test_nothing_can_be_kept_before_the_first_epoch(
    qtbot: QtBot, running: TrainingPage, jobs: ScriptedJobs
) -> None:
    assert not running.keep.isEnabled()
    jobs.play(events.EpochEnded(a_record(1)))
    assert running.keep.isEnabled()
    QTest.mouseClick(running.keep, LEFT)
    assert jobs.stops == [Stop.KEEP]
    assert not running.keep.isEnabled()
    assert not running.drop.isEnabled()


def test_stop_asks_nothing_while_nothing_is_lost(
    qtbot: QtBot, running: TrainingPage, jobs: ScriptedJobs
) -> None:
    QTest.mouseClick(running.drop, LEFT)
    assert jobs.stops == [Stop.DROP]


@pytest.mark.parametrize(
    ("answer", "stops"), [("go_on", []), ("drop", [Stop.DROP]), ("keep", [Stop.KEEP])]
)
def test_stop_asks_once_an_epoch_would_be_lost(
    qtbot: QtBot,
    running: TrainingPage,
    jobs: ScriptedJobs,
    answer: str,
    stops: list[Stop],
) -> None:
    jobs.play(events.EpochEnded(a_record(1)))
    QTest.mouseClick(running.drop, LEFT)
    assert jobs.stops == []
    QTest.mouseClick(getattr(_dialog(running), answer), LEFT)
    assert jobs.stops == stops


def test_escape_asks_and_escape_goes_on(
    qtbot: QtBot, running: TrainingPage, jobs: ScriptedJobs, session: Session
) -> None:
    QTest.keyClick(running, Qt.Key.Key_Escape)
    dialog = _dialog(running)
    assert not dialog.keep.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert jobs.stops == []
    assert session.status is Status.RUNNING


def test_the_question_goes_away_with_the_run(
    qtbot: QtBot, running: TrainingPage, jobs: ScriptedJobs
) -> None:
    jobs.play(events.EpochEnded(a_record(1)))
    QTest.mouseClick(running.drop, LEFT)
    dialog = _dialog(running)
    jobs.play(events.JobEnded(Outcome.COMPLETED))
    assert not dialog.isVisible()
    assert jobs.stops == []


def test_after_a_run_another_can_start(
    qtbot: QtBot, running: TrainingPage, jobs: ScriptedJobs
) -> None:
    jobs.play(*a_run()[3:])
    assert running.start.isVisible()
    assert running.start.isEnabled()
    assert running.start.text() == "Train again"
    QTest.mouseClick(running.start, LEFT)
    assert len(jobs.train_jobs) == 2


def test_the_page_fits_a_small_window(
    running: TrainingPage, jobs: ScriptedJobs, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(running.plots.redrawn):
        jobs.play(*a_run()[3:])
    assert running.minimumSizeHint().width() <= 1040
    assert running.minimumSizeHint().height() <= 640
