"""A run is trained by one process at a time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tlgui.core.errors import TlguiError
from tlgui.core.project import Project
from tlgui.core.project_folder import create_project
from tlgui.core.project_runs import bin_run, empty_bin, list_runs
from tlgui.core.run import create_run
from tlgui.core.run_lock import RunLock, TrainedElsewhereError, is_in_training
from tlgui.core.spec import TrainingSpec

HOLD = """
import sys
from pathlib import Path
from tlgui.core.run_lock import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""
NAMES = ["checkpoint", "history.csv", "labels.json", "spec.json"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a.tlgui"
    create_project(folder, Project())
    create_run(folder / "runs" / "one", TrainingSpec(data="/p"), ["a", "b"])
    return folder


@pytest.fixture
def run(project: Path) -> Path:
    return project / "runs" / "one"


def hold(run: Path) -> subprocess.Popen[str]:
    """Another process that trains the run."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLD, str(run)]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def trainer(run: Path) -> Iterator[subprocess.Popen[str]]:
    with hold(run) as process:
        yield process
        process.kill()


def test_the_second_is_told_who_trains_it(
    run: Path, trainer: subprocess.Popen[str]
) -> None:
    assert is_in_training(run)
    with pytest.raises(TrainedElsewhereError) as refused:
        RunLock(run)
    assert refused.value.holder is not None
    assert refused.value.holder.pid == trainer.pid
    for told in (str(run), refused.value.holder.user, str(trainer.pid)):
        assert told in str(refused.value)


def test_a_killed_trainer_holds_nothing(
    run: Path, trainer: subprocess.Popen[str]
) -> None:
    trainer.kill()
    trainer.wait()
    assert not is_in_training(run)
    with RunLock(run):
        assert is_in_training(run)


def test_a_run_that_is_not_trained_any_more_shows_no_trace(run: Path) -> None:
    with RunLock(run):
        assert len(list(run.iterdir())) > len(NAMES)
    assert sorted(path.name for path in run.iterdir()) == NAMES
    assert not is_in_training(run)


def test_it_is_neither_moved_nor_deleted_while_it_trains(
    project: Path, run: Path, trainer: subprocess.Popen[str]
) -> None:
    with pytest.raises(TrainedElsewhereError):
        bin_run(project, "one")
    assert run.is_dir()
    runs, problems = list_runs(project)
    assert [found.in_training for found in runs] == [True]
    assert not problems
    trainer.kill()
    trainer.wait()
    assert bin_run(project, "one") == "one"
    with hold(project / "bin" / "one") as process:
        with pytest.raises(TrainedElsewhereError):
            empty_bin(project)
        process.kill()
    assert (project / "bin" / "one").is_dir()
    empty_bin(project)
    assert not (project / "bin").exists()


def test_asking_often_does_not_keep_anybody_from_training(run: Path) -> None:
    """Whoever asks has the lock for a moment."""
    ask = (
        "import sys, time\nfrom pathlib import Path\n"
        "from tlgui.core.run_lock import is_in_training\n"
        "print('asking', flush=True)\n"
        "while True: is_in_training(Path(sys.argv[1])), time.sleep(0.002)"
    )
    (run / "training.lock").touch()
    command = [sys.executable, "-c", ask, str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asking\n"
        for _ in range(50):
            with RunLock(run):
                pass
        process.kill()


@pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")
def test_a_lock_of_a_stranger_leads_nowhere(run: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (run / "training.lock").symlink_to(elsewhere)
    assert not is_in_training(run)
    with pytest.raises(TlguiError, match="link"):
        RunLock(run)
    assert not elsewhere.exists()
    (run / "training.lock").unlink()
    os.mkfifo(run / "training.lock")
    assert not is_in_training(run), "it is not waited for"
    with pytest.raises(TlguiError, match=r"training\.lock"):
        RunLock(run)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match="Cannot write"):
        RunLock(tmp_path / "missing")
