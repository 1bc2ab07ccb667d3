import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gui.fakes import a_record, an_evaluation
from tlgui.core import project_runs
from tlgui.core.errors import TlguiError
from tlgui.core.project import Project
from tlgui.core.project_folder import create_project
from tlgui.core.project_runs import (
    bin_run,
    binned,
    empty_bin,
    list_runs,
    restore_run,
)
from tlgui.core.run import MODEL, Run, create_run
from tlgui.core.spec import TrainingSpec

HEADER = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a.tlgui"
    create_project(folder, Project())
    return folder


def add_run(project: Path, name: str, *, finished: bool = True) -> Run:
    """A run of three epochs, with a result if it was finished."""
    spec = TrainingSpec(data="/photos", epochs=3)
    run = create_run(project / "runs" / name, spec, ["ants", "bees"])
    run.write_history([a_record(epoch) for epoch in (1, 2, 3)])
    if finished:
        run.model_file.write_bytes(b"a model")
        report = {"seconds": 9.5, "validation": an_evaluation().to_json()}
        run.write_report(report)
    return run


def test_a_finished_run_is_summed_up(project: Path) -> None:
    add_run(project, "one")
    ((run,), problems) = list_runs(project)
    assert problems == ()
    assert run.folder == "one"
    assert run.has_model
    assert run.accuracy == 0.75
    assert run.interval == pytest.approx(an_evaluation().interval)
    assert run.seconds == 9.5
    assert len(run.history) == 3
    assert run.begun


def test_an_unfinished_run_has_what_its_epochs_tell(project: Path) -> None:
    add_run(project, "one", finished=False)
    ((run,), _) = list_runs(project)
    assert not run.has_model
    assert run.accuracy == pytest.approx(a_record(3).val_accuracy)
    assert run.interval is None
    assert run.seconds == 6.0


def test_a_damaged_report_costs_only_itself(project: Path) -> None:
    run = add_run(project, "one")
    for text in ("{", "[]", '{"validation": 3}', "[" * 100_000):
        (run.folder / "report.json").write_text(text, encoding="utf-8")
        ((summary,), problems) = list_runs(project)
        assert summary.accuracy == pytest.approx(a_record(3).val_accuracy)
        assert problems == ()


def test_a_damaged_run_is_told_and_the_others_are_there(project: Path) -> None:
    add_run(project, "one")
    (add_run(project, "two").folder / "spec.json").write_text("{", encoding="utf-8")
    runs, problems = list_runs(project)
    assert [run.folder for run in runs] == ["one"]
    assert len(problems) == 1
    assert "two" in problems[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec.json", "[" * 100_000),
        ("history.csv", "epoch,loss\n1," + "9" * 200_000),
        ("history.csv", HEADER + "9" * 400 + ",1,1,1,1,1,1\n"),
        ("history.csv", HEADER + "1,1,1,1,7,1,1\n"),
    ],
)
def test_hostile_text_is_told_as_a_sentence(
    project: Path, name: str, text: str
) -> None:
    (add_run(project, "one").folder / name).write_text(text, encoding="utf-8")
    runs, problems = list_runs(project)
    assert runs == ()
    assert name in problems[0]


def test_what_is_no_run_is_passed_over(project: Path) -> None:
    (project / "runs" / "notes.txt").touch()
    (project / "runs" / "empty").mkdir()
    assert list_runs(project) == ((), ())


def link_folder(project: Path, elsewhere: Path) -> None:
    (project / "runs" / "link").symlink_to(elsewhere, target_is_directory=True)


def link_file(project: Path, elsewhere: Path) -> None:
    run = add_run(project, "mine")
    (run.folder / "report.json").unlink()
    (run.folder / "report.json").symlink_to(elsewhere / "report.json")


def link_model(project: Path, elsewhere: Path) -> None:
    run = add_run(project, "mine")
    run.model_file.unlink()
    run.model_file.symlink_to(elsewhere / MODEL)


def pipe_file(project: Path, elsewhere: Path) -> None:
    run = add_run(project, "mine")
    (run.folder / "history.csv").unlink()
    os.mkfifo(run.folder / "history.csv")


@pytest.mark.skipif(os.name == "nt", reason="making links needs a right there")
@pytest.mark.parametrize("attack", [link_folder, link_file, link_model, pipe_file])
def test_what_leads_elsewhere_is_refused(
    project: Path, tmp_path: Path, attack: Callable[[Path, Path], None]
) -> None:
    other = tmp_path / "other.tlgui"
    create_project(other, Project())
    attack(project, add_run(other, "secret").folder)
    runs, problems = list_runs(project)
    assert runs == ()
    assert len(problems) == 1
    assert str(project) in problems[0]


@pytest.mark.skipif(os.name == "nt", reason="making links needs a right there")
def test_a_bin_that_is_a_link_is_left_alone(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "precious"
    (elsewhere / "work").mkdir(parents=True)
    (project / "bin").symlink_to(elsewhere, target_is_directory=True)
    add_run(project, "one")
    assert binned(project) == ()
    for act in (lambda: bin_run(project, "one"), lambda: empty_bin(project)):
        with pytest.raises(TlguiError, match="is a link"):
            act()
    assert (elsewhere / "work").is_dir()
    assert (project / "runs" / "one").is_dir()


def test_enormous_files_are_not_read(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run(project, "one")
    monkeypatch.setattr(project_runs, "_MOST_BYTES", 10)
    runs, problems = list_runs(project)
    assert runs == ()
    assert "too large" in problems[0]


def test_a_binned_run_comes_back_whole(project: Path) -> None:
    run = add_run(project, "one")
    before = sorted(path.name for path in run.folder.iterdir())
    assert bin_run(project, "one") == "one"
    assert binned(project) == ("one",)
    assert list_runs(project) == ((), ())
    assert restore_run(project, "one") == "one"
    assert sorted(path.name for path in run.folder.iterdir()) == before
    assert binned(project) == ()


def test_equal_names_in_the_bin_do_not_collide(project: Path) -> None:
    add_run(project, "one")
    bin_run(project, "one")
    add_run(project, "one")
    assert bin_run(project, "one") == "one 2"
    assert restore_run(project, "one 2") == "one 2"
    assert restore_run(project, "one") == "one"


def test_an_emptied_bin_is_gone_for_good(project: Path) -> None:
    add_run(project, "one")
    add_run(project, "two")
    bin_run(project, "one")
    empty_bin(project)
    assert binned(project) == ()
    assert [run.folder for run in list_runs(project)[0]] == ["two"]
    empty_bin(project)


@pytest.mark.parametrize("name", ["../../x", "/etc", ".."])
def test_nothing_outside_is_moved(project: Path, name: str) -> None:
    for act in (bin_run, restore_run):
        with pytest.raises(TlguiError, match="not a name inside"):
            act(project, name)


def test_a_run_that_is_gone_is_told(project: Path) -> None:
    with pytest.raises(TlguiError, match="Cannot write to"):
        bin_run(project, "gone")
    assert json.loads((project / "project.json").read_text(encoding="utf-8"))
