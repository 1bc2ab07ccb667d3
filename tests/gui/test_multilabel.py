"""Photos that show several classes, from the table that says so to the result."""

import dataclasses
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui.fakes import (
    ScriptedJobs,
    ScriptedReader,
    a_dataset,
    a_label_evaluation,
    a_run,
    a_start,
    a_table,
    an_evaluation,
)
from tlgui.core import events
from tlgui.core.events import Prediction
from tlgui.core.label_report import LabelEvaluation
from tlgui.core.run import Run
from tlgui.core.spec import TrainingSpec
from tlgui.gui.data_page import DataPage
from tlgui.gui.label_mistakes import IMAGINED, OVERLOOKED
from tlgui.gui.result_page import ResultPage
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.settings_form import SettingsForm
from tlgui.worker.jobs import TrainJob

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def data_page(qtbot: QtBot, session: Session, settings: Settings) -> DataPage:
    made = DataPage(session, settings)
    qtbot.addWidget(made)
    made.resize(1000, 640)
    made.show()
    return made


@pytest.fixture
def result_page(qtbot: QtBot, session: Session) -> ResultPage:
    made = ResultPage(session)
    qtbot.addWidget(made)
    made.resize(1040, 640)
    made.show()
    return made


def show(session: Session, reader: ScriptedReader, evaluation: object) -> None:
    run = Run(Path("/runs/one"), session.spec, ("ants", "bees"))
    reader.run_opened.emit(run, (), evaluation, "")


def text(value: str) -> str:
    return value.replace("\N{NO-BREAK SPACE}", " ")


def files(page: ResultPage) -> list[str]:
    view = page.label_answers.grid.view
    return [view.item(n).toolTip().split("\n")[1] for n in range(view.count())]


