from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.fakes import (
    ScriptedJobs,
    ScriptedReader,
    a_dataset,
    a_plan,
    a_record,
    a_run,
    an_evaluation,
)
from tlgui.core import events
from tlgui.core.events import Outcome, Stage, Stop, Streaming
from tlgui.core.run import Run
from tlgui.core.spec import TrainingSpec
from tlgui.gui.durations import duration_text
from tlgui.gui.percent import percent
from tlgui.gui.run_status import RunStatus
from tlgui.gui.session import EngineState, Session
from tlgui.gui.theme import Appearance, apply_theme


class Clock:
    """Seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def status(qtbot: QtBot, session: Session, clock: Clock) -> RunStatus:
    widget = RunStatus(session, clock)
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def started(status: RunStatus, session: Session, reader: ScriptedReader) -> RunStatus:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    return status


def test_without_photos_it_is_not_ready(status: RunStatus) -> None:
    assert status.sentence.text() == "Not ready yet"
    assert status.bar.isHidden()


def test_with_photos_it_says_what_will_be_trained(
    status: RunStatus, session: Session, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    assert status.sentence.text() == "Ready to train"
    assert "20 photos" in status.details.text()
    assert "only the head" in status.details.text()
    session.change_spec(trainable=(session.backbone.blocks[-1].name,))
    assert "1 of" in status.details.text()


def test_every_stage_has_its_sentence(started: RunStatus, jobs: ScriptedJobs) -> None:
    told = [started.sentence.text()]
    for stage in (Stage.READING, Stage.LOADING, Stage.TRACING):
        jobs.play(events.StageChanged(stage))
        told.append(started.sentence.text())
    jobs.play(a_plan(), events.StageChanged(Stage.TRAINING))
    told.append(started.sentence.text())
    jobs.play(events.BatchEnded(1, 4, 4, 0.5, 0.5))
    jobs.play(events.StageChanged(Stage.VALIDATING))
    told.append(started.sentence.text())
    jobs.play(events.StageChanged(Stage.SAVING))
    told.append(started.sentence.text())
    assert len(set(told)) == len(told)
    assert told[4] == "Epoch 1 of 3: learning…"


def test_the_next_epoch_begins_with_learning(
    started: RunStatus, jobs: ScriptedJobs
) -> None:
    jobs.play(a_plan(), events.StageChanged(Stage.TRAINING))
    jobs.play(events.BatchEnded(1, 4, 4, 0.5, 0.5))
    jobs.play(events.StageChanged(Stage.VALIDATING))
    assert started.sentence.text() == "Epoch 1 of 3: checking the result…"
    jobs.play(events.EpochEnded(a_record(1)))
    assert started.sentence.text() == "Epoch 2 of 3: learning…"


def test_the_first_start_says_that_it_takes_a_while(
    started: RunStatus, session: Session, jobs: ScriptedJobs
) -> None:
    assert session.engine is EngineState.STARTING
    assert "some seconds" in started.sentence.text()
    jobs.engine_changed.emit(EngineState.READY)
    assert started.sentence.text() == "Starting…"


def test_reading_counts_the_photos(started: RunStatus, jobs: ScriptedJobs) -> None:
    jobs.play(events.ProgressMade(Stage.READING, 120, 240))
    assert "120 of 240" in started.sentence.text()
    assert 0 < started.bar.value() < 50


def test_the_bar_only_grows_and_covers_the_whole_run(
    started: RunStatus, jobs: ScriptedJobs
) -> None:
    seen = []
    for event in a_run(epochs=3, steps=4)[:-1]:
        jobs.play(event)
        seen.append(started.bar.value())
    assert seen == sorted(seen)
    assert seen[-1] > 950


def _pass_epoch(
    jobs: ScriptedJobs, clock: Clock, epoch: int, seconds: float = 2.0
) -> None:
    for step in range(1, 5):
        clock.now += seconds / 4
        jobs.play(events.BatchEnded(epoch, step, 4, 0.5, 0.5))
    jobs.play(events.EpochEnded(a_record(epoch)))


def test_times_are_told_while_it_runs(
    started: RunStatus, jobs: ScriptedJobs, clock: Clock
) -> None:
    jobs.play(a_plan(epochs=5), events.StageChanged(Stage.TRAINING))
    _pass_epoch(jobs, clock, 1)
    _pass_epoch(jobs, clock, 2)
    assert started.details.text() == "4 s so far · 2.0 s an epoch · about 10 s left"


def test_the_bar_goes_by_time_not_by_epochs(
    started: RunStatus, jobs: ScriptedJobs, clock: Clock
) -> None:
    _learning(jobs, _CACHED, epochs=5)
    _pass_epoch(jobs, clock, 1, 10.0)
    _pass_epoch(jobs, clock, 2, 1.0)
    assert started.bar.value() > 700


def test_early_stopping_makes_the_time_left_a_limit(
    started: RunStatus, session: Session, jobs: ScriptedJobs, clock: Clock
) -> None:
    session.change_spec(patience=2)
    jobs.play(a_plan(epochs=5))
    _pass_epoch(jobs, clock, 1)
    assert "at most about 10 s left" in started.details.text()


def test_a_completed_run_says_how_good_it_is(
    started: RunStatus, jobs: ScriptedJobs
) -> None:
    jobs.play(*a_run())
    assert started.sentence.text() == (
        f"Completed in 6.0 s. Best after epoch 3: {percent(0.75)} "
        "of 4 validation photos right."
    )
    assert "95 % confidence" in started.sentence.toolTip()
    assert started.bar.isHidden()


def test_a_run_that_ended_early_says_why(
    started: RunStatus, jobs: ScriptedJobs
) -> None:
    played = a_run(epochs=3)
    played[2] = a_plan(epochs=20)
    jobs.play(*played)
    assert "early after 3 of 20 epochs" in started.sentence.text()


def _stopped(*, kept: bool) -> list[events.Event]:
    return [
        a_plan(),
        events.EpochEnded(a_record(1)),
        events.RunEnded("/runs/one", Outcome.STOPPED, kept, 1, 0.5, 1.0, 30.0),
        events.JobEnded(Outcome.STOPPED),
    ]


def test_a_stopped_run_says_whether_the_model_was_kept(
    started: RunStatus, session: Session, jobs: ScriptedJobs
) -> None:
    session.stop(Stop.KEEP)
    assert "Stopping" in started.sentence.text()
    jobs.play(*_stopped(kept=True))
    assert "the best model was kept. Best after epoch 1" in started.sentence.text()
    session.start()
    jobs.play(*_stopped(kept=False))
    assert started.sentence.text() == "Stopped after 30 s. Nothing was kept."


def test_a_run_stopped_before_it_began_leaves_nothing(
    started: RunStatus, session: Session, jobs: ScriptedJobs
) -> None:
    session.stop(Stop.DROP)
    jobs.play(events.JobEnded(Outcome.STOPPED))
    assert started.sentence.text() == "Stopped. Nothing was kept."
    assert started.sentence.property("role") == "heading"


def test_a_failed_run_says_so_in_red(started: RunStatus, jobs: ScriptedJobs) -> None:
    jobs.play(events.JobEnded(Outcome.FAILED, trouble="The disk is full."))
    assert started.sentence.text() == "The training failed. The disk is full."
    assert started.sentence.property("role") == "bad"


def test_a_fault_of_ours_is_called_one(started: RunStatus, jobs: ScriptedJobs) -> None:
    jobs.play(events.JobEnded(Outcome.FAILED, bug="Traceback …"))
    assert "a fault in this program" in started.sentence.text()


def test_an_opened_run_tells_its_result(
    status: RunStatus, reader: ScriptedReader
) -> None:
    run = Run(Path("/runs/bees"), TrainingSpec(data="/photos"), ("ants", "bees"))
    history = tuple(a_record(epoch) for epoch in (1, 2, 3))
    reader.run_opened.emit(run, history, an_evaluation(), "")
    assert "Opened “bees”. Best after epoch 3 of 3" in status.sentence.text()


# What the page leaves for it where the window is 1280 pixels wide.
_WIDTH_AT_1280 = 369
_CACHED = events.SourceChosen(True, 1, "LiteRT")
_VARIED = events.SourceChosen(True, 6, "LiteRT")
_STREAMED = events.SourceChosen(False, 0, "TensorFlow", Streaming.NOTHING_FROZEN)
_NO_ROOM = events.SourceChosen(False, 0, "LiteRT", Streaming.ROOM)
_CHEAPER = events.SourceChosen(False, 0, "LiteRT", Streaming.CHEAPER)
_LEARNED = events.SourceChosen(False, 0, "TensorFlow", Streaming.LEARNED)


def _learning(jobs: ScriptedJobs, source: events.SourceChosen, epochs: int = 9) -> None:
    jobs.play(a_plan(epochs), source, events.StageChanged(Stage.TRAINING))


def test_before_the_source_is_known_nothing_is_said_of_it(
    started: RunStatus, jobs: ScriptedJobs
) -> None:
    jobs.play(a_plan(), events.StageChanged(Stage.TRAINING))
    assert started.source.isHidden()


@pytest.mark.parametrize(
    ("source", "said"),
    [(_CACHED, "look at each photo once"), (_VARIED, "once at 6 variations")],
)
def test_what_is_kept_is_said_plainly_and_exactly_in_the_tooltip(
    started: RunStatus, jobs: ScriptedJobs, source: events.SourceChosen, said: str
) -> None:
    _learning(jobs, source)
    assert not started.source.isHidden()
    assert said in started.source.accessibleName()
    assert "feature caching, computed with LiteRT" in started.source.toolTip()


@pytest.mark.parametrize(
    ("source", "said", "term"),
    [
        (_STREAMED, "First layers learn", "no feature caching; all layers run"),
        (_LEARNED, "First layers have learned", "no feature caching; all layers run"),
        (_NO_ROOM, "Too much to keep", "more than the limit"),
        (_CHEAPER, "New variations each epoch", "less time than writing"),
    ],
)
def test_why_nothing_is_kept_is_said(
    started: RunStatus,
    jobs: ScriptedJobs,
    source: events.SourceChosen,
    said: str,
    term: str,
) -> None:
    _learning(jobs, source)
    assert said in started.source.accessibleName()
    assert term in started.source.toolTip()
    assert source.runtime in started.source.toolTip()


def test_what_is_said_goes_by_the_phase(
    started: RunStatus, session: Session, jobs: ScriptedJobs
) -> None:
    blocks = tuple(block.name for block in session.backbone.blocks)
    session.change_spec(trainable=blocks, strategy="lp-ft", epochs=3)
    _learning(jobs, _NO_ROOM, 3)
    assert "Too much to keep" in started.source.accessibleName()
    jobs.play(events.EpochEnded(a_record(1)), events.StageChanged(Stage.LOADING))
    assert "From epoch 2 on, the chosen blocks learn too" in started.sentence.text()
    jobs.play(_STREAMED, events.StageChanged(Stage.TRAINING))
    assert "First layers learn" in started.source.accessibleName()


def test_the_source_is_told_while_there_are_epochs(
    started: RunStatus, jobs: ScriptedJobs
) -> None:
    jobs.play(a_plan(), _CACHED, events.StageChanged(Stage.TRACING))
    assert started.source.isHidden()
    assert "Later epochs are quicker" in started.sentence.text()
    jobs.play(events.StageChanged(Stage.TRAINING))
    assert not started.source.isHidden()
    jobs.play(*a_run()[3:])
    assert started.source.isHidden()


def test_the_time_left_is_a_limit_until_every_view_was_looked_at(
    started: RunStatus, jobs: ScriptedJobs, clock: Clock
) -> None:
    _learning(jobs, _CACHED, epochs=5)
    _pass_epoch(jobs, clock, 1)
    assert "at most about 10 s left" in started.details.text()
    _pass_epoch(jobs, clock, 2)
    assert "· about 10 s left" in started.details.text()


def test_with_phases_to_come_the_time_left_is_no_limit(
    started: RunStatus, session: Session, jobs: ScriptedJobs, clock: Clock
) -> None:
    block = session.backbone.blocks[-1].name
    session.change_spec(trainable=(block,), strategy="lp-ft")
    _learning(jobs, _CACHED, epochs=5)
    _pass_epoch(jobs, clock, 1)
    assert "· about 10 s left" in started.details.text()


@pytest.fixture(scope="module")  # dressing every living widget takes its time
def dressed(qapp: QApplication) -> Iterator[None]:
    palette, sheet = qapp.palette(), qapp.styleSheet()
    apply_theme(qapp, Appearance.LIGHT)
    yield
    qapp.setPalette(palette)
    qapp.setStyleSheet(sheet)


@pytest.mark.usefixtures("dressed")
@pytest.mark.parametrize(
    "source", [_CACHED, _VARIED, _STREAMED, _NO_ROOM, _CHEAPER, _LEARNED]
)
def test_the_source_is_one_line_at_1280_pixels_and_needs_no_more_height(
    qtbot: QtBot, started: RunStatus, jobs: ScriptedJobs, source: events.SourceChosen
) -> None:
    started.setFixedWidth(_WIDTH_AT_1280)
    started.show()
    qtbot.waitExposed(started)
    layout = started.layout()
    assert layout is not None
    jobs.play(a_plan(), events.StageChanged(Stage.TRACING))
    before = layout.totalHeightForWidth(_WIDTH_AT_1280)
    _learning(jobs, source)
    qtbot.waitUntil(lambda: started.source.width() == _WIDTH_AT_1280)
    assert layout.totalHeightForWidth(_WIDTH_AT_1280) <= before
    assert started.source.text() == started.source.accessibleName()  # not shortened


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.4 s"),
        (5, "5 s"),
        (48.3, "48 s"),
        (125, "2 min 5 s"),
        (120, "2 min"),
        (1500, "25 min"),
        (4320, "1 h 12 min"),
    ],
)
def test_durations_in_words(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
