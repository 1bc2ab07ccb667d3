import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from tests.core.test_project_runs import add_run
from tests.gui.fakes import an_evaluation
from tlgui.core.dataset import Dataset
from tlgui.core.errors import TlguiError
from tlgui.core.events import Outcome
from tlgui.core.manifest import make_manifest, write_manifest
from tlgui.core.project import DataPlace, Project, RunEntry, View
from tlgui.core.project_folder import create_project, write_project
from tlgui.core.project_lock import ProjectLock
from tlgui.core.project_opening import (
    find_data,
    open_project,
    place_of,
)
from tlgui.core.project_shown import read_shown_run
from tlgui.core.run import Run
from tlgui.core.scan import scan
from tlgui.core.task import IMAGE_CLASSIFICATION


@pytest.fixture
def dataset(colours: Path) -> Dataset:
    return scan(colours, IMAGE_CLASSIFICATION)


@pytest.fixture
def project(tmp_path: Path, dataset: Dataset) -> Path:
    """A project whose photos lie beside it."""
    folder = tmp_path / "a.tlgui"
    manifest = make_manifest(dataset)
    create_project(folder, Project())
    place = place_of(folder, dataset, manifest.hash, None)
    write_project(folder, Project(data=place))
    write_manifest(folder / "manifest.json", manifest)
    return folder


def report(run: Run, evaluation: object) -> None:
    """What a finished run leaves behind."""
    run.write_report(
        {
            "outcome": "completed",
            "best_epoch": 3,
            "seconds": 9.5,
            "training_samples": [8, 8],
            "validation_samples": [2, 2],
            "trainable_parameters": 2_562,
            "total_parameters": 3_371_458,
            "left_out": [{"path": "a", "reason": "b"}],
            "validation": evaluation,
        }
    )


def test_unchanged_photos_need_not_be_read_again(
    project: Path, dataset: Dataset
) -> None:
    found, opened = open_project(project)
    assert opened.dataset == dataset
    assert opened.data == dataset.root
    assert not opened.misses_data
    found.close()


def test_changed_photos_are_to_be_scanned(project: Path, dataset: Dataset) -> None:
    shutil.copy(dataset.root / "red" / "0.png", dataset.root / "red" / "new.png")
    found, opened = open_project(project)
    assert opened.dataset is None
    assert opened.data == dataset.root
    found.close()


def test_photos_that_moved_with_the_project_are_found(
    project: Path, dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "stick").mkdir()
    shutil.move(project, tmp_path / "stick" / project.name)
    shutil.move(dataset.root, tmp_path / "stick" / dataset.root.name)
    found, opened = open_project(tmp_path / "stick" / project.name)
    assert opened.data == tmp_path / "stick" / dataset.root.name
    assert opened.dataset is not None
    assert opened.dataset.class_names == dataset.class_names
    found.close()


def test_photos_that_are_gone_are_missed(project: Path, dataset: Dataset) -> None:
    shutil.rmtree(dataset.root)
    found, opened = open_project(project)
    assert opened.misses_data
    assert opened.dataset is None
    found.close()


@pytest.mark.parametrize("root", ["relative", "..", "\0", "/nowhere/at/all"])
def test_a_place_that_makes_no_sense_is_missing(project: Path, root: str) -> None:
    assert find_data(project, DataPlace(root, relative="/etc")) is None


@pytest.mark.parametrize("trusted", [True, False])
def test_a_strangers_project_does_not_have_any_folder_read(
    project: Path, dataset: Dataset, tmp_path: Path, trusted: bool
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "diary.txt").write_text("dear diary", encoding="utf-8")
    place = DataPlace(str(private), samples=16)
    write_project(project, Project(data=place))
    found, opened = open_project(project, trusted=trusted)
    assert opened.misses_data is not trusted
    assert opened.dataset is None
    found.close()


def test_a_strangers_project_with_its_photos_is_opened_at_once(
    project: Path, dataset: Dataset
) -> None:
    found, opened = open_project(project, trusted=False)
    assert opened.dataset == dataset
    found.close()


def test_a_run_is_shown_with_its_last_word(project: Path) -> None:
    run = add_run(project, "one")
    report(run, an_evaluation().to_json())
    shown = read_shown_run(run.folder, None)
    assert shown.evaluation == an_evaluation()
    assert shown.ended is not None
    assert shown.ended.outcome is Outcome.COMPLETED
    assert (shown.ended.kept, shown.ended.seconds) == (True, 9.5)
    assert shown.plan is not None
    assert (shown.plan.train_samples, shown.plan.validation_samples) == (16, 4)


def test_a_run_without_a_model_says_that_nothing_was_kept(project: Path) -> None:
    shown = read_shown_run(add_run(project, "one", finished=False).folder, None)
    assert shown.evaluation is None
    assert shown.ended is not None
    assert not shown.ended.kept
    assert shown.ended.seconds == 6.0


def test_answers_follow_photos_that_moved(project: Path, tmp_path: Path) -> None:
    run = add_run(project, "one")
    shown = read_shown_run(run.folder, tmp_path / "new")
    assert shown.evaluation is not None
    first = shown.evaluation.answers[0].path
    assert first == (tmp_path / "new" / "ants" / "1.jpg").as_posix()


@pytest.mark.parametrize(
    "change", [{"truth": 7}, {"predicted": -1}, {"path": 3}, {"probability": "much"}]
)
def test_answers_that_make_no_sense_are_told(
    project: Path, change: dict[str, object]
) -> None:
    run = add_run(project, "one")
    values = an_evaluation().to_json()
    values["answers"][0] = {**values["answers"][0], **change}
    report(run, values)
    with pytest.raises(TlguiError, match="cannot be shown"):
        read_shown_run(run.folder, None)


def test_the_run_that_was_shown_comes_back(project: Path) -> None:
    add_run(project, "one")
    values = Project(view=View(run="one"), runs=(RunEntry("one", "Best so far"),))
    write_project(project, values)
    found, opened = open_project(project)
    assert opened.shown is not None
    assert opened.shown.run.folder == project / "runs" / "one"
    assert [run.folder for run in opened.runs] == ["one"]
    found.close()


@pytest.mark.parametrize("run", ["../../one", "gone"])
def test_a_shown_run_that_is_not_there_is_no_obstacle(project: Path, run: str) -> None:
    write_project(project, Project(view=View(run=run)))
    found, opened = open_project(project)
    assert opened.shown is None
    found.close()


def test_a_project_that_cannot_be_opened_is_not_held(project: Path) -> None:
    shutil.rmtree(project / "runs")
    (project / "runs").symlink_to(project.parent, target_is_directory=True)
    with pytest.raises(TlguiError, match="is a link"):
        open_project(project)
    ProjectLock(project).release()


def test_what_was_damaged_is_put_aside_before_it_is_written(project: Path) -> None:
    file = project / "project.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**values, "best": "very good"}), encoding="utf-8")
    before = file.read_bytes()
    found, opened = open_project(project)
    assert opened.problems
    found.write(dataclasses.replace(opened.project, best=0.5))
    assert (project / "project.damaged.json").read_bytes() == before
    found.write(opened.project)
    assert (project / "project.damaged.json").read_bytes() == before
    found.close()
