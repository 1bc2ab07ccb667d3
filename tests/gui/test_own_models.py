"""The models of one's own on the page of the models: clicks, keys and words."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.gui.fakes import (
    ScriptedJobs,
    ScriptedReader,
    a_dataset,
    a_run,
    a_start,
    an_import,
)
from tlgui.core import events
from tlgui.core.events import Outcome, Stage, Stop
from tlgui.core.starting_point import StartingPoint
from tlgui.gui.data_page import DataPage
from tlgui.gui.main_window import DATA, MODEL, MainWindow
from tlgui.gui.model_page import ModelPage
from tlgui.gui.own_models import OwnModels
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.result_page import ResultPage
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.starting_points import NamedRun
from tlgui.gui.training_page import TrainingPage
from tlgui.gui.updates import Updates

LEFT = Qt.MouseButton.LeftButton
TAB = Qt.FocusPolicy.TabFocus
FILE = Path("/downloads/keras_model.h5")


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> ModelPage:
    made = ModelPage(session)
    qtbot.addWidget(made)
    made.resize(1040, 900)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def own(page: ModelPage) -> OwnModels:
    return page.own


def offer(session: Session, reader: ScriptedReader, *points: StartingPoint) -> None:
    """Lets the project have runs, and the program imported models."""
    runs = [p for p in points if p.is_run]
    session.starts.take_runs(
        [NamedRun(p.folder, f"Run {n}", False, p.created) for n, p in enumerate(runs)]
    )
    reader.starting_points_read.emit(points, "")


def many(count: int) -> list[StartingPoint]:
    return [a_start(f"r{n}", created=f"2026-05-{10 + n}T09:00") for n in range(count)]


def names(own: OwnModels) -> list[str]:
    return [Path(folder).name for folder in own.cards]


def test_without_models_there_is_one_quiet_line(own: OwnModels) -> None:
    assert own.hint.isVisible()
    assert own.use_file.isVisible()
    assert not own.show_all.isVisible()
    assert not own.sentence.isVisible()
    assert not own.importing.isVisible()
    assert own.height() < 60


def test_a_card_says_what_a_model_is(
    session: Session, reader: ScriptedReader, own: OwnModels
) -> None:
    offer(session, reader, a_start(), an_import())
    foreign, run = own.cards.values()
    assert run.accessibleName() == "Run 0"
    for told in ("95.4", "ants, bees", "EfficientNet-Lite0"):
        assert told in run.accessibleDescription()
    assert "152 of 153 layers matched" in foreign.toolTip()
    assert not own.hint.isVisible()


def test_the_tab_key_goes_to_the_chosen_model(
    session: Session, reader: ScriptedReader, page: ModelPage, own: OwnModels
) -> None:
    def stops() -> list[QAbstractButton]:
        return [c for c in page.cards.group.buttons() if c.focusPolicy() & TAB]

    offer(session, reader, *many(2))
    assert stops() == [page.cards.cards["efficientnet-lite0"]]
    session.choose_model("efficientnet-lite0", "/project.tlgui/runs/r1")
    assert stops() == [own.cards["/project.tlgui/runs/r1"]]
    offer(session, reader, *many(3))
    assert stops() == [own.cards["/project.tlgui/runs/r1"]]


def test_a_click_starts_from_a_model_and_another_one_from_the_catalogue(
    session: Session, reader: ScriptedReader, page: ModelPage, own: OwnModels
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.change_spec(trainable=("block7a", "top"))
    foreign = an_import()
    offer(session, reader, a_start(), foreign)
    lite0 = page.cards.cards["efficientnet-lite0"]
    assert lite0.isChecked()
    QTest.mouseClick(own.cards[str(foreign.folder)], LEFT)
    assert session.spec.start == str(foreign.folder)
    assert session.spec.backbone == "efficientnet-lite1"
    assert session.spec.trainable == ("block7a", "top")
    assert own.cards[str(foreign.folder)].isChecked()
    assert not any(card.isChecked() for card in page.cards.cards.values())
    assert own.sentence.isVisible()
    assert own.sentence.text().startswith("Starts from “keras_model”")
    QTest.mouseClick(lite0, LEFT)
    assert session.spec.start == ""
    assert session.spec.backbone == "efficientnet-lite0"
    assert lite0.isChecked()
    assert not own.sentence.isVisible()


def test_the_sentence_follows_the_photos(
    session: Session, reader: ScriptedReader, own: OwnModels
) -> None:
    point = a_start(class_names=("ants", "wasps"))
    offer(session, reader, point)
    session.choose_model(point.backbone, str(point.folder))
    assert own.sentence.text().endswith("It knows ants and wasps.")
    reader.scan_ended.emit(a_dataset(), "")
    assert "new to it: bees." in own.sentence.text()


def test_a_choice_from_elsewhere_marks_no_card_of_the_catalogue(
    session: Session, reader: ScriptedReader, page: ModelPage, own: OwnModels
) -> None:
    point = a_start()
    session.choose_model(point.backbone, str(point.folder))
    assert not any(card.isChecked() for card in page.cards.cards.values())
    reader.starting_points_read.emit((point,), "")
    assert own.cards[str(point.folder)].isChecked()


def test_the_arrow_keys_walk_from_the_catalogue_to_ones_own(
    session: Session, reader: ScriptedReader, page: ModelPage, own: OwnModels
) -> None:
    point = a_start()
    offer(session, reader, point)
    QApplication.processEvents()
    first = page.cards.cards["efficientnet-lite0"]
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Down)
    assert own.cards[str(point.folder)].hasFocus()
    assert session.spec.start == str(point.folder)


def test_a_few_are_shown_and_all_on_demand(
    session: Session, reader: ScriptedReader, own: OwnModels
) -> None:
    offer(session, reader, *many(5))
    assert names(own) == ["r4", "r3", "r2"]
    assert own.show_all.text() == "Show all (5)…"
    QTest.mouseClick(own.show_all, LEFT)
    assert names(own) == ["r4", "r3", "r2", "r1", "r0"]
    QTest.mouseClick(own.cards["/project.tlgui/runs/r0"], LEFT)
    QTest.mouseClick(own.show_all, LEFT)
    assert names(own) == ["r4", "r3", "r0"], "the chosen one stays in sight"


def test_the_keyboard_stays_where_it_is_when_models_come(
    session: Session, reader: ScriptedReader, own: OwnModels
) -> None:
    offer(session, reader, *many(2))
    own.cards["/project.tlgui/runs/r0"].setFocus()
    offer(session, reader, *many(3))
    assert own.cards["/project.tlgui/runs/r0"].hasFocus()


def test_while_training_nothing_else_is_chosen(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader, own: OwnModels
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    offer(session, reader, a_start())
    session.start()
    (card,) = own.cards.values()
    QTest.mouseClick(card, LEFT)
    assert session.spec.start == ""
    assert not own.use_file.isEnabled()
    jobs.play(*a_run())
    assert card.isEnabled()
    assert own.use_file.isEnabled()


def test_cards_that_come_while_training_cannot_be_chosen(
    session: Session, reader: ScriptedReader, own: OwnModels
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    offer(session, reader, a_start())
    (card,) = own.cards.values()
    assert not card.isEnabled()


def test_a_file_is_chosen_in_the_dialog(
    qtbot: QtBot, jobs: ScriptedJobs, own: OwnModels, tmp_path: Path
) -> None:
    QTest.mouseClick(own.use_file, LEFT)
    (dialog,) = own.findChildren(QFileDialog)
    assert any("*.keras" in text and "*.h5" in text for text in dialog.nameFilters())
    dialog.fileSelected.emit(str(FILE))
    dialog.reject()
    assert [job.file for job in jobs.import_jobs] == [str(FILE)]


def test_the_import_shows_where_it_is_and_can_be_cancelled(
    session: Session, jobs: ScriptedJobs, own: OwnModels
) -> None:
    view = own.importing
    session.import_model(FILE)
    assert view.isVisible()
    assert "keras_model.h5" in view.doing.text()
    assert view.bar.maximum() == 0, "it goes on, nobody knows for how long"
    jobs.play(events.ProgressMade(Stage.LOADING, 1, 4))
    assert (view.bar.value(), view.bar.maximum()) == (1, 4)
    assert not own.use_file.isEnabled()
    QTest.mouseClick(view.cancel, LEFT)
    assert jobs.stops == [Stop.DROP]
    jobs.play(events.JobEnded(Outcome.STOPPED))
    assert not view.isVisible()
    assert own.use_file.isEnabled()


def import_one(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> StartingPoint:
    point = an_import(class_names=("ants", "wasps"))
    session.import_model(FILE)
    jobs.play(
        events.ModelImported(str(point.folder), 152, 153, point.report),
        events.JobEnded(Outcome.COMPLETED),
    )
    reader.starting_points_read.emit((point,), "")
    return point


def test_the_result_is_shown_before_it_is_used(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader, own: OwnModels
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    point = import_one(session, jobs, reader)
    view = own.importing
    assert view.use.isVisible()
    assert view.use.hasFocus()
    assert "EfficientNet-Lite1" in view.title.text()
    assert view.report.text() == point.report
    assert "new to it: bees" in view.meaning.text()
    assert session.spec.start == ""
    assert own.cards == {}
    QTest.keyClick(view.use, Qt.Key.Key_Space)
    assert session.spec.start == str(point.folder)
    assert not view.isVisible()
    assert own.cards[str(point.folder)].isChecked()


def test_a_result_that_is_not_used_can_be_removed(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader, own: OwnModels
) -> None:
    point = import_one(session, jobs, reader)
    QTest.mouseClick(own.importing.remove, LEFT)
    assert reader.removed == [], "it asks first"
    QTest.mouseClick(own.keep_button, LEFT)
    assert reader.removed == []
    QTest.mouseClick(own.importing.remove, LEFT)
    QTest.mouseClick(own.remove_button, LEFT)
    assert reader.removed == [str(point.folder)]
    reader.starting_points_read.emit((), "")
    assert not own.importing.isVisible()


def test_choosing_something_else_answers_the_question_too(
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
    page: ModelPage,
    own: OwnModels,
) -> None:
    point = import_one(session, jobs, reader)
    QTest.mouseClick(page.cards.cards["efficientnet-lite2"], LEFT)
    assert not own.importing.isVisible()
    assert names(own) == [point.folder.name]


def test_the_chosen_import_is_removed_with_the_delete_key(
    session: Session, reader: ScriptedReader, page: ModelPage, own: OwnModels
) -> None:
    point = an_import()
    offer(session, reader, point)
    card = own.cards[str(point.folder)]
    QTest.mouseClick(card, LEFT)
    assert own.remove.isVisible()
    card.setFocus()
    page.activateWindow()
    QTest.keyClick(card, Qt.Key.Key_Delete)
    (box,) = own.findChildren(QMessageBox)
    assert "keras_model" in box.text()
    QTest.mouseClick(own.remove_button, LEFT)
    assert session.spec.start == ""
    assert session.spec.backbone == point.backbone
    assert reader.removed == [str(point.folder)]


def test_a_run_is_not_removed_here(
    session: Session, reader: ScriptedReader, own: OwnModels
) -> None:
    point = a_start()
    offer(session, reader, point)
    QTest.mouseClick(own.cards[str(point.folder)], LEFT)
    assert own.sentence.isVisible()
    assert not own.remove.isVisible()
    assert own.cards[str(point.folder)].actions() == []


def mime_of(*files: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(file) for file in files])
    return mime


def enters(widget: QWidget, mime: QMimeData) -> bool:
    event = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier(0)
    )
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def drop(widget: QWidget, mime: QMimeData) -> None:
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier(0)
    )
    QApplication.sendEvent(widget, event)


def test_a_model_file_is_dropped_on_the_window(
    qtbot: QtBot,
    session: Session,
    settings: Settings,
    projects: ProjectSession,
    jobs: ScriptedJobs,
    updates: Updates,
) -> None:
    window = MainWindow(session, settings, projects, updates)
    qtbot.addWidget(window)
    window.show()
    assert window.pages.currentIndex() == DATA
    mime = mime_of(str(FILE))
    assert not enters(window, mime_of("/photos/1.jpg"))
    drop(window, mime_of("/photos/1.jpg"))
    assert jobs.import_jobs == []
    assert enters(window, mime)
    drop(window, mime)
    assert [job.file for job in jobs.import_jobs] == [str(FILE)]
    assert window.pages.currentIndex() == MODEL
    assert window.model_page.own.importing.isVisible()


def test_the_pages_leave_model_files_to_the_window(
    qtbot: QtBot,
    session: Session,
    settings: Settings,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
) -> None:
    data, result = DataPage(session, settings), ResultPage(session)
    for made in (data, result):
        qtbot.addWidget(made)
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    jobs.play(*a_run())
    assert enters(data, mime_of("/photos"))
    assert not enters(data, mime_of(str(FILE)))
    assert enters(result, mime_of("/photos/1.jpg"))
    assert not enters(result, mime_of(str(FILE)))


def test_the_training_page_says_what_a_run_starts_from(
    qtbot: QtBot, session: Session, reader: ScriptedReader
) -> None:
    page = TrainingPage(session)
    qtbot.addWidget(page)
    page.show()
    reader.scan_ended.emit(a_dataset(), "")
    assert not page.origin.isVisible()
    point = a_start()
    offer(session, reader, point)
    session.choose_model(point.backbone, str(point.folder))
    assert page.origin.isVisible()
    assert page.origin.text.text().startswith("Starts from “Run 0”")
    assert "ants and bees already" in page.origin.text.toolTip()
    assert page.start.isEnabled()
    session.starts.take_runs(())
    reader.starting_points_read.emit((), "")
    assert not page.origin.isVisible()
    assert not page.start.isEnabled()
    assert "not there any more" in page.reason.text()
    session.choose_model("efficientnet-lite0")
    assert page.start.isEnabled()


def test_a_head_that_knows_the_classes_is_not_called_new(
    session: Session, reader: ScriptedReader, page: ModelPage
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    known, strange = a_start("known"), a_start("strange", ("cats", "dogs"))
    offer(session, reader, known, strange)
    session.choose_model(strange.backbone, str(strange.folder))
    assert page.panel.sentence.text().endswith("New, and always learns.")
    assert page.meaning.title.text() == "Quickest: only the new head learns."
    session.choose_model(known.backbone, str(known.folder))
    assert page.panel.sentence.text().endswith("(ants, bees). Always learns.")
    assert page.meaning.title.text() == "Quickest: only the head learns."


def test_the_picture_leaves_room_for_ones_own_models(
    qtbot: QtBot, session: Session, reader: ScriptedReader, page: ModelPage
) -> None:
    page.resize(1040, 1_000)
    alone = page.panel.picture_area.height()
    offer(session, reader, *many(3))
    qtbot.waitUntil(lambda: page.panel.picture_area.height() < alone)


def test_the_cards_stand_below_those_of_the_catalogue(
    qtbot: QtBot, session: Session, reader: ScriptedReader, page: ModelPage
) -> None:
    offer(session, reader, *many(2))
    QApplication.processEvents()
    own, above = page.own.cards.values(), page.cards.cards.values()
    for mine, theirs in zip(own, above, strict=False):
        assert abs(mine.width() - theirs.width()) <= 1
