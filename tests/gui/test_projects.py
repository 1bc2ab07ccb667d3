"""Projects in the window: real folders and a real thread, a scripted engine."""

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.core.test_project_lock import HOLD
from tests.core.test_project_opening import report
from tests.gui.fakes import (
    NoNetwork,
    ScriptedJobs,
    ScriptedReader,
    a_record,
    a_run,
    an_evaluation,
)
from tlgui import paths
from tlgui.core import events
from tlgui.core.dataset import Dataset
from tlgui.core.events import Outcome
from tlgui.core.project_folder import read_project
from tlgui.core.run import create_run
from tlgui.core.scan import scan
from tlgui.core.settings import (
    AppSettings,
    RecentProject,
    read_settings,
    settings_file,
)
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.gui.main_window import MODEL, RESULT, RUNS, TRAINING, MainWindow
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.session import Session, Status
from tlgui.gui.settings import Settings
from tlgui.gui.updates import Updates
from tlgui.worker.jobs import TrainJob
from tlgui.worker.project_files import ProjectFiles

LEFT = Qt.MouseButton.LeftButton


@dataclasses.dataclass
class Studio:
    """A whole window with a scripted engine."""

    qtbot: QtBot
    jobs: ScriptedJobs
    reader: ScriptedReader
    settings: Settings
    files: ProjectFiles
    session: Session
    projects: ProjectSession
    window: MainWindow

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=10_000)

    def idle(self) -> None:
        """Waits until the thread has done all it was asked for."""
        self.projects.state.flush()
        with self.qtbot.waitSignal(self.files.listed, timeout=10_000):
            self.files.request_runs()
        self.projects.state.flush()
        with self.qtbot.waitSignal(self.files.listed, timeout=10_000):
            self.files.request_runs()

    def train(self, epochs: int = 3) -> Path:
        """Trains from start to end; what the engine writes is written here."""
        before = len(self.jobs.train_jobs)
        self.session.start()
        self.until(lambda: len(self.jobs.train_jobs) > before)
        folder = write_run(self.jobs.train_jobs[-1], epochs)
        with self.qtbot.waitSignal(self.files.listed, timeout=10_000):
            for event in a_run(epochs):
                self.jobs.play(at(event, folder))
        self.idle()
        return folder

    def close(self) -> None:
        self.window.close()
        self.projects.close()


def at(event: events.Event, folder: Path) -> events.Event:
    """The same event of a run in another folder."""
    if isinstance(event, events.RunStarted | events.RunEnded):
        return dataclasses.replace(event, run=str(folder))
    return event


def write_run(job: TrainJob, epochs: int) -> Path:
    """What the engine leaves of a run."""
    folder = Path(job.parent) / job.stem
    number = 2
    while folder.exists():
        folder, number = Path(job.parent) / f"{job.stem} {number}", number + 1
    run = create_run(folder, job.spec, job.dataset.class_names)
    run.write_history([a_record(epoch) for epoch in range(1, epochs + 1)])
    run.model_file.write_bytes(b"a model")
    report(run, an_evaluation().to_json())
    return folder


Open = Callable[..., Studio]


@pytest.fixture
def open_studio(qtbot: QtBot) -> Iterator[Open]:
    made: list[Studio] = []

    def open_one(settings: AppSettings | None = None) -> Studio:
        jobs, reader, files = ScriptedJobs(), ScriptedReader(), ProjectFiles()
        session = Session(jobs, reader)
        remembered = Settings(settings or read_settings(settings_file()))
        projects = ProjectSession(session, remembered, files)
        updates = Updates(NoNetwork(), remembered)
        window = MainWindow(session, remembered, projects, updates)
        studio = Studio(
            qtbot, jobs, reader, remembered, files, session, projects, window
        )
        made.append(studio)
        window.show()
        qtbot.waitExposed(window)
        return studio

    yield open_one
    for studio in made:
        if studio.session.status is not Status.IDLE:
            studio.jobs.play(events.JobEnded(Outcome.STOPPED))
        studio.close()
        studio.window.deleteLater()


