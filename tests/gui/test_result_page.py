from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QPalette,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QScrollArea
from pytestqt.qtbot import QtBot

from tests.gui.fakes import (
    ScriptedJobs,
    ScriptedReader,
    a_dataset,
    a_run,
    an_evaluation,
)
from tlgui.core import events
from tlgui.core.events import Outcome, Prediction, Stop
from tlgui.core.report import Answer, Evaluation
from tlgui.core.run import Run
from tlgui.gui import photo_grid
from tlgui.gui.confusion_model import cell_colour
from tlgui.gui.percent import percent
from tlgui.gui.photo_grid import BATCH
from tlgui.gui.result_page import ResultPage
from tlgui.gui.session import Session
from tlgui.gui.theme import DARK, LIGHT, Theme

LEFT = Qt.MouseButton.LeftButton
ONE_PIXEL = np.zeros((1, 1, 3), dtype=np.uint8)


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> ResultPage:
    made = ResultPage(session)
    qtbot.addWidget(made)
    made.resize(1040, 640)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """The files that were opened with the system's viewer."""
    shown: list[str] = []

    def remember(url: QUrl) -> bool:
        shown.append(url.toLocalFile())
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QDesktopServices, "openUrl", remember)
        yield shown


def _open(
    reader: ScriptedReader, session: Session, evaluation: Evaluation | None
) -> None:
    run = Run(Path("/runs/one"), session.spec, ("ants", "bees"))
    reader.run_opened.emit(run, (), evaluation, "")


def _train(session: Session, jobs: ScriptedJobs, reader: ScriptedReader) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    jobs.play(*a_run())


def _many(right: int, wrong: int, classes: int = 2) -> Evaluation:
    answers = [Answer(f"/photos/{n}.jpg", 0, 0, 0.9) for n in range(right)]
    answers += [
        Answer(f"/photos/wrong{n}.jpg", 0, 1, 0.5 + n / 1000) for n in range(wrong)
    ]
    names = tuple(f"class {n}" for n in range(classes))
    return Evaluation(names, 0.1, tuple(answers))


def _grid_files(page: ResultPage) -> list[str]:
    view = page.answers.grid.view
    return [view.item(n).toolTip().split("\n")[1] for n in range(view.count())]


def _cell_text(page: ResultPage, row: int, column: int) -> str:
    item = page.classes.item(row, column)
    assert item is not None
    return item.text().replace("\N{NO-BREAK SPACE}", " ")


def _sent_picture(jobs: ScriptedJobs, job: int = 0) -> tuple[str, QImage]:
    (source,) = jobs.predict_jobs[job].sources
    assert isinstance(source, tuple)
    return source[0], QImage.fromData(source[1])


def _click_cell(page: ResultPage, truth: int, predicted: int) -> None:
    table = page.answers.confusion.table
    place = table.visualRect(table.cells.index(truth, predicted)).center()
    QTest.mouseClick(table.viewport(), LEFT, pos=place)


def test_before_a_result_the_page_says_what_to_do(page: ResultPage) -> None:
    assert page.stack.currentWidget() is page.empty
    assert page.empty.title.text() == "No result yet"
    assert page.open_first.isVisible()


