"""A search over settings in the window: ticks, live trials, pause, and its winner."""

import dataclasses
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset, a_run
from tlgui.core import events
from tlgui.core.events import Failure, Outcome, Stop
from tlgui.core.project import Project
from tlgui.core.project_folder import create_project
from tlgui.core.search import SearchSpec, SearchState, Trial, TrialOutcome
from tlgui.core.search_events import SearchBegan, SearchEnded, TrialBegan, TrialEnded
from tlgui.core.search_file import begin_search, search_file, write_search
from tlgui.core.search_space import USUAL, usual_range
from tlgui.core.spec import TrainingSpec
from tlgui.gui.closing import ClosingQuestion
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.run_home import RunHome
from tlgui.gui.session import Session, Status
from tlgui.gui.training_page import TrainingPage
from tlgui.worker.jobs import SearchJob, TrainJob

LEFT = Qt.MouseButton.LeftButton
RATES = (0.003, 0.01, 0.02, 0.005)


@pytest.fixture
def page(qtbot: QtBot, session: Session, reader: ScriptedReader) -> TrainingPage:
    page = TrainingPage(session)
    qtbot.addWidget(page)
    page.resize(1100, 760)
    page.show()
    reader.scan_ended.emit(a_dataset(), "")
    session.home = RunHome(Path("/runs"))
    return page


def trials() -> tuple[Trial, ...]:
    outcomes = ("finished", "finished", "pruned", "failed")
    found = ((143, 153), (147, 153), (120, 153), (0, 0))
    return tuple(
        Trial(
            number,
            {"learning_rate": RATES[number - 1], "head_decay": 0.001, "blocks": 2},
            TrialOutcome(outcome),
            f"s trial {number}",
            *(right, total, 0.2, 3.0),
            course=(-0.5, -0.4),
            trouble="" if total else "The computer's memory was not enough.",
        )
        for number, (outcome, (right, total)) in enumerate(
            zip(outcomes, found, strict=True), 1
        )
    )


def begin(page: TrainingPage, jobs: ScriptedJobs) -> SearchJob:
    """A person unfolds the settings, asks for a search and starts it."""
    page.settings.more.setChecked(True)
    page.settings.search.click()
    page.search.setup.trials.setValue(6)
    page.search.setup.start.click()
    job = jobs.submitted[-1]
    assert isinstance(job, SearchJob)
    return job


def play(jobs: ScriptedJobs, job: SearchJob, count: int = 4) -> SearchState:
    """Some trials; the next one is under way."""
    assert job.spec is not None
    state = SearchState(job.spec)
    jobs.play(SearchBegan(job.file, state))
    for trial in trials()[:count]:
        jobs.play(TrialBegan(trial.number, 6, trial.values), *a_run()[:-1])
        jobs.play(TrialEnded(trial))
        state = state.with_trial(trial)
    jobs.play(TrialBegan(count + 1, 6, trials()[0].values), *a_run()[:6])
    return dataclasses.replace(state, seconds=12.0)