@pytest.fixture
def dataset(colours: Path) -> Dataset:
    return scan(colours, IMAGE_CLASSIFICATION)


def test_nothing_is_made_until_a_run_begins(
    open_studio: Open, dataset: Dataset
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.session.change_spec(epochs=4)
    studio.close()
    assert not paths.default_runs_dir().exists()


def test_what_was_chosen_comes_back_before_there_is_a_folder(
    open_studio: Open, dataset: Dataset
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.session.change_spec(epochs=4, trainable=("top",))
    QTest.mouseClick(studio.window.rail.steps.button(MODEL), LEFT)
    studio.close()
    again = open_studio()
    again.projects.open_last()
    assert again.reader.scans == [str(dataset.root)]
    assert again.session.spec.epochs == 4
    assert again.session.spec.trainable == ("top",)
    assert again.window.pages.currentIndex() == MODEL
    again.reader.scan_ended.emit(dataset, "")
    assert again.window.pages.currentIndex() == MODEL


def test_the_first_run_makes_the_project(open_studio: Open, dataset: Dataset) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    QTest.mouseClick(studio.window.next_button, LEFT)
    QTest.mouseClick(studio.window.next_button, LEFT)
    QTest.mouseClick(studio.window.training_page.start, LEFT)
    assert studio.session.status is Status.RUNNING
    studio.until(lambda: bool(studio.jobs.train_jobs))
    folder = paths.default_runs_dir() / "colours.tlgui"
    assert studio.jobs.train_jobs[0].parent == str(folder / "runs")
    assert studio.window.windowTitle() == "colours – Transfer Learning Studio"
    assert studio.window.rail.project.text() == "colours"
    assert read_project(folder).project.spec == studio.session.spec


def test_everything_comes_back(open_studio: Open, dataset: Dataset) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.session.change_spec(epochs=3, trainable=("block7a", "top"))
    run = studio.train()
    studio.session.change_spec(epochs=9)  # changed after the run
    QTest.mouseClick(studio.window.rail.steps.button(TRAINING), LEFT)
    sentence = studio.window.training_page.status.sentence.text()
    summaries = [label.text() for label in studio.window.rail.summaries]
    history, evaluation = studio.session.run.history, studio.session.run.evaluation
    studio.close()

    again = open_studio()
    again.projects.open_last()
    again.until(lambda: again.projects.state.folder is not None)
    assert again.reader.scans == []  # nothing was changed, so nothing is read again
    assert again.session.dataset == dataset
    assert again.session.spec == dataclasses.replace(studio.session.spec)
    assert again.session.run.folder == run
    assert [record.epoch for record in again.session.run.history] == [1, 2, 3]
    assert len(again.session.run.history) == len(history)
    assert again.session.run.evaluation == evaluation
    assert again.window.pages.currentIndex() == TRAINING
    page = again.window.training_page
    assert page.status.sentence.text() == sentence.replace("6.0 s", "9.5 s")
    assert page.start.text() == "Train again"
    assert [label.text() for label in again.window.rail.summaries] == summaries
    canvas = again.window.training_page.plots
    again.qtbot.waitUntil(lambda: canvas.canvas is not None, timeout=30_000)
    with again.qtbot.waitSignal(canvas.redrawn):
        canvas._on_news()
    assert canvas.canvas is not None
    drawn = canvas.canvas.loss.lines[1].getData()[1]
    assert list(drawn) == pytest.approx([r.val_loss for r in history], rel=1e-6)


def test_it_is_written_by_itself(open_studio: Open, dataset: Dataset) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    folder = studio.projects.state.folder
    assert folder is not None
    studio.session.change_spec(epochs=77)
    studio.until(lambda: read_project(folder).project.spec.epochs == 77)
    studio.idle()
    assert read_settings(settings_file()).last_project == str(folder)


def test_a_project_that_cannot_be_made_is_told_and_nothing_runs(
    open_studio: Open, dataset: Dataset
) -> None:
    paths.default_runs_dir().write_text("a file, not a folder", encoding="utf-8")
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    with studio.qtbot.waitSignal(studio.session.trouble_told) as told:
        studio.session.start()
    assert str(paths.default_runs_dir()) in told.args[0]
    assert studio.session.status is Status.IDLE
    assert studio.jobs.train_jobs == []


def test_a_disk_that_fails_later_is_told_with_the_folder(
    open_studio: Open, dataset: Dataset
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    folder = studio.projects.state.folder
    assert folder is not None
    # In one step: the project's thread may be writing in there.
    folder.rename(folder.with_name("gone"))
    with studio.qtbot.waitSignal(studio.session.trouble_told) as told:
        studio.session.change_spec(epochs=5)
    assert str(folder) in told.args[0]
    assert studio.window.banner.isVisible()


def test_stopping_while_the_project_is_made_starts_nothing(
    open_studio: Open, dataset: Dataset
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.session.start()
    studio.session.stop(events.Stop.DROP)
    studio.until(lambda: studio.session.status is Status.IDLE)
    assert studio.jobs.train_jobs == []


def test_other_photos_begin_another_project(
    open_studio: Open, dataset: Dataset, tmp_path: Path
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.session.change_spec(epochs=6)
    studio.train()
    first = studio.projects.state.folder
    shutil.copytree(dataset.root, tmp_path / "others")
    others = scan(tmp_path / "others", IMAGE_CLASSIFICATION)
    with studio.qtbot.waitSignal(studio.session.noticed) as told:
        studio.reader.scan_ended.emit(others, "")
    assert "“colours” stays as it was" in told.args[0]
    assert studio.projects.state.folder is None
    assert studio.projects.runs.runs == ()
    assert studio.session.run.history == []
    assert studio.session.spec.epochs == 6
    studio.train()
    second = studio.projects.state.folder
    assert second is not None
    assert second.name == "others.tlgui"
    assert first is not None
    data = read_project(first).project.data
    assert data is not None
    assert data.root == str(dataset.root)


def test_the_same_photos_again_point_to_their_project(
    open_studio: Open, dataset: Dataset
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    studio.window.project_menu.new.trigger()
    assert studio.session.dataset is None
    assert studio.window.windowTitle() == "Transfer Learning Studio"
    with studio.qtbot.waitSignal(studio.session.noticed) as told:
        studio.reader.scan_ended.emit(dataset, "")
    assert "“colours”" in told.args[0]


def test_recent_projects_are_a_click_away(open_studio: Open, dataset: Dataset) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    folder = studio.projects.state.folder
    studio.window.project_menu.new.trigger()
    recent = studio.window.data_page.empty.recent
    (button,) = recent.buttons
    assert button.text() == "colours"
    picture = str(folder / "picture.png") if folder else ""
    assert (picture, 96) in studio.reader.thumbnails
    pixels = IMAGE_CLASSIFICATION.thumbnail(Path(picture), 96)
    studio.reader.thumbnail_read.emit(picture, pixels)
    assert not recent._pictures[picture].pixmap().isNull()
    texts = [
        child.accessibleName()
        for child in recent.findChildren(type(studio.window.rail.project))
    ]
    assert any(text.startswith("best: 75.0") for text in texts), texts
    QTest.mouseClick(button, LEFT)
    studio.until(lambda: studio.projects.state.folder == folder)
    assert studio.session.dataset == dataset


def test_the_menu_lists_recent_projects(open_studio: Open, dataset: Dataset) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    folder = studio.projects.state.folder
    menu = studio.window.project_menu
    menu.new.trigger()
    menu.fill_recent()
    (action,) = menu.recent.actions()
    assert action.text().startswith("colours (75.0")
    action.trigger()
    studio.until(lambda: studio.projects.state.folder == folder)


def test_nothing_is_opened_while_a_model_trains(
    open_studio: Open, dataset: Dataset
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.session.start()
    studio.until(lambda: bool(studio.jobs.train_jobs))
    menu = studio.window.project_menu
    for action in (menu.new, menu.open, menu.save_as):
        assert not action.isEnabled()
    with studio.qtbot.waitSignal(studio.session.trouble_told) as told:
        studio.projects.open(Path("/other.tlgui"))
    assert "Stop it first" in told.args[0]


@pytest.mark.parametrize("disk_is_there", [True, False])
def test_a_project_that_is_gone_is_forgotten_unless_its_disk_is(
    open_studio: Open, tmp_path: Path, disk_is_there: bool
) -> None:
    place = tmp_path / ("here" if disk_is_there else "stick/there")
    gone = RecentProject(str(place / "a.tlgui"), 0.5, 10, 2)
    if disk_is_there:
        place.mkdir()
    studio = open_studio(AppSettings(recent_projects=(gone,), last_project=gone.folder))
    with studio.qtbot.waitSignal(studio.session.trouble_told, timeout=10_000) as told:
        studio.projects.open_last()
    assert gone.folder in told.args[0]
    values = studio.settings.values
    assert values.last_project == ""
    assert values.recent_projects == (() if disk_is_there else (gone,))


def test_what_is_no_project_is_told_and_the_present_one_stays(
    open_studio: Open, dataset: Dataset, tmp_path: Path
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    with studio.qtbot.waitSignal(studio.session.trouble_told) as told:
        studio.session.open_folder(tmp_path / "gone.tlgui")
    assert "Expected a project at" in told.args[0]
    assert studio.session.dataset == dataset


def finished_project(open_studio: Open, dataset: Dataset) -> Path:
    """Makes a project with a run, and closes it."""
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    folder = studio.projects.state.folder
    assert folder is not None
    studio.close()
    return folder


def test_a_project_that_is_held_may_be_read(
    open_studio: Open, dataset: Dataset
) -> None:
    folder = finished_project(open_studio, dataset)
    before = (folder / "project.json").read_bytes()
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        studio = open_studio()
        questions = studio.window.questions
        studio.projects.open(folder)
        studio.until(lambda: questions.box is not None)
        assert questions.box is not None
        assert f"process {other.pid}" in questions.box.informativeText()
        assert studio.projects.state.folder is None
        QTest.mouseClick(questions.read_button, LEFT)
        studio.until(lambda: studio.projects.state.folder == folder)
        assert "for reading only" in studio.window.windowTitle()
        assert "For reading only" in studio.window.rail.project.accessibleName()
        QTest.mouseClick(studio.window.rail.steps.button(TRAINING), LEFT)
        assert not studio.window.training_page.start.isEnabled()
        assert "Save as" in studio.window.training_page.reason.text()
        studio.session.change_spec(epochs=99)
        studio.projects.state.flush()
        studio.close()
        other.kill()
    assert (folder / "project.json").read_bytes() == before


def test_photos_that_moved_are_found_by_asking_once(
    open_studio: Open, dataset: Dataset, tmp_path: Path
) -> None:
    folder = finished_project(open_studio, dataset)
    place = tmp_path / "new disk" / "colours"
    place.parent.mkdir()
    shutil.move(dataset.root, place)
    studio = open_studio()
    questions = studio.window.questions
    studio.projects.open_last()
    studio.until(lambda: questions.box is not None)
    assert questions.box is not None
    told = questions.box.informativeText()
    assert "16 photos" in told
    assert str(dataset.root) in told
    assert studio.session.run.has_result  # the runs are there meanwhile
    QTest.mouseClick(questions.choose_button, LEFT)
    (dialog,) = studio.window.findChildren(QFileDialog)
    with studio.qtbot.waitSignal(studio.session.noticed) as noticed:
        dialog.fileSelected.emit(str(place))
    dialog.reject()
    assert "All 16 files were found again" in noticed.args[0]
    assert studio.session.dataset is not None
    assert studio.session.dataset.root == place
    studio.idle()
    studio.close()
    again = open_studio()
    again.projects.open_last()
    again.until(lambda: again.projects.state.folder == folder)
    assert again.window.questions.box is None
    assert again.session.dataset is not None
    assert again.session.dataset.root == place


def test_other_photos_in_their_place_are_told_by_number(
    open_studio: Open, dataset: Dataset, tmp_path: Path
) -> None:
    finished_project(open_studio, dataset)
    part, other = tmp_path / "part", tmp_path / "other"
    shutil.copytree(dataset.root, part)
    (part / "red" / "0.png").unlink()
    other.mkdir()
    shutil.rmtree(dataset.root)
    studio = open_studio()
    questions = studio.window.questions
    studio.projects.open_last()
    studio.until(lambda: questions.box is not None)
    studio.projects.data.compare(other)
    studio.until(lambda: title(studio) == "These are other photos")
    studio.projects.data.compare(part)
    studio.until(lambda: title(studio) == "Some of the photos are missing there")
    assert questions.box is not None
    assert "15 of 16 files" in questions.box.informativeText()
    assert "red/0.png" in questions.box.informativeText()
    QTest.mouseClick(questions.use_button, LEFT)
    assert studio.reader.scans == [str(part)]
    studio.reader.scan_ended.emit(scan(part, IMAGE_CLASSIFICATION), "")
    assert len(studio.projects.runs.runs) == 1  # it is still the same project


@pytest.mark.parametrize("same", [True, False])
def test_missing_photos_that_are_dropped_are_known_again(
    open_studio: Open, dataset: Dataset, tmp_path: Path, same: bool
) -> None:
    folder = finished_project(open_studio, dataset)
    place = tmp_path / "dropped"
    shutil.move(dataset.root, place)
    if not same:
        for file in list(place.rglob("*.png")) + list(place.rglob("*.jpg")):
            file.rename(file.with_name(f"other {file.name}"))
    studio = open_studio()
    studio.projects.open_last()
    studio.until(lambda: studio.window.questions.box is not None)
    QTest.mouseClick(studio.window.questions.later_button, LEFT)
    found = scan(place, IMAGE_CLASSIFICATION)
    with studio.qtbot.waitSignal(studio.files.data_compared, timeout=10_000):
        studio.reader.scan_ended.emit(found, "")
    assert studio.projects.state.folder == (folder if same else None)
    assert studio.projects.state.data_root == place
    assert studio.window.questions.box is None


def title(studio: Studio) -> str:
    box = studio.window.questions.box
    return "" if box is None else box.text()


def test_save_as_goes_on_in_the_copy(
    open_studio: Open, dataset: Dataset, tmp_path: Path
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    first = studio.projects.state.folder
    studio.window.project_menu.save_as.trigger()
    (dialog,) = studio.window.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "Kopie 复制"))
    dialog.reject()
    copy = tmp_path / "Kopie 复制.tlgui"
    studio.until(lambda: studio.projects.state.folder == copy)
    assert studio.window.questions.progress is None
    assert len(studio.projects.runs.runs) == 1
    assert studio.session.run.folder is not None
    assert studio.session.run.folder.parent == copy / "runs"
    studio.session.change_spec(epochs=31)
    studio.idle()
    assert read_project(copy).project.spec.epochs == 31
    assert first is not None
    assert read_project(first).project.spec.epochs != 31


def test_a_project_without_a_folder_gets_one_by_save_as(
    open_studio: Open, dataset: Dataset, tmp_path: Path
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.projects.save_as(tmp_path / "mine.tlgui")
    studio.until(lambda: studio.projects.state.folder == tmp_path / "mine.tlgui")
    studio.idle()
    values = json.loads((tmp_path / "mine.tlgui" / "project.json").read_text("utf-8"))
    assert values["data"]["root"] == str(dataset.root)


def test_a_cancelled_copy_changes_nothing(
    open_studio: Open, dataset: Dataset, tmp_path: Path
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    first = studio.projects.state.folder
    with studio.qtbot.waitSignal(studio.projects.copied) as copied:
        studio.projects.save_as(tmp_path / "copy.tlgui")
        assert studio.window.questions.progress is not None
        studio.window.questions.progress.canceled.emit()
    assert copied.args == ["", ""]
    assert studio.window.questions.progress is None
    assert studio.projects.state.folder == first
    assert not (tmp_path / "copy.tlgui").exists()


def test_what_was_unfolded_and_in_front_comes_back(
    open_studio: Open, dataset: Dataset
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    QTest.mouseClick(studio.window.rail.steps.button(TRAINING), LEFT)
    QTest.mouseClick(studio.window.training_page.settings.more, LEFT)
    QTest.mouseClick(studio.window.rail.steps.button(MODEL), LEFT)
    studio.window.model_page.panel.show_layers.toggle()
    QTest.mouseClick(studio.window.rail.steps.button(RESULT), LEFT)
    QTest.mouseClick(studio.window.result_page.chips.button(1), LEFT)
    studio.close()
    again = open_studio()
    again.projects.open_last()
    again.until(lambda: again.projects.state.folder is not None)
    assert again.window.training_page.settings.more.isChecked()
    assert again.window.model_page.panel.show_layers.isChecked()
    result = again.window.result_page
    assert result.views.currentWidget() is result.class_view


def test_a_run_in_a_project_is_opened_with_it(
    open_studio: Open, dataset: Dataset
) -> None:
    folder = finished_project(open_studio, dataset)
    studio = open_studio()
    name = read_project(folder).project.view.run
    studio.projects.open(folder, run=name)
    studio.until(lambda: studio.window.pages.currentIndex() == RESULT)
    assert studio.session.run.folder == folder / "runs" / name


def test_photos_that_changed_are_read_again_and_told(
    open_studio: Open, dataset: Dataset
) -> None:
    folder = finished_project(open_studio, dataset)
    shutil.copy(dataset.root / "red" / "0.png", dataset.root / "red" / "more.png")
    studio = open_studio()
    studio.projects.open(folder)
    studio.until(lambda: bool(studio.reader.scans))
    assert "being read" in studio.session.trouble()
    assert studio.session.run.has_result
    with studio.qtbot.waitSignal(studio.session.noticed) as told:
        studio.reader.scan_ended.emit(scan(dataset.root, IMAGE_CLASSIFICATION), "")
    assert told.args == ["Photos that are new since last time: 1."]
    assert studio.projects.state.folder == folder
    studio.idle()
    studio.close()
    again = open_studio()
    again.projects.open_last()
    again.until(lambda: again.session.dataset is not None)
    assert again.reader.scans == []


def test_an_interrupted_run_is_listed_with_its_epochs(
    open_studio: Open, dataset: Dataset
) -> None:
    """As a kill of everything leaves it: no model, no report."""
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    run = studio.train()
    for name in ("model.keras", "report.json"):
        (run / name).unlink()
    studio.close()
    again = open_studio()
    again.projects.open_last()
    again.until(lambda: again.projects.state.folder is not None)
    (summary,) = again.projects.runs.runs
    assert not summary.has_model
    assert len(again.session.run.history) == 3
    assert not again.session.run.has_result


def test_a_project_that_breaks_while_it_is_open_is_left(
    open_studio: Open, dataset: Dataset
) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    folder = studio.projects.state.folder
    assert folder is not None
    folder.rename(folder.with_name("gone"))
    with studio.qtbot.waitSignal(studio.files.refused, timeout=10_000):
        studio.projects.open(folder)
    assert studio.projects.state.folder is None
    assert studio.session.home.must_be_made


@pytest.mark.parametrize("page", [RESULT, RUNS])
def test_the_page_comes_back(open_studio: Open, dataset: Dataset, page: int) -> None:
    studio = open_studio()
    studio.reader.scan_ended.emit(dataset, "")
    studio.train()
    QTest.mouseClick(studio.window.rail.steps.button(page), LEFT)
    studio.close()
    again = open_studio()
    again.projects.open_last()
    again.until(lambda: again.projects.state.folder is not None)
    assert again.window.pages.currentIndex() == page
