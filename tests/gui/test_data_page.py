from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset, a_run
from tlgui.core.dataset import Dataset, Problem, Sample
from tlgui.core.settings import AppSettings
from tlgui.gui.data_page import DataPage
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.theme import Appearance, apply_theme
from tlgui.worker.reader import Reader

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def settings(qtbot: QtBot) -> Settings:
    return Settings(AppSettings(recent_folders=("/old/parts", "/old/shells")))


@pytest.fixture
def page(qtbot: QtBot, session: Session, settings: Settings) -> DataPage:
    made = DataPage(session, settings)
    qtbot.addWidget(made)
    made.resize(1040, 640)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def dataset_of(counts: dict[str, int], problems: Sequence[Problem] = ()) -> Dataset:
    samples = tuple(
        Sample(f"{name}/{index}.jpg", label)
        for label, (name, count) in enumerate(counts.items())
        for index in range(count)
    )
    return Dataset(
        Path("/photos"),
        "image-classification",
        tuple(counts),
        {"train": samples},
        tuple(problems),
    )


def shown(page: DataPage) -> str:
    views = {"empty": page.empty, "scan": page.scan, "overview": page.overview}
    return next(name for name, view in views.items() if view.isVisible())


def the_dialog(page: DataPage) -> QFileDialog:
    dialog = page.findChild(QFileDialog)
    assert dialog is not None
    return dialog


def drop(page: DataPage, *paths: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path) for path in paths])
    copy, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPointF(9, 9).toPoint(), copy, data, LEFT, no_keys)
    QApplication.sendEvent(page, entered)
    if entered.isAccepted():
        dropped = QDropEvent(QPointF(9, 9), copy, data, LEFT, no_keys)
        QApplication.sendEvent(page, dropped)


def test_a_newcomer_can_press_a_key_to_choose_a_folder(
    page: DataPage, tmp_path: Path, reader: ScriptedReader
) -> None:
    assert shown(page) == "empty"
    assert page.focusWidget() is page.empty.zone.choose_button
    QTest.keyClick(page.empty.zone.choose_button, Qt.Key.Key_Space)
    dialog = the_dialog(page)
    dialog.selectFile(str(tmp_path))
    dialog.accept()
    assert reader.scans == [str(tmp_path)]


@pytest.mark.parametrize("view", ["empty", "overview"])
def test_control_o_opens_the_dialog(
    page: DataPage, reader: ScriptedReader, view: str
) -> None:
    if view == "overview":
        reader.scan_ended.emit(a_dataset(), "")
    assert shown(page) == view
    focused = page.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    dialog = the_dialog(page)
    assert dialog.isVisible()
    dialog.reject()
    assert reader.scans == []


def test_control_o_of_a_menu_goes_first(
    qtbot: QtBot, session: Session, settings: Settings
) -> None:
    window, page = QMainWindow(), DataPage(session, settings)
    qtbot.addWidget(window)
    window.setCentralWidget(page)
    action = QAction("Open", window)
    action.setShortcut(QKeySequence.StandardKey.Open)
    window.addAction(action)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    focused = window.focusWidget()
    assert focused is page.empty.zone.choose_button
    with qtbot.waitSignal(action.triggered):
        QTest.keyClick(focused, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert page.findChild(QFileDialog) is None


def test_a_dropped_folder_is_opened(page: DataPage, reader: ScriptedReader) -> None:
    drop(page, "/photos")
    assert reader.scans == ["/photos"]
    assert shown(page) == "scan"
    assert not page.overlay.isVisible()


def test_the_page_lights_up_while_a_folder_is_over_it(page: DataPage) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/photos")])
    copy, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPointF(9, 9).toPoint(), copy, data, LEFT, no_keys)
    QApplication.sendEvent(page, event)
    assert page.overlay.isVisible()
    assert page.overlay.geometry() == page.rect()
    QApplication.sendEvent(page, QDragLeaveEvent())
    assert not page.overlay.isVisible()


def test_several_dropped_things_are_refused_with_advice(
    qtbot: QtBot, page: DataPage, session: Session, reader: ScriptedReader
) -> None:
    with qtbot.waitSignal(session.trouble_told) as told:
        drop(page, "/photos/ants", "/photos/bees")
    assert reader.scans == []
    assert told.args is not None
    assert "2 things were dropped" in told.args[0]
    assert told.args[0].endswith(f"{Path('/photos')}.")


