from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset, a_run
from tlgui.core import events
from tlgui.core.events import Outcome, Stop
from tlgui.gui.session import Session, Status
from tlgui.worker.jobs import WarmUp


def test_a_scanned_folder_becomes_the_data_set(
    qtbot: QtBot, session: Session, reader: ScriptedReader
) -> None:
    session.open_folder(Path("/photos"))
    assert reader.scans == ["/photos"]
    assert session.scan.is_under_way
    with qtbot.waitSignal(session.dataset_changed):
        reader.scan_ended.emit(a_dataset(), "")
    assert session.spec.data == str(Path("/photos"))
    assert not session.scan.is_under_way


def test_a_failed_scan_keeps_the_old_data_set_and_says_why(
    qtbot: QtBot, session: Session, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    with qtbot.waitSignal(session.trouble_told) as told:
        reader.scan_ended.emit(None, "No such folder.")
    assert told.args == ["No such folder."]
    assert session.dataset is not None


def test_another_backbone_is_warmed_up(session: Session, jobs: ScriptedJobs) -> None:
    session.change_spec(backbone="efficientnet-lite1")
    session.change_spec(backbone="efficientnet-lite1")
    assert jobs.submitted == [WarmUp("efficientnet-lite1")]


def test_nothing_starts_without_a_data_set(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs
) -> None:
    with qtbot.waitSignal(session.trouble_told):
        session.start()
    assert not jobs.train_jobs
    assert session.status is Status.IDLE


def test_a_run_fills_history_and_result(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    assert len(jobs.train_jobs) == 1
    with qtbot.waitSignal(session.run.ended):
        jobs.play(*a_run(epochs=3, steps=4))
    assert [record.epoch for record in session.run.history] == [1, 2, 3]
    assert len(session.run.batches) == 12
    assert session.run.has_result
    assert session.status is Status.IDLE


def test_stop_is_passed_on_once(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    session.stop(Stop.KEEP)
    session.stop(Stop.DROP)
    assert jobs.stops == [Stop.KEEP]
    assert session.status is Status.STOPPING


def test_a_bug_in_the_engine_ends_the_run_and_is_shown(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    with qtbot.waitSignal(session.bug_found) as found:
        jobs.play(events.JobEnded(Outcome.FAILED, bug="Traceback …"))
    assert found.args == ["Traceback …"]
    assert session.status is Status.IDLE
    assert not session.run.has_result


def test_what_the_epochs_get_is_known_until_the_next_run(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    first = events.SourceChosen(True, 6, "LiteRT")
    second = events.SourceChosen(False, 0, "TensorFlow")
    with qtbot.waitSignals([session.run.source_chosen] * 2):
        jobs.play(first)
        assert session.run.source == first
        jobs.play(second)
    assert session.run.source == second
    jobs.play(*a_run())
    assert session.run.source == second
    session.start()
    assert session.run.source is None


def test_what_went_otherwise_is_told_and_kept_until_the_next_run(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    with qtbot.waitSignal(session.noticed) as told:
        jobs.play(events.Noticed("The disk is full. Training goes on."))
    assert told.args == ["The disk is full. Training goes on."]
    jobs.play(*a_run())
    assert session.run.notices == told.args
    session.start()
    assert session.run.notices == []


def test_a_new_folder_lets_the_engine_compare_on_its_files(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    dataset = a_dataset()
    reader.scan_ended.emit(dataset, "")
    (warm_up,) = jobs.submitted
    assert isinstance(warm_up, WarmUp)
    first = dataset.samples["train"][:4]
    assert warm_up.files == tuple(str(dataset.file(sample)) for sample in first)
    assert warm_up.files
