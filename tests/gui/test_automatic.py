"""Automatic training in the window: several runs after each other, and a verdict."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.fakes import (
    ScriptedJobs,
    ScriptedReader,
    a_dataset,
    a_run,
    an_evaluation,
)
from tlgui.core import events
from tlgui.core.events import AttemptBegan, AutomaticEnded, Outcome, Stop
from tlgui.core.run import Run
from tlgui.gui.result_page import ResultPage
from tlgui.gui.session import Session, Status
from tlgui.gui.training_page import TrainingPage
from tlgui.worker.jobs import AutoJob

SAID = ("The head alone: 3 of 4 right.", "Kept: the head alone.")


@pytest.fixture
def page(qtbot: QtBot, session: Session, reader: ScriptedReader) -> TrainingPage:
    page = TrainingPage(session)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    reader.scan_ended.emit(a_dataset(), "")
    return page


def grant(page: TrainingPage, words: str) -> None:
    menu = page.automatic.menu()
    assert menu is not None
    (action,) = [one for one in menu.actions() if words in one.text()]
    action.trigger()


def attempt(number: int, words: str) -> list[events.Event]:
    """All that an attempt tells; the job goes on after it."""
    return [AttemptBegan(number, 4, words), *a_run()[:-1]]


def test_a_person_grants_time_and_the_program_does_the_rest(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    assert page.automatic.isEnabled()
    grant(page, "10 minutes")
    job = jobs.submitted[-1]
    assert isinstance(job, AutoJob)
    assert job.seconds == 600
    assert job.chooses_backbone, "nobody has chosen one"
    assert session.status is Status.RUNNING
    assert not page.automatic.isVisible()
    jobs.play(events.ProgressMade(events.Stage.COMPARING, 25, 100))
    assert page.status.sentence.text().endswith("on these photos… 25 %")


def test_a_model_that_was_chosen_stays_chosen(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    session.choose_model("efficientnet-lite1")
    grant(page, "1 minute")
    job = jobs.submitted[-1]
    assert isinstance(job, AutoJob)
    assert job.spec.backbone == "efficientnet-lite1"
    assert not job.chooses_backbone


def test_each_attempt_begins_the_plots_and_the_times_anew(
    page: TrainingPage, session: Session, jobs: ScriptedJobs
) -> None:
    grant(page, "1 minute")
    jobs.play(*attempt(1, "the head alone"))
    assert session.run.history
    jobs.play(AttemptBegan(2, 4, "the last 2 blocks"))
    assert not session.run.history
    text = page.status.sentence.text()
    assert text.startswith("Attempt 2 of up to 4, the last 2 blocks.")
    assert session.status is Status.RUNNING
    session.stop(Stop.KEEP)
    assert jobs.stops == [Stop.KEEP]


def test_at_the_end_the_best_run_is_opened_and_says_how_it_was_found(
    qtbot: QtBot,
    page: TrainingPage,
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
) -> None:
    result = ResultPage(session)
    qtbot.addWidget(result)
    grant(page, "1 minute")
    jobs.play(*attempt(1, "the head alone"), *attempt(2, "the last 2 blocks"))
    jobs.play(AutomaticEnded("/runs/head", SAID), events.JobEnded(Outcome.COMPLETED))
    assert session.status is Status.IDLE
    assert reader.runs == ["/runs/head"]
    run = Run(Path("/runs/head"), session.spec, ("ants", "bees"), SAID)
    reader.run_opened.emit(run, (), an_evaluation(), "")
    assert result.found_text.text() == "\n".join(SAID)
    assert not result.found.isHidden()
    plain = Run(Path("/runs/other"), session.spec, ("ants", "bees"))
    reader.run_opened.emit(plain, (), an_evaluation(), "")
    assert result.found.isHidden()


def test_it_cannot_start_without_photos(qtbot: QtBot, session: Session) -> None:
    page = TrainingPage(session)
    qtbot.addWidget(page)
    assert not page.automatic.isEnabled()
    page.start_automatic(60.0)
    assert session.status is Status.IDLE
