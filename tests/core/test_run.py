import errno
import shutil
from pathlib import Path

import pytest

from tlgui.core import storage
from tlgui.core.errors import TlguiError
from tlgui.core.history import EpochRecord, best_epoch, read_history, write_history
from tlgui.core.run import (
    check_new_run,
    create_run,
    new_run_name,
    open_finished_run,
    open_run,
)
from tlgui.core.spec import TrainingSpec

SPEC = TrainingSpec(data="x")


def record(epoch: int, accuracy: float, loss: float = 0.5) -> EpochRecord:
    return EpochRecord(epoch, 0.4, 0.9, loss, accuracy, 0.001, 1.25)


def test_a_run_is_its_folder(tmp_path: Path) -> None:
    made = create_run(tmp_path / "a" / "run", SPEC, ["ants", "bees"])
    made.write_history([record(1, 0.8)])
    opened = open_run(tmp_path / "a" / "run")
    assert opened == made
    assert opened.history() == (record(1, 0.8),)


def test_a_new_run_never_overwrites(tmp_path: Path) -> None:
    for folder in (tmp_path, create_run(tmp_path / "run", SPEC, ["a"]).folder):
        with pytest.raises(TlguiError, match="exists already"):
            check_new_run(folder)


def test_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    check_new_run(tmp_path / "a" / "b" / "run")
    assert not list(tmp_path.iterdir())


def test_a_place_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(TlguiError, match="Cannot write to"):
        check_new_run(tmp_path / "file" / "run")


def test_a_full_disk_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5_000_000))
    with pytest.raises(TlguiError, match="found 5 MB"):
        check_new_run(tmp_path / "run")


def test_a_half_made_run_folder_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, value: object) -> None:
        raise TlguiError("full")

    monkeypatch.setattr(storage, "write_json", refuse)
    with pytest.raises(TlguiError, match="full"):
        create_run(tmp_path / "run", SPEC, ["a"])
    assert not (tmp_path / "run").exists()


def test_what_a_run_needs_is_there_before_it_is_a_run(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        assert list(folder.iterdir()) == []
        (folder / "start").write_text("x", encoding="utf-8")

    def refuse(folder: Path) -> None:
        raise TlguiError("full")

    made = create_run(tmp_path / "run", SPEC, ["a"], fill)
    assert (made.folder / "start").is_file()
    with pytest.raises(TlguiError, match="full"):
        create_run(tmp_path / "another", SPEC, ["a"], refuse)
    assert not (tmp_path / "another").exists()


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match="there is no such folder"):
        open_run(tmp_path / "gone")
    with pytest.raises(TlguiError, match="is missing"):
        open_run(tmp_path)
    create_run(tmp_path / "run", SPEC, ["a"])
    with pytest.raises(TlguiError, match="no finished model"):
        open_finished_run(tmp_path / "run")
    (tmp_path / "run" / "labels.json").write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(TlguiError, match="list of class names"):
        open_run(tmp_path / "run")


def test_new_names_are_free(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo 2").mkdir()
    assert new_run_name(tmp_path, "demo").name == "demo 3"


def test_the_history_file_has_the_contracts_columns(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    write_history(file, [record(1, 0.8), record(2, 0.9)])
    first, *_ = file.read_text(encoding="utf-8").splitlines()
    assert first == "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds"
    assert read_history(file) == (record(1, 0.8), record(2, 0.9))


def test_a_damaged_history_is_told(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text("epoch,loss\n1,x\n", encoding="utf-8")
    with pytest.raises(TlguiError, match=r"history\.csv"):
        read_history(file)


def test_the_best_epoch_has_the_best_accuracy_then_the_lowest_loss() -> None:
    records = [record(1, 0.9, 0.5), record(2, 0.95, 0.4), record(3, 0.95, 0.3)]
    assert best_epoch(records) is records[2]
    assert best_epoch([]) is None


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    storage.write_json(file, {"old": 1})

    def fail(draft: Path) -> None:
        draft.write_text("half", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TlguiError, match="the disk is full"):
        storage.write_whole(file, fail)
    assert file.read_text(encoding="utf-8") == '{\n  "old": 1\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_fault_of_ours_while_writing_leaves_no_litter(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        storage.write_whole(tmp_path / "a.json", fail)
    assert not list(tmp_path.iterdir())


def test_the_ending_of_a_draft_is_that_of_the_file(tmp_path: Path) -> None:
    seen: list[str] = []

    def write(draft: Path) -> None:
        seen.append(draft.name)
        draft.write_bytes(b"x")

    storage.write_whole(tmp_path / "checkpoint.weights.h5", write)
    assert seen[0].endswith(".weights.h5")