def test_while_training_nothing_earlier_can_be_opened(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    assert page.empty.title.text() == "The model is still training"
    assert not page.open_first.isEnabled()


def test_a_run_without_a_kept_model_says_so(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    session.stop(Stop.DROP)
    jobs.play(
        events.RunEnded("/runs/one", Outcome.STOPPED, False, 0, 0.0, 0.0, 1.0),
        events.JobEnded(Outcome.STOPPED),
    )
    assert page.stack.currentWidget() is page.empty
    assert page.empty.title.text() == "No model was kept"
    assert page.open_first.isEnabled()


def test_an_earlier_run_is_asked_for(
    page: ResultPage,
    reader: ScriptedReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/runs/old")
    QTest.mouseClick(page.open_first, LEFT)
    assert reader.runs == [str(Path("/runs/old"))]


def test_after_a_run_the_mistakes_are_in_front(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _train(session, jobs, reader)
    assert page.stack.currentIndex() == 1
    assert page.views.currentWidget() is page.answers
    assert page.summary.number.text() == "75.0\N{NO-BREAK SPACE}%"
    assert page.summary.sentence.text() == "3 of 4 validation photos right"
    assert page.answers.heading.text() == "All mistakes (1)"
    assert _grid_files(page) == [str(Path("/photos/ants/2.jpg"))]


def test_a_new_run_takes_the_old_result_away(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _train(session, jobs, reader)
    session.start()
    assert page.stack.currentWidget() is page.empty


def test_the_interval_is_told_in_words_and_its_name_in_the_tooltip(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, _many(146, 7))
    told = page.summary.range.text().replace("\N{NO-BREAK SPACE}", " ")
    assert "between 90.9 % and 97.8 %" in told
    assert "Wilson" in page.summary.range.toolTip()


@pytest.mark.parametrize(("right", "warned"), [(29, True), (30, False)])
def test_few_photos_are_warned_of(
    page: ResultPage,
    session: Session,
    reader: ScriptedReader,
    right: int,
    warned: bool,
) -> None:
    _open(reader, session, _many(right, 0))
    assert page.summary.warning.isVisible() is warned


def test_a_failed_run_says_where_to_look(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    jobs.play(events.JobEnded(Outcome.FAILED, trouble="The disk is full."))
    assert page.stack.currentWidget() is page.empty
    assert page.empty.title.text() == "Training did not finish"


def test_a_run_without_a_result_shows_its_files_and_takes_no_photos(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    _open(reader, session, None)
    page.trying.take(["/new/a.jpg"])
    assert not jobs.predict_jobs
    assert not page.trying.list.photos
    assert page.views.currentWidget() is page.files
    assert not page.summary.number.isVisible()
    assert "no result" in page.summary.sentence.text()
    enabled = [chip.isEnabled() for chip in page.chips.buttons()]
    assert enabled == [False, False, False, True]


def test_each_class_has_its_line(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    page.show_view(page.class_view)
    texts = [_cell_text(page, 0, column) for column in range(5)]
    assert texts == ["ants", "2", "50.0 %   (1 of 2)", "100 %   (1 of 1)", "bees (1)"]
    header = page.classes.horizontalHeaderItem(2)
    assert header is not None
    assert header.text() == "Recognised"
    assert "recall" in header.toolTip()


def test_classes_sort_by_number_not_by_text(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    answers = [Answer("a.jpg", 0, 0, 0.9)] * 9 + [Answer("b.jpg", 1, 1, 0.9)] * 10
    _open(reader, session, Evaluation(("ants", "bees"), 0.1, tuple(answers)))
    page.classes.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert [_cell_text(page, row, 1) for row in range(2)] == ["9", "10"]


def test_a_class_nobody_answered_is_not_called_zero(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, _many(40, 0, classes=3))
    assert _cell_text(page, 2, 2) == "none"
    assert _cell_text(page, 2, 3) == "none"


def test_a_click_on_a_cell_shows_its_photos_and_back(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    _click_cell(page, 1, 1)
    assert page.answers.heading.text() == "bees, recognised (2)"
    assert _grid_files(page) == ["/photos/bees/2.jpg", "/photos/bees/1.jpg"]
    QTest.mouseClick(page.answers.mistakes, LEFT)
    assert page.answers.heading.text() == "All mistakes (1)"
    assert not page.answers.confusion.table.selectedIndexes()


def test_cells_are_walked_and_chosen_with_the_keyboard(
    qtbot: QtBot, page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    table = page.answers.confusion.table
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(table, Qt.Key.Key_Right)
    with qtbot.waitSignal(table.cell_chosen) as chosen:
        QTest.keyClick(table, Qt.Key.Key_Return)
    assert chosen.args == [0, 1]
    assert page.answers.heading.text() == "ants, taken for bees (1)"


def test_a_cell_tells_its_meaning_to_screen_readers(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    cells = page.answers.confusion.table.cells
    told = cells.data(cells.index(0, 1), Qt.ItemDataRole.AccessibleTextRole)
    assert str(told).startswith("True class ants, predicted class bees: 1 of 2")


def test_an_empty_cell_says_so(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    _click_cell(page, 1, 0)
    assert page.answers.grid.view.count() == 0
    assert "no photo here" in page.answers.order.text()


def test_without_mistakes_the_least_sure_photos_are_shown(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, _many(3, 0))
    assert page.answers.heading.text() == "No mistakes on the validation photos"
    assert page.answers.grid.view.count() == 3


def test_mistakes_come_surest_first_and_a_batch_at_a_time(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, _many(10, BATCH + 6))
    grid = page.answers.grid
    assert _grid_files(page)[0] == f"/photos/wrong{BATCH + 5}.jpg"
    assert grid.view.count() == BATCH
    assert grid.more.text() == "Show 6 more of 6"
    QTest.mouseClick(grid.more, LEFT)
    assert grid.view.count() == BATCH + 6
    assert not grid.more.isVisible()
    assert len(reader.thumbnails) == BATCH + 6


def test_thumbnails_come_in_and_missing_photos_are_named(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, _many(0, 2))
    view = page.answers.grid.view
    reader.thumbnail_read.emit("/photos/wrong1.jpg", ONE_PIXEL)
    reader.thumbnail_read.emit("/photos/wrong0.jpg", None)
    assert view.item(0).data(photo_grid._PICTURE).width() == 1
    assert view.item(1).data(photo_grid._PICTURE) is None
    assert "no longer there" in view.item(1).data(photo_grid._STATE)


def test_a_double_click_opens_the_photo(
    page: ResultPage,
    session: Session,
    reader: ScriptedReader,
    opened: list[str],
) -> None:
    _open(reader, session, an_evaluation())
    view = page.answers.grid.view
    place = view.visualItemRect(view.item(0)).center()
    QTest.mouseClick(view.viewport(), LEFT, pos=place)
    QTest.mouseDClick(view.viewport(), LEFT, pos=place)
    assert opened == ["/photos/ants/2.jpg"]


@pytest.mark.parametrize("classes", [2, 7, 50])
def test_the_matrix_stays_in_its_card(
    page: ResultPage, session: Session, reader: ScriptedReader, classes: int
) -> None:
    _open(reader, session, _many(40, 3, classes))
    view = page.answers.confusion
    assert view.rect().contains(view.table.geometry())
    assert view.table.columnWidth(0) >= 30
    shown = Qt.ScrollBarPolicy.ScrollBarAlwaysOn
    assert (view.table.verticalScrollBarPolicy() == shown) is (classes == 50)


def test_long_column_names_stand_upright_and_are_whole_in_the_tooltip(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    names = tuple(f"a class with a very long name, number {n}" for n in range(8))
    answers = tuple(Answer("a.jpg", n, n, 0.9) for n in range(8))
    _open(reader, session, Evaluation(names, 0.1, answers))
    table = page.answers.confusion.table
    assert table.columns.upright
    horizontal = Qt.Orientation.Horizontal
    tip = table.cells.headerData(7, horizontal, Qt.ItemDataRole.ToolTipRole)
    assert tip == names[7]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("right", [True, False])
def test_counts_are_readable_on_every_shade(theme: Theme, right: bool) -> None:
    for share in np.linspace(0, 1, 21):
        ground = cell_colour(theme, float(share), right=right)
        ink = QColor(theme.text if share else theme.muted)
        assert _contrast(ink, ground) >= 4.5


def _contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio after WCAG 2.1."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    parts = (colour.redF(), colour.greenF(), colour.blueF())
    return sum(
        w * linear(p) for w, p in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )


def test_the_page_paints_in_both_appearances(
    qapp: QApplication, page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    before = qapp.palette()
    _open(reader, session, an_evaluation())
    table = page.answers.confusion.table
    place = table.visualRect(table.cells.index(1, 1)).topLeft() + QPoint(9, 9)
    grounds = []
    try:
        for theme in (LIGHT, DARK):
            qapp.setPalette(QPalette(QColor(theme.ground)))
            picture = table.viewport().grab().toImage()
            grounds.append(picture.pixelColor(place))
    finally:
        qapp.setPalette(before)
    assert grounds == [cell_colour(theme, 1.0, right=True) for theme in (LIGHT, DARK)]


def test_chosen_files_are_asked_about_and_answered(
    page: ResultPage,
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _open(reader, session, an_evaluation())
    page.show_view(page.trying)
    files = ["/new/a.jpg", "/new/b.txt"]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (files, ""))
    QTest.mouseClick(page.trying.choose, LEFT)
    assert jobs.predict_jobs[0].sources == tuple(files)
    assert page.trying._busy_line.isVisible()
    jobs.play(
        Prediction("/new/a.jpg", ("bees", "ants"), (0.9, 0.1)),
        Prediction("/new/b.txt", (), (), "its contents are not a picture"),
        events.JobEnded(Outcome.COMPLETED),
    )
    view = page.trying.view
    assert view.top.text() == "bees"
    assert view.bars.numbers[0].text() == "90.0\N{NO-BREAK SPACE}%"
    assert view.bars.bars[1].value() == 100
    assert not view.bars.bars[2].isVisible()
    assert not page.trying._busy_line.isVisible()
    QTest.keyClick(page.trying.list, Qt.Key.Key_Down)
    assert view.top.text() == "No answer"
    assert "its contents are not a picture" in view.note.text()


def test_the_person_is_told_that_some_class_always_wins(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    assert "(ants, bees), even when" in page.trying.caveat.text()


def test_an_unsure_answer_is_called_so(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    page.show_view(page.trying)
    page.trying.take(["/new/a.jpg"])
    jobs.play(Prediction("/new/a.jpg", ("bees", "ants"), (0.51, 0.49)))
    assert page.trying.view.note.isVisible()


def test_a_pasted_picture_is_sent_as_png_and_shown_itself(
    page: ResultPage,
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
) -> None:
    _open(reader, session, an_evaluation())
    asked = len(reader.thumbnails)
    picture = QImage(30, 20, QImage.Format.Format_RGB32)
    picture.fill(QColor("teal"))
    QGuiApplication.clipboard().setImage(picture)
    page.activateWindow()
    page.chips.button(0).setFocus()
    QTest.keyClick(
        page.chips.button(0), Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier
    )
    assert page.views.currentWidget() is page.trying
    name, sent = _sent_picture(jobs)
    assert name == "pasted picture"
    assert (sent.width(), sent.height()) == (30, 20)
    assert sent.pixelColor(3, 3) == QColor("teal")
    assert page.trying.view.picture.width_shown == 30
    assert len(reader.thumbnails) == asked


def test_a_second_paste_has_its_own_name_and_waits_for_the_first(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    picture = QImage(4, 4, QImage.Format.Format_RGB32)
    picture.fill(QColor("teal"))
    page.trying.take(picture)
    page.trying.take(picture)
    assert len(jobs.predict_jobs) == 1
    jobs.play(
        Prediction("pasted picture", ("ants",), (1.0,)),
        events.JobEnded(Outcome.COMPLETED),
    )
    assert _sent_picture(jobs, 1)[0] == "pasted picture 2"
    assert [tried.answer is None for tried in page.trying.list.photos] == [False, True]


def test_very_large_pastes_are_made_smaller(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    picture = QImage(3200, 800, QImage.Format.Format_RGB32)
    picture.fill(QColor("teal"))
    page.trying.take(picture)
    _, sent = _sent_picture(jobs)
    assert (sent.width(), sent.height()) == (1600, 400)


def test_pasted_text_is_answered_with_a_hint(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    QGuiApplication.clipboard().setText("ants")
    page._paste()
    assert page.trying.nothing.isVisible()
    assert not jobs.predict_jobs


def _drop(page: ResultPage, mime: QMimeData) -> tuple[bool, bool]:
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    place = QPointF(300, 300)
    enter = QDragEnterEvent(place.toPoint(), copy, mime, LEFT, none)
    enter.ignore()
    QApplication.sendEvent(page, enter)
    drop = QDropEvent(place, copy, mime, LEFT, none)
    if enter.isAccepted():
        QApplication.sendEvent(page, drop)
    return enter.isAccepted(), drop.isAccepted()


def test_photos_are_dropped_anywhere_on_the_page(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/new/a.jpg"), QUrl.fromLocalFile("/new/b.jpg")])
    assert _drop(page, mime) == (True, True)
    assert page.views.currentWidget() is page.trying
    assert jobs.predict_jobs[0].sources == ("/new/a.jpg", "/new/b.jpg")
    assert page.trying.list.isVisible()


def test_without_a_model_nothing_can_be_dropped_or_pasted(
    page: ResultPage, jobs: ScriptedJobs
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/new/a.jpg")])
    assert _drop(page, mime)[0] is False
    page._take(mime)
    assert not jobs.predict_jobs


def test_a_dropped_folder_gives_its_line_to_the_files_in_it(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    page.show_view(page.trying)
    page.trying.take(["/new"])
    jobs.play(
        Prediction("/new/a.jpg", ("ants",), (1.0,)),
        Prediction("/new/b.jpg", ("bees",), (1.0,)),
        events.JobEnded(Outcome.COMPLETED),
    )
    names = [tried.name for tried in page.trying.list.photos]
    assert names == ["a.jpg", "b.jpg"]
    assert page.trying.view.name.text() == "a.jpg"
    assert page.trying.view.top.text() == "ants"


def test_a_lost_engine_leaves_no_photo_waiting(
    page: ResultPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    page.trying.take(["/new/a.jpg"])
    jobs.play(events.JobEnded(Outcome.FAILED, trouble="The engine ended."))
    assert page.trying.view.top.text() == "No answer"
    page.trying.take(["/new/a.jpg"])
    assert len(jobs.predict_jobs) == 2


def test_another_run_forgets_the_tried_photos(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    page.trying.take(["/new/a.jpg"])
    _open(reader, session, an_evaluation())
    assert page.trying.list.count() == 0
    assert page.trying.stack.currentIndex() == 0


def test_a_tried_photo_is_shown_large_and_opened(
    page: ResultPage, session: Session, reader: ScriptedReader, opened: list[str]
) -> None:
    _open(reader, session, an_evaluation())
    page.trying.take(["/new/a.jpg"])
    large = np.zeros((90, 120, 3), dtype=np.uint8)
    reader.thumbnail_read.emit("/new/a.jpg", large)
    reader.thumbnail_read.emit("/new/a.jpg", ONE_PIXEL)
    assert page.trying.view.picture.width_shown == 120
    assert page.trying.list.photos[0].has_icon
    page.trying.list.itemActivated.emit(page.trying.list.item(0))
    assert opened == ["/new/a.jpg"]


def test_the_run_folder_is_named_and_shown(
    page: ResultPage,
    session: Session,
    reader: ScriptedReader,
    opened: list[str],
) -> None:
    _open(reader, session, an_evaluation())
    page.show_view(page.files)
    assert page.files.path.text() == str(Path("/runs/one"))
    QTest.mouseClick(page.files.show_folder, LEFT)
    assert opened == ["/runs/one"]


def test_the_page_fits_the_smallest_window(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, _many(20, 2, classes=50))
    area = page.stack.widget(1)
    assert isinstance(area, QScrollArea)
    for chip in page.chips.buttons():
        chip.setChecked(True)
        QApplication.processEvents()
        content = area.widget()
        assert content is not None
        assert content.height() <= area.viewport().height()


def test_views_are_changed_with_the_keyboard(
    page: ResultPage, session: Session, reader: ScriptedReader
) -> None:
    _open(reader, session, an_evaluation())
    first = page.chips.button(0)
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert page.views.currentWidget() is page.class_view


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.0001, "under 0.1 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.9999, "over 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_percentages_never_round_to_a_false_certainty(share: float, text: str) -> None:
    assert percent(share).replace("\N{NO-BREAK SPACE}", " ") == text