def test_text_is_no_folder(page: DataPage) -> None:
    data = QMimeData()
    data.setText("/photos")
    copy, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPointF(9, 9).toPoint(), copy, data, LEFT, no_keys)
    QApplication.sendEvent(page, event)
    assert not event.isAccepted()
    assert not page.overlay.isVisible()


def test_nothing_is_opened_while_a_model_trains(
    page: DataPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    assert not page.overview.choose_button.isEnabled()
    drop(page, "/other")
    page.choose_folder()
    assert page.findChild(QFileDialog) is None
    assert reader.scans == []
    jobs.play(*a_run())
    assert page.overview.choose_button.isEnabled()


def test_a_recent_folder_is_a_click_away(
    page: DataPage, reader: ScriptedReader
) -> None:
    second = page.empty.recent.buttons[1]
    assert second.text() == "shells"
    QTest.mouseClick(second, LEFT)
    assert reader.scans == [str(Path("/old/shells"))]


def test_only_a_folder_that_could_be_read_is_remembered(
    page: DataPage, settings: Settings, session: Session, reader: ScriptedReader
) -> None:
    session.open_folder(Path("/nowhere"))
    reader.scan_ended.emit(None, "Expected a folder.")
    assert settings.values.recent_folders == ("/old/parts", "/old/shells")
    reader.scan_ended.emit(a_dataset(), "")
    assert settings.values.recent_folders[0] == str(Path("/photos"))


def test_a_scan_shows_how_far_it_is_and_can_be_cancelled(
    page: DataPage, session: Session, reader: ScriptedReader
) -> None:
    session.open_folder(Path("/photos"))
    assert "photos" in page.scan.heading.text()
    assert page.scan.bar.maximum() == 0
    reader.scan_progressed.emit(30, 100)
    assert (page.scan.bar.value(), page.scan.bar.maximum()) == (30, 100)
    assert page.scan.done.text() == "30 of 100 files"
    QTest.mouseClick(page.scan.cancel_button, LEFT)
    assert reader.cancelled == 1
    reader.scan_ended.emit(None, "")
    assert shown(page) == "empty"


def test_a_failed_scan_keeps_what_was_there(
    page: DataPage, session: Session, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.open_folder(Path("/empty"))
    reader.scan_ended.emit(None, "Expected one sub-folder for each class.")
    assert shown(page) == "overview"
    assert page.overview.title.text() == "photos"


def test_the_header_counts_what_was_found(
    page: DataPage, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(validation=True), "")
    assert shown(page) == "overview"
    assert page.overview.title.text() == "photos"
    assert page.overview.summary.text() == (
        "20 photos in 2 classes, and 1 for validation"
    )
    QTest.mouseClick(page.overview.rescan_button, LEFT)
    assert reader.scans == [str(Path("/photos"))]


def test_a_class_tells_its_counts_to_a_screen_reader(
    page: DataPage, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(validation=True), "")
    model = page.overview.classes.class_model
    spoken = [
        model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(2)
    ]
    assert spoken == ["ants: 10 training · 1 validation", "bees: 10 photos"]


def test_only_visible_classes_ask_for_photos(
    page: DataPage, session: Session, reader: ScriptedReader
) -> None:
    def answer_all() -> None:
        while reader.thumbnails:
            file, _ = reader.thumbnails.pop()
            asked.add(Path(file).parent.name)
            reader.thumbnail_read.emit(file, None)

    asked: set[str] = set()
    counts = {f"class {index:03}": 30 for index in range(1_000)}
    reader.scan_ended.emit(dataset_of(counts), "")
    classes = page.overview.classes
    classes.viewport().repaint()
    answer_all()
    assert "class 000" in asked
    assert 3 <= len(asked) <= 10
    asked.clear()
    QTest.keyClick(classes, Qt.Key.Key_End)
    classes.viewport().repaint()
    answer_all()
    assert "class 999" in asked
    assert len(asked) <= 10


def test_few_classes_get_more_photos_each(
    page: DataPage, reader: ScriptedReader
) -> None:
    heights = []
    for count in (2, 20):
        counts = {f"class {index}": 30 for index in range(count)}
        reader.scan_ended.emit(dataset_of(counts), "")
        classes = page.overview.classes
        classes.executeDelayedItemsLayout()
        heights.append(classes.visualRect(classes.class_model.index(0)).height())
    assert heights[0] >= heights[1] + 60


def test_unequal_and_small_classes_are_pointed_out_gently(
    page: DataPage, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(dataset_of({"cats": 60, "dogs": 12}), "")
    hint = page.overview.hint.text()
    assert "Fewer than 20 photos to train on: “dogs” (12)" in hint
    assert "“cats” has 5 times as many photos as “dogs”" in hint
    assert page.overview.hint.isVisible()
    assert not page.overview.trouble.isVisible()
    reader.scan_ended.emit(dataset_of({"cats": 60, "dogs": 20}), "")
    assert not page.overview.hint.isVisible()


def test_what_cannot_be_trained_on_says_what_to_do(
    page: DataPage, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(dataset_of({"cats": 60, "dogs": 1}), "")
    assert page.overview.trouble.isVisible()
    assert "only one for “dogs”" in page.overview.trouble.text()
    assert not page.overview.hint.isVisible()


def test_left_out_files_unfold_and_can_be_copied(
    page: DataPage, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    problems = page.overview.problems
    assert problems.fold.text() == "1 file was left out"
    assert not problems.table.isVisible()
    QTest.mouseClick(problems.fold, LEFT)
    assert problems.table.isVisible()
    line = "ants/broken.jpg\tthe file is cut off: its end is missing"
    QTest.mouseClick(problems.copy_button, LEFT)
    assert QGuiApplication.clipboard().text() == line
    QGuiApplication.clipboard().clear()
    problems.table.setFocus()
    problems.table.selectRow(0)
    control = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(problems.table, Qt.Key.Key_C, control)
    assert QGuiApplication.clipboard().text() == line


def test_a_left_out_file_is_shown_in_its_folder(
    page: DataPage,
    reader: ScriptedReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    reader.scan_ended.emit(a_dataset(), "")
    QTest.mouseClick(page.overview.problems.fold, LEFT)
    QTest.mouseClick(page.overview.problems.show_button, LEFT)
    assert [url.toLocalFile() for url in opened] == ["/photos/ants"]


def test_no_left_out_files_no_notice(page: DataPage, reader: ScriptedReader) -> None:
    reader.scan_ended.emit(dataset_of({"cats": 60, "dogs": 60}), "")
    assert not page.overview.problems.isVisible()


def test_other_colours_are_painted_at_once(
    page: DataPage, qapp: QApplication, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    grounds = []
    before = qapp.styleSheet(), qapp.palette()
    try:
        for appearance in (Appearance.LIGHT, Appearance.DARK):
            apply_theme(qapp, appearance)
            image = page.overview.classes.grab().toImage()
            grounds.append(image.pixelColor(150, 12).lightness())
    finally:
        qapp.setStyleSheet(before[0])
        qapp.setPalette(before[1])
    assert grounds[0] > 200
    assert grounds[1] < 60


@pytest.mark.parametrize(("width", "height"), [(1040, 640), (760, 520)])
def test_every_view_fits_a_small_window(
    page: DataPage, session: Session, reader: ScriptedReader, width: int, height: int
) -> None:
    reader.scan_ended.emit(dataset_of({"cats": 60, "dogs": 2}), "")
    session.open_folder(Path("/photos"))
    assert page.minimumSizeHint().width() <= width
    assert page.minimumSizeHint().height() <= height


@pytest.mark.data
def test_real_photos_are_read_and_shown(qtbot: QtBot, hymenoptera: Path) -> None:
    reader = Reader()
    session = Session(ScriptedJobs(), reader)
    page = DataPage(session, Settings(AppSettings()))
    qtbot.addWidget(page)
    page.resize(1040, 640)
    page.show()
    with qtbot.waitSignal(session.scan.ended, timeout=30_000):
        session.open_folder(hymenoptera)
    assert page.overview.summary.text() == (
        "244 photos in 2 classes, and 153 for validation"
    )
    with qtbot.waitSignal(reader.thumbnail_read) as read:
        page.overview.classes.viewport().repaint()
    assert read.args is not None
    assert read.args[1].shape[2] == 3
    model = page.overview.problems.table_model
    assert model.index(0, 0).data() == "train/ants/imageNotFound.gif"
    assert reader.close()