def test_a_dropped_table_is_opened_like_a_folder(
    data_page: DataPage, reader: ScriptedReader
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/photos/labels.csv")])
    copy, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    place = QPointF(9, 9)
    entered = QDragEnterEvent(place.toPoint(), copy, data, LEFT, no_keys)
    QApplication.sendEvent(data_page, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(data_page, QDropEvent(place, copy, data, LEFT, no_keys))
    assert reader.scans == ["/photos/labels.csv"]


def test_a_table_can_be_chosen(data_page: DataPage, reader: ScriptedReader) -> None:
    QTest.mouseClick(data_page.empty.zone.table_button, LEFT)
    dialog = data_page.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.nameFilters() == ["Tables (*.csv *.tsv *.txt)"]
    dialog.fileSelected.emit("/photos/labels.csv")
    dialog.close()
    assert reader.scans == ["/photos/labels.csv"]


def test_the_page_says_that_photos_may_show_several(
    data_page: DataPage, reader: ScriptedReader, session: Session
) -> None:
    overview = data_page.overview
    reader.scan_ended.emit(a_table(), "")
    assert overview.summary.text() == "25 photos in 2 classes"
    assert overview.origin.text() == (
        "The table labels.csv says what they show: several classes each, or none, 1.0 "
        "on average. A photo counts for each of its classes below. 5 show none."
    )
    rows = overview.classes.class_model.rows
    assert [(row.train, len(row.samples)) for row in rows] == [(14, 14), (10, 10)]
    assert session.spec.data == str(Path("/photos/labels.csv"))
    QTest.mouseClick(overview.rescan_button, LEFT)
    assert reader.scans == [str(Path("/photos/labels.csv"))]
    reader.scan_ended.emit(a_dataset(), "")
    assert not overview.origin.isVisible()


def test_the_loss_follows_what_photos_show(
    qtbot: QtBot, session: Session, reader: ScriptedReader, jobs: ScriptedJobs
) -> None:
    form = SettingsForm(session)
    qtbot.addWidget(form)
    session.change_spec(loss="focal")
    reader.scan_ended.emit(a_table(), "")
    assert (session.spec.task, session.spec.loss) == (
        "image-multilabel",
        "binary-cross-entropy",
    )
    box = form.loss.box
    assert [box.itemText(row) for row in range(box.count())] == ["Class by class"]
    assert form.loss.meaning.text().startswith("Binary cross-entropy")
    assert not form.preview.isHidden()
    session.start()
    (job,) = (job for job in jobs.submitted if isinstance(job, TrainJob))
    job.spec.check()
    jobs.play(*a_run(), events.JobEnded(events.Outcome.COMPLETED))
    reader.scan_ended.emit(a_dataset(), "")
    assert session.spec.loss == "cross-entropy"
    assert [box.itemData(row) for row in range(box.count())] == [
        "cross-entropy",
        "focal",
    ]
    several = TrainingSpec("/x", task="image-multilabel", loss="binary-cross-entropy")
    run = Run(Path("/runs/one"), several, ("ants", "bees"))
    reader.run_opened.emit(run, (), a_label_evaluation(), "")
    assert session.spec.loss == "cross-entropy", "the photos at hand show one class"


def test_models_are_not_compared_by_such_photos(
    session: Session, reader: ScriptedReader, qtbot: QtBot
) -> None:
    reader.scan_ended.emit(a_table(), "")
    with qtbot.waitSignal(session.trouble_told) as told:
        session.compare_models()
    assert "exactly one class" in told.args[0]


def test_the_result_counts_whole_photos_and_says_what_that_means(
    result_page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    show(session, reader, a_label_evaluation())
    summary = result_page.summary
    assert text(summary.number.text()) == "50.0 %"
    assert summary.sentence.text() == "2 of 4 validation photos right in every class"
    assert text(summary.comparison.text()) == (
        "Class by class: mean average precision 100 %, F1 80.0 %. Of the single "
        "answers, yes or no, 75.0 % are right; who always says no has 37.5 %."
    )
    table = result_page.classes
    cells = [table.item(0, column) for column in range(5)]
    assert [text(cell.text()) for cell in cells if cell is not None] == [
        "ants",
        "2",
        "100 %   (2 of 2)",
        "66.7 %   (2 of 3)",
        "100 %",
    ]
    header = table.horizontalHeaderItem(4)
    assert header is not None
    assert header.text() == "At any threshold"
    show(session, reader, an_evaluation())
    assert header.text() == "Most often taken for"
    assert result_page.views.currentWidget() is result_page.answers


def test_mistakes_are_shown_class_by_class(
    result_page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    show(session, reader, a_label_evaluation())
    view = result_page.label_answers
    assert result_page.views.currentWidget() is view
    assert view.heading.text() == "All photos with a mistake (2)"
    assert files(result_page) == ["/photos/3.jpg", "/photos/4.jpg"]
    counts = [
        [view.table.item(row, kind) for kind in (OVERLOOKED, IMAGINED)]
        for row in range(2)
    ]
    assert [[c.text() for c in line if c is not None] for line in counts] == [
        ["0", "1"],
        ["1", "0"],
    ]
    view.table.setCurrentCell(1, OVERLOOKED)
    assert view.heading.text() == "bees, overlooked (1)"
    assert files(result_page) == ["/photos/3.jpg"]
    tip = view.grid.view.item(0).toolTip()
    assert "Said to show: ants (70" in tip
    assert "Shows: ants, bees." in tip
    view.table.setCurrentCell(0, IMAGINED)
    assert files(result_page) == ["/photos/4.jpg"]
    view.table.setCurrentCell(0, OVERLOOKED)
    assert view.order.text() == "There is no photo here. Choose another number."
    QTest.mouseClick(view.mistakes, LEFT)
    assert len(files(result_page)) == 2
    right = LabelEvaluation(("ants", "bees"), 0.1, a_label_evaluation().answers[:2])
    show(session, reader, right)
    assert view.heading.text() == "No mistakes on the validation photos"
    assert files(result_page) == ["/photos/2.jpg", "/photos/1.jpg"]


def test_a_tried_photo_lists_every_class_that_is_said(
    result_page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    show(session, reader, a_label_evaluation())
    trying = result_page.trying
    result_page.show_view(trying)
    trying.take(["/new/1.jpg", "/new/2.jpg"])
    names = tuple("abcdefgh")
    said = (0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93, 0.1)
    session.answers.given.emit(Prediction("/new/1.jpg", names, said, labels=names[:7]))
    session.answers.given.emit(
        Prediction("/new/2.jpg", names, (0.45, *[0.1] * 7), labels=())
    )
    bars = trying.view.bars
    assert trying.view.top.text() == "a, b, c, d, e, f, g"
    assert [name.text() for name in bars.names if not name.isHidden()] == [*"abcdefg"]
    assert trying.view.note.isHidden()
    trying.list.setCurrentRow(1)
    assert trying.view.top.text() == "None of the classes"
    assert trying.view.note.text() == "The model is not sure of every class here."
    assert sum(not name.isHidden() for name in bars.names) == 5
    assert trying.list.photos[1].item.text().endswith("none of the classes")
    assert "above 50 % counts as shown" in text(trying.caveat.text())


def test_a_head_of_the_other_kind_is_new(
    session: Session, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_table(), "")
    single = a_start()
    several = dataclasses.replace(a_start("run4"), task="image-multilabel")
    reader.starting_points_read.emit((single, several), "")
    session.change_spec(start=str(single.folder))
    assert session.head_is_new
    session.change_spec(start=str(several.folder))
    assert not session.head_is_new