def test_a_person_ticks_what_is_searched(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    page.settings.search.click()
    assert page.shows_search
    setup = page.search.setup
    ticked = {name for name, tick in setup.ticks.items() if tick.isChecked()}
    assert ticked == set(USUAL)
    assert setup.ranges["learning_rate"].text() == "0.0001 to 0.03"
    session.change_spec(learning_rate=0.1, seed=7)
    assert setup.ranges["learning_rate"].text() == "0.0001 to 0.1"
    setup.ticks["blocks"].setChecked(False)
    setup.ticks["optimizer"].setChecked(True)
    setup.trials.setValue(9)
    setup.minutes.setValue(5)
    setup.start.click()
    job = jobs.submitted[-1]
    assert isinstance(job, SearchJob)
    assert job.spec is not None
    names = [name for name, _ in job.spec.ranges]
    assert names == ["learning_rate", "head_decay", "optimizer"]
    assert (job.spec.trials, job.spec.seconds, job.spec.seed) == (9, 300.0, 7)
    assert job.spec.base == session.spec
    assert Path(job.file).parent == Path("/runs")
    assert session.status is Status.RUNNING


def test_nothing_to_search_gets_a_sentence(page: TrainingPage) -> None:
    page.settings.search.click()
    setup = page.search.setup
    for tick in setup.ticks.values():
        tick.setChecked(False)
    assert not setup.start.isEnabled()
    assert "Tick at least one" in setup.reason.text()


def test_models_are_not_searched_from_a_model_of_ones_own(
    page: TrainingPage, session: Session
) -> None:
    setup = page.search.setup
    setup.ticks["backbone"].setChecked(True)
    session.change_spec(start="/models/mine")
    assert not setup.ticks["backbone"].isChecked()
    assert not setup.ticks["backbone"].isEnabled()


def test_the_way_back_to_the_curves(page: TrainingPage, jobs: ScriptedJobs) -> None:
    page.settings.search.click()
    page.search.close_link.click()
    assert not page.shows_search
    page.settings.search.click()
    page.start.click()
    assert not page.shows_search, "a training shows its curves"
    assert isinstance(jobs.submitted[-1], TrainJob)


def test_trials_are_shown_while_they_come(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    play(jobs, begin(page, jobs))
    view = page.search
    assert "Trial 5 of 6 is under way" in view.sentence.text()
    assert "Best so far: 147 of 153 right" in view.sentence.text()
    assert "in trial 2. The settings as they were: 93.5" in view.sentence.text()
    for words in ("12 s so far", "1 ended early", "1 failed", "about 10 s left"):
        assert words in view.details.text()
    assert view.bar.value() == 4
    assert view.table.rowCount() == 2
    first = view.table.item(0, 0)
    assert first is not None
    assert first.text() == "2"
    assert "Trial 5 of up to 6. Epoch 1 of 3" in page.status.sentence.text()
    assert view.pause.isVisible()
    assert not page.keep.isVisible()
    assert not page.drop.isVisible()
    assert session.run.attempt is None
    assert len(session.run.history) == 0, "only the trial under way has curves"


def test_the_plot_tells_the_settings_and_leads_to_the_run(
    qtbot: QtBot, page: TrainingPage, jobs: ScriptedJobs
) -> None:
    job = begin(page, jobs)
    state = play(jobs, job)
    plot = page.search.plot
    qtbot.waitUntil(lambda: plot.plot is not None)
    assert plot.plot is not None
    marks = plot.plot.marks.data
    assert len(marks) == 4
    card = plot.plot.marks.points()[2].brush().color()
    assert card != plot.plot.marks.points()[0].brush().color(), "hollow"
    assert plot.plot.marks.points()[3].symbol() == "x"
    best = plot.plot.so_far.getData()[1]
    assert [round(float(share), 1) for share in best] == [93.5, 96.1]
    told = plot.told(trials()[1])
    assert told[:2] == ["Trial 2", "147 of 153 right (96.1\N{NO-BREAK SPACE}%)"]
    assert "Learning rate: 0.01" in told
    assert "Blocks that learn: last 2" in told
    assert "ended after 2 epochs" in plot.told(trials()[2])[-1]
    assert "memory" in plot.told(trials()[3])[-1]
    asked: list[str] = []
    page.search.run_asked.connect(asked.append)
    QTest.keyClick(plot.canvas, Qt.Key.Key_Left)
    QTest.keyClick(plot.canvas, Qt.Key.Key_Left)
    QTest.keyClick(plot.canvas, Qt.Key.Key_Return)
    assert asked == [], "not while it goes on"
    jobs.play(SearchEnded(job.file, state), events.JobEnded(Outcome.STOPPED))
    QTest.keyClick(plot.canvas, Qt.Key.Key_Left)
    QTest.keyClick(plot.canvas, Qt.Key.Key_Return)
    assert asked == ["s trial 2"]
    assert page.shows_search
    QTest.keyClick(plot.canvas, Qt.Key.Key_Right)
    QTest.keyClick(plot.canvas, Qt.Key.Key_Return)
    assert asked == ["s trial 2", "s trial 3"]
    assert not page.shows_search, "a trial that was ended early has only curves"


def test_a_pause_and_going_on(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    job = begin(page, jobs)
    state = play(jobs, job)
    page.search.pause.click()
    assert jobs.stops == [Stop.PAUSE]
    assert page.search.sentence.text() == "Stopping after this batch…"
    jobs.play(SearchEnded(job.file, state), events.JobEnded(Outcome.STOPPED))
    assert session.trouble() == ""
    assert "rests after 4 of 6 trials" in page.search.sentence.text()
    assert "rests after 4 of 6 trials" in page.status.sentence.text()
    assert "a little flattering" in page.search.details.text()
    page.search.go_on.click()
    assert jobs.submitted[-1] == SearchJob(job.file, None, session.dataset)  # type: ignore[arg-type]
    assert session.status is Status.RUNNING
    assert not page.search.go_on.isVisible()


def test_escape_pauses_and_the_other_button_keeps(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    play(jobs, begin(page, jobs))
    page.ask_to_stop()
    assert jobs.stops == [Stop.PAUSE], "nothing is lost, so nothing is asked"
    jobs.play(events.JobEnded(Outcome.STOPPED))
    page.search.go_on.click()
    page.search.keep.click()
    assert jobs.stops[-1] is Stop.KEEP


def test_the_winners_settings_go_into_the_form(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    job = begin(page, jobs)
    state = play(jobs, job)
    over = dataclasses.replace(state, is_exhausted=True)
    jobs.play(SearchEnded(job.file, over), events.JobEnded(Outcome.COMPLETED))
    assert "The search is over after 4 trials" in page.search.sentence.text()
    assert not page.search.go_on.isVisible()
    told: list[str] = []
    session.noticed.connect(told.append)
    page.search.use.click()
    assert session.spec.learning_rate == 0.01
    assert session.spec.head_decay == 0.001
    assert len(session.spec.trainable) == 2
    assert session.spec.data == "/photos"
    assert told == ["The settings of trial 2 are in the form now."]
    page.search.anew.click()
    assert page.search.is_setting_up
    page.start.click()
    assert not session.search.is_latest
    assert page.status.sentence.text() != "The search is over: 6 trials."


def test_an_engine_that_is_lost_leaves_the_search_to_go_on(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    play(jobs, begin(page, jobs))
    lost = events.JobEnded(
        Outcome.FAILED, "It is gone. The search can go on.", failure=Failure.ENGINE_LOST
    )
    jobs.play(lost)
    assert not page.offer.is_on, "not its trial alone"
    assert "It is gone" in page.status.sentence.text()
    assert page.search.go_on.isVisible()
    assert session.search.can_go_on


def test_closing_the_window_pauses_a_search(
    qtbot: QtBot, page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    question = ClosingQuestion(session, page)
    job = begin(page, jobs)
    state = play(jobs, job)
    assert not question.may_close()
    assert question.keep_button.text() == "Pause and close"
    assert question.box is not None
    assert len(question.box.buttons()) == 2
    with qtbot.waitSignal(question.settled):
        QTest.mouseClick(question.keep_button, LEFT)
        assert jobs.stops == [Stop.PAUSE]
        jobs.play(SearchEnded(job.file, state), events.JobEnded(Outcome.STOPPED))


def a_search_in(project: Path, base: TrainingSpec) -> Path:
    """A search that was interrupted after four of six trials."""
    ranges = tuple((name, usual_range(name, base)) for name in USUAL)
    spec = SearchSpec(base, ranges, 6)
    file = search_file(project / "runs", "s")
    begin_search(file, spec)
    write_search(file, SearchState(spec, trials(), 12.0))
    return file


def opened(
    qtbot: QtBot, projects: ProjectSession, parent: Path, base: TrainingSpec
) -> Path:
    project = parent / "Ants.tlgui"
    create_project(project, Project(created="2026-05-01T09:00:00"))
    file = a_search_in(project, base)
    with qtbot.waitSignal(projects.restored):
        projects.open(project)
    return file


def test_an_interrupted_search_is_offered_with_its_project(
    qtbot: QtBot,
    tmp_path: Path,
    page: TrainingPage,
    session: Session,
    projects: ProjectSession,
    jobs: ScriptedJobs,
) -> None:
    told: list[str] = []
    session.noticed.connect(told.append)
    file = opened(qtbot, projects, tmp_path, TrainingSpec(data="/photos"))
    assert "interrupted after 4 of 6 trials" in told[-1]
    assert page.shows_search
    assert not page.search.is_setting_up
    assert page.search.table.rowCount() == 2
    assert "rests after 4 of 6 trials" in page.status.sentence.text()
    session.take_dataset(a_dataset())
    page.search.go_on.click()
    assert jobs.submitted[-1] == SearchJob(str(file), None, session.dataset)  # type: ignore[arg-type]
    jobs.play(events.JobEnded(Outcome.STOPPED))
    with qtbot.waitSignal(session.search.restored):
        projects.begin_anew()
    assert session.search.state is None
    assert not page.shows_search


def test_a_search_from_a_strange_model_is_left_out(
    qtbot: QtBot, tmp_path: Path, session: Session, projects: ProjectSession
) -> None:
    base = TrainingSpec(data="/photos", start="/etc/strange")
    opened(qtbot, projects, tmp_path, base)
    assert session.search.state is None


def test_a_damaged_search_is_told_and_the_project_opens(
    qtbot: QtBot, tmp_path: Path, session: Session, projects: ProjectSession
) -> None:
    told: list[str] = []
    session.trouble_told.connect(told.append)
    file = opened(qtbot, projects, tmp_path, TrainingSpec(data="/photos"))
    projects.begin_anew()
    file.write_text("{")
    with qtbot.waitSignal(projects.restored):
        projects.open(file.parent.parent)
    assert "Expected a search in" in told[-1]


def test_a_run_that_is_gone_gets_a_sentence(
    qtbot: QtBot, tmp_path: Path, session: Session, projects: ProjectSession
) -> None:
    opened(qtbot, projects, tmp_path, TrainingSpec(data="/photos"))
    with qtbot.waitSignal(session.trouble_told) as told:
        projects.search.show_trial("s trial 2")
    assert "not among the runs any more" in told.args[0]
