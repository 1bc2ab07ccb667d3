"""Starting from a model of one's own: what the session knows and says of it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
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
from tlgui.gui.dropped import has_photos, model_in
from tlgui.gui.session import Session
from tlgui.gui.start_words import StartWords
from tlgui.gui.starting_points import NamedRun, OwnModel
from tlgui.worker.jobs import ImportJob

FILE = Path("/downloads/keras_model.weights.h5")


def titles(session: Session) -> list[str]:
    return [own.title for own in session.starts.models]


def named(point: StartingPoint, name: str, *, starred: bool = False) -> NamedRun:
    return NamedRun(point.folder, name, starred, point.created)


def test_runs_have_their_names_and_favourites_come_first(
    session: Session, reader: ScriptedReader
) -> None:
    old = a_start("a", created="2026-01-01T09:00:00")
    new = a_start("b", created="2026-06-01T09:00:00")
    session.starts.take_runs([named(old, "Run 1", starred=True), named(new, "Run 2")])
    assert reader.starts_asked[-1] == (str(old.folder), str(new.folder))
    reader.starting_points_read.emit((old, new, an_import()), "")
    assert titles(session) == ["Run 1", "Run 2", "keras_model"]


def test_another_name_asks_no_disk(
    qtbot: QtBot, session: Session, reader: ScriptedReader
) -> None:
    point = a_start()
    session.starts.take_runs([named(point, "Run 3")])
    reader.starting_points_read.emit((point,), "")
    asked = len(reader.starts_asked)
    with qtbot.waitSignal(session.starts.changed):
        session.starts.take_runs([named(point, "The good one")])
    assert titles(session) == ["The good one"]
    assert len(reader.starts_asked) == asked
    session.choose_model(point.backbone, str(point.folder))
    session.starts.take_runs([])
    reader.starting_points_read.emit((point,), "")
    assert titles(session) == ["The good one"], "new photos begin another project"


def test_a_run_of_another_project_is_offered_only_while_it_is_chosen(
    session: Session, reader: ScriptedReader
) -> None:
    point = a_start("elsewhere")
    session.choose_model(point.backbone, str(point.folder))
    assert reader.starts_asked[-1] == (str(point.folder),)
    reader.starting_points_read.emit((point,), "")
    assert session.starts.chosen is not None
    assert session.starts.chosen.point == point
    assert titles(session) == ["project, elsewhere"]
    session.choose_model("efficientnet-lite0")
    assert session.starts.chosen is None
    assert titles(session) == []


def test_blocks_are_carried_over_to_another_architecture(
    session: Session, jobs: ScriptedJobs
) -> None:
    session.change_spec(trainable=("block7a", "top"))
    session.choose_model("efficientnet-lite1", "/models/one")
    assert session.spec.start == "/models/one"
    assert session.spec.trainable == ("block7a", "top")


def test_a_start_that_is_gone_stands_against_training(
    qtbot: QtBot, session: Session, reader: ScriptedReader, jobs: ScriptedJobs
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    point = a_start()
    session.choose_model(point.backbone, str(point.folder))
    assert session.trouble() == "", "it is still being looked for"
    reader.starting_points_read.emit((), "")
    assert str(point.folder) in session.trouble()
    with qtbot.waitSignal(session.trouble_told):
        session.start()
    assert not jobs.train_jobs
    session.go_on(Path("/runs/one"))
    assert len(jobs.submitted) == 2, "a run that goes on keeps what it started from"


def test_nothing_is_looked_for_on_the_network(
    session: Session, reader: ScriptedReader
) -> None:
    for start in (r"\\stranger\share\run", "//stranger/share/run"):
        session.change_spec(start=start)
        assert reader.starts_asked[-1] == ()


def test_what_cannot_be_read_is_told_once(
    qtbot: QtBot, session: Session, reader: ScriptedReader
) -> None:
    with qtbot.waitSignal(session.trouble_told) as told:
        reader.starting_points_read.emit((), "One is damaged.")
    assert told.args == ["One is damaged."]
    with qtbot.assertNotEmitted(session.trouble_told):
        reader.starting_points_read.emit((), "One is damaged.")
    with qtbot.waitSignal(session.trouble_told) as told:
        reader.starting_points_read.emit((), "One is damaged.\nAnother, too.")
    assert told.args == ["Another, too."]


def import_one(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> StartingPoint:
    point = an_import()
    session.import_model(FILE)
    jobs.play(
        events.ModelImported(str(point.folder), 152, 153, point.report),
        events.JobEnded(Outcome.COMPLETED),
    )
    reader.starting_points_read.emit((point,), "")
    return point


def test_a_file_is_passed_to_the_engine_and_used_only_when_asked_for(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    before = session.spec
    with qtbot.waitSignal(session.starts.model_imported) as imported:
        point = import_one(session, jobs, reader)
    assert jobs.import_jobs == [ImportJob(str(FILE), "keras_model")]
    assert imported.args == [point]
    assert session.starts.fresh == point
    assert titles(session) == [], "the person has not decided yet"
    assert session.spec == before
    session.starts.settle()
    assert titles(session) == ["keras_model"]


def test_an_earlier_answer_of_the_disk_does_not_lose_the_import(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    point = an_import()
    session.import_model(FILE)
    jobs.play(events.ModelImported(str(point.folder), 152, 153, point.report))
    reader.starting_points_read.emit((), "")
    jobs.play(events.JobEnded(Outcome.COMPLETED))
    reader.starting_points_read.emit((), "")
    assert session.starts.fresh is None
    reader.starting_points_read.emit((point,), "")
    assert session.starts.fresh == point


def test_a_refused_file_is_a_sentence_and_nothing_else(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    before, asked = session.spec, len(reader.starts_asked)
    session.import_model(FILE)
    with qtbot.waitSignal(session.trouble_told) as told:
        jobs.play(events.JobEnded(Outcome.FAILED, trouble="A Lambda layer runs code."))
    assert told.args == ["A Lambda layer runs code."]
    assert session.starts.importing is None
    assert session.starts.fresh is None
    assert session.spec == before
    assert len(reader.starts_asked) == asked
    assert session.run.job_ending is None, "no run has failed"


def test_an_import_can_be_cancelled(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    session.starts.cancel_import()
    assert jobs.stops == []
    session.import_model(FILE)
    session.starts.cancel_import()
    assert jobs.stops == [Stop.DROP]
    jobs.play(events.JobEnded(Outcome.STOPPED))
    assert session.starts.importing is None


def test_the_engine_does_one_thing_after_the_other(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.import_model(FILE)
    jobs.play(events.ProgressMade(Stage.LOADING, 2, 5))
    assert session.starts.progress == (2, 5)
    assert "looked at" in session.trouble()
    with qtbot.waitSignal(session.trouble_told):
        session.start()
    with qtbot.waitSignal(session.trouble_told):
        session.import_model(FILE)
    assert len(jobs.import_jobs) == 1
    assert not jobs.train_jobs
    jobs.play(events.JobEnded(Outcome.STOPPED))
    session.start()
    assert len(jobs.train_jobs) == 1
    with qtbot.waitSignal(session.trouble_told):
        session.import_model(FILE)
    jobs.play(*a_run())
    assert session.run.has_result
    session.predict(["a.jpg"])
    with qtbot.waitSignal(session.trouble_told):
        session.import_model(FILE)
    assert len(jobs.import_jobs) == 1


def test_removing_asks_the_reader(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    point = import_one(session, jobs, reader)
    session.starts.remove(point)
    assert reader.removed == [str(point.folder)]
    reader.starting_points_read.emit((), "")
    assert session.starts.fresh is None
    assert titles(session) == []


@pytest.mark.parametrize(
    ("known", "present", "sentence"),
    [
        (("ants", "bees"), (), "It knows ants and bees."),
        (("ants", "bees"), ("ants", "bees"), "It knows ants and bees already."),
        (
            ("ants", "bees"),
            ("ants", "bees", "wasps"),
            "It knows ants and bees already; new to it: wasps.",
        ),
        (
            ("ants", "bees", "flies"),
            ("ants", "wasps"),
            "It knows ants already; new to it: wasps. Not among your photos, so it "
            "will no longer say: bees and flies.",
        ),
        (
            ("cats", "dogs"),
            ("ants", "bees"),
            "It knows none of your classes but cats and dogs, so the head begins "
            "anew; what its layers have learned stays.",
        ),
        ((), ("ants",), "It brings no classes of its own, so the head begins anew."),
        (tuple("abcdefg"), (), "It knows a, b, c, d and 3 more."),
        (tuple("abcde"), (), "It knows a, b, c, d and e."),
    ],
)
def test_classes_are_compared_in_words(
    known: tuple[str, ...], present: tuple[str, ...], sentence: str
) -> None:
    assert StartWords().classes(a_start(class_names=known), present) == sentence


def test_the_sentence_says_how_good_a_run_is() -> None:
    own = OwnModel(a_start(), "Run 3", False, "")
    assert StartWords().sentence(own, ("ants", "bees")) == (
        "Starts from “Run 3”, which names 95.4\N{NO-BREAK SPACE}% of its validation "
        "photos right. It knows ants and bees already."
    )
    unknown = OwnModel(a_start(accuracy=-1.0), "Run 3", False, "")
    assert StartWords().origin(unknown) == "Starts from “Run 3”."
    foreign = OwnModel(an_import(), "mine", False, "")
    assert StartWords().origin(foreign) == "Starts from “mine”, a model from a file."
    assert "152 of 153 layers matched" in StartWords().whole(foreign)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a.keras"], "a.keras"),
        (["a.weights.h5"], "a.weights.h5"),
        (["A.H5"], "A.H5"),
        (["bad.pkl"], "bad.pkl"),
        (["a.keras", "b.keras"], None),
        (["photo.jpg"], None),
        (["folder"], None),
    ],
)
def test_a_drop_of_a_model_file_is_recognised(
    names: list[str], found: str | None
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(f"/somewhere/{name}") for name in names])
    file = model_in(mime)
    assert (file.name if file else None) == found
    assert has_photos(mime) == (names[0] in ("photo.jpg", "folder"))
