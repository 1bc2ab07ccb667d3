"""What is offered after the engine was lost: real clicks, a scripted engine."""

import dataclasses

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
)
from tlgui.core import events
from tlgui.core.events import Failure, JobEnded, Outcome
from tlgui.core.spec import TrainingSpec
from tlgui.gui.go_on_offer import half_at_once
from tlgui.gui.session import Session, Status
from tlgui.gui.training_page import TrainingPage
from tlgui.worker.jobs import ResumeJob

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qtbot: QtBot, session: Session, reader: ScriptedReader) -> TrainingPage:
    widget = TrainingPage(session)
    qtbot.addWidget(widget)
    widget.resize(1040, 640)
    widget.show()
    qtbot.waitExposed(widget)
    reader.scan_ended.emit(a_dataset(), "")
    return widget


def fail(
    session: Session, jobs: ScriptedJobs, failure: Failure, at_once: int = 0
) -> None:
    """A run that ends after its first epoch."""
    session.start()
    plan = dataclasses.replace(a_plan(), at_once=at_once)
    jobs.play(plan, events.EpochEnded(a_record(1)))
    jobs.play(JobEnded(Outcome.FAILED, "The engine is gone.", failure=failure))


def last_job(jobs: ScriptedJobs) -> ResumeJob:
    job = jobs.submitted[-1]
    assert isinstance(job, ResumeJob)
    return job


def test_after_memory_ran_out_half_as_many_photos_are_offered(
    session: Session, jobs: ScriptedJobs, page: TrainingPage
) -> None:
    fail(session, jobs, Failure.MEMORY)
    assert page.offer.isVisible()
    assert page.offer.fewer.text() == "Go on with 16 photos at a time"
    assert page.offer.same.text() == "Go on with the same settings"
    assert page.start.property("role") == "", "one button stands out"
    QTest.mouseClick(page.offer.fewer, LEFT)
    assert (last_job(jobs).run, last_job(jobs).at_once) == ("/runs/one", 16)
    assert session.status is Status.RUNNING
    assert not page.offer.isVisible()


def test_with_the_same_settings_nothing_is_made_smaller(
    session: Session, jobs: ScriptedJobs, page: TrainingPage
) -> None:
    fail(session, jobs, Failure.MEMORY)
    QTest.mouseClick(page.offer.same, LEFT)
    assert last_job(jobs).at_once == 0


def test_the_second_time_it_is_half_of_that_again(
    session: Session, jobs: ScriptedJobs, page: TrainingPage
) -> None:
    fail(session, jobs, Failure.MEMORY, at_once=16)
    assert page.offer.fewer.text() == "Go on with 8 photos at a time"
    QTest.mouseClick(page.offer.fewer, LEFT)
    assert last_job(jobs).at_once == 8


@pytest.mark.parametrize(("at_once", "offered"), [(0, 2), (2, 1), (1, 1)])
def test_it_is_never_less_than_one(at_once: int, offered: int) -> None:
    assert half_at_once(TrainingSpec(data="", batch_size=5), at_once) == offered


def test_an_engine_that_was_lost_otherwise_offers_to_go_on(
    session: Session, jobs: ScriptedJobs, page: TrainingPage
) -> None:
    fail(session, jobs, Failure.ENGINE_LOST)
    assert not page.offer.fewer.isVisible()
    assert page.offer.same.text() == "Go on"


@pytest.mark.parametrize(
    "ending",
    [
        JobEnded(Outcome.FAILED, "The folder is gone."),
        JobEnded(Outcome.FAILED, bug="Traceback"),
        JobEnded(Outcome.STOPPED),
        JobEnded(Outcome.COMPLETED),
    ],
    ids=lambda ending: ending.outcome,
)
def test_nothing_is_offered_where_going_on_does_not_help(
    session: Session, jobs: ScriptedJobs, page: TrainingPage, ending: JobEnded
) -> None:
    session.start()
    jobs.play(a_plan(), ending)
    assert not page.offer.isVisible()
    assert page.start.property("role") == "primary"


def test_before_there_is_a_run_folder_nothing_is_offered(
    session: Session, jobs: ScriptedJobs, page: TrainingPage
) -> None:
    session.start()
    jobs.play(JobEnded(Outcome.FAILED, "Gone.", failure=Failure.MEMORY))
    assert not page.offer.isVisible()


def test_another_run_takes_the_offer_away(
    session: Session, jobs: ScriptedJobs, page: TrainingPage
) -> None:
    fail(session, jobs, Failure.MEMORY)
    QTest.mouseClick(page.start, LEFT)
    assert not page.offer.isVisible()
    assert len(jobs.train_jobs) == 2


def test_the_run_goes_on_with_its_own_settings(
    session: Session, jobs: ScriptedJobs, page: TrainingPage
) -> None:
    """What was changed since is for the next run."""
    fail(session, jobs, Failure.MEMORY)
    session.change_spec(batch_size=4, epochs=99)
    assert page.offer.fewer.text() == "Go on with 16 photos at a time"
    QTest.mouseClick(page.offer.fewer, LEFT)
    assert (session.spec.batch_size, session.spec.epochs) == (32, 10)
