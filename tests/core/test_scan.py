from pathlib import Path

import pytest

from tests.conftest import save_picture
from tlgui.core.dataset import Dataset, natural_key
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.scan import check_trainable, scan, validation_folder
from tlgui.core.task import IMAGE_CLASSIFICATION

RED, BLUE = (200, 60, 60), (60, 60, 200)


def read(folder: Path) -> Dataset:
    return scan(folder, IMAGE_CLASSIFICATION)


def add(root: Path, *names: str) -> None:
    for index, name in enumerate(names):
        save_picture(root / name, RED if index % 2 else BLUE, index)


def test_one_folder_a_class(colours: Path) -> None:
    dataset = read(colours)
    assert dataset.class_names == ("blue", "red")
    assert dataset.counts("train") == (8, 8)
    assert not dataset.problems
    assert not dataset.has_validation
    assert len(dataset) == 16
    assert all(dataset.file(sample).is_file() for sample in dataset.samples["train"])


@pytest.mark.parametrize("val", ["val", "valid", "validation", "Val"])
def test_split_folders_above_the_classes(tmp_path: Path, val: str) -> None:
    add(tmp_path, "train/a/1.png", "train/b/1.png", f"{val}/a/1.png", "test/b/1.png")
    dataset = read(tmp_path)
    assert dataset.class_names == ("a", "b")
    assert dataset.counts("train") == (1, 1)
    assert dataset.counts("validation") == (1, 0)
    assert dataset.counts("test") == (0, 1)


def test_classes_are_in_natural_order(tmp_path: Path) -> None:
    add(tmp_path, "10/a.png", "9/a.png", "1/a.png")
    assert read(tmp_path).class_names == ("1", "9", "10")
    assert sorted(["b2", "B10", "a"], key=natural_key) == ["a", "b2", "B10"]


def test_the_real_accident_is_found(hymenoptera: Path) -> None:
    dataset = read(hymenoptera)
    assert dataset.counts("train") == (123, 121)
    assert dataset.counts("validation") == (70, 83)
    (problem,) = dataset.problems
    assert problem.path == "train/ants/imageNotFound.gif"
    assert "GIF" in problem.reason


def test_unreadable_files_are_listed_and_left_out(colours: Path) -> None:
    (colours / "red" / "broken.jpg").write_bytes(b"no picture")
    (colours / "red" / "notes.txt").write_text("hello", encoding="utf-8")
    (colours / "stray.png").write_bytes((colours / "red" / "0.png").read_bytes())
    dataset = read(colours)
    assert dataset.counts("train") == (8, 8)
    reasons = {problem.path: problem.reason for problem in dataset.problems}
    assert set(reasons) == {"red/broken.jpg", "red/notes.txt", "stray.png"}
    assert "outside the class folders" in reasons["stray.png"]


def test_litter_of_other_systems_is_not_a_class(colours: Path) -> None:
    add(colours, "__MACOSX/._1.png", ".hidden/1.png")
    (colours / "red" / ".DS_Store").write_bytes(b"x")
    (colours / "red" / "Thumbs.db").write_bytes(b"x")
    dataset = read(colours)
    assert dataset.class_names == ("blue", "red")
    assert not dataset.problems


def test_folders_inside_a_class_belong_to_it(colours: Path) -> None:
    add(colours, "red/monday/1.png", "red/tuesday/more/2.png")
    assert read(colours).counts("train") == (8, 10)


def test_a_link_that_leads_upwards_ends(colours: Path) -> None:
    (colours / "red" / "again").symlink_to(colours)
    assert read(colours).counts("train") == (8, 8)


def test_progress_reaches_the_end(colours: Path) -> None:
    told: list[tuple[int, int]] = []
    scan(colours, IMAGE_CLASSIFICATION, on_progress=lambda *done: told.append(done))
    assert told[-1] == (16, 16)
    assert [done for done, _ in told] == list(range(1, 17))


def test_a_scan_can_be_stopped(colours: Path) -> None:
    seen: list[int] = []

    def stop() -> bool:
        return len(seen) >= 3

    with pytest.raises(Stopped):
        scan(
            colours,
            IMAGE_CLASSIFICATION,
            on_progress=lambda done, total: seen.append(done),
            should_stop=stop,
        )
    assert len(seen) == 3


def test_bad_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match="there is none at"):
        read(tmp_path / "gone")
    file = tmp_path / "file.txt"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(TlguiError, match="is a file"):
        read(file)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(TlguiError, match="one sub-folder for each class"):
        read(empty)


def test_the_folder_above_is_noticed(tmp_path: Path) -> None:
    add(tmp_path, "photos/a/1.png", "photos/b/1.png")
    with pytest.raises(TlguiError, match=r"Did you mean .*photos"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (["a/1.png", "a/2.png"], "at least two classes"),
        (["a/1.png", "a/2.png", "b/1.png"], "only one for “b”"),
        (["a/1.png", "a/2.png", "b/empty/"], "no usable file for “b”"),
        (["a/1.txt", "b/1.txt"], "None of the 2 files"),
        (["a/", "b/"], "all empty"),
    ],
)
def test_what_cannot_be_trained_on_is_told(
    tmp_path: Path, files: list[str], sentence: str
) -> None:
    for name in files:
        path = tmp_path / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        elif name.endswith(".png"):
            save_picture(path, RED)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x", encoding="utf-8")
    with pytest.raises(TlguiError, match=sentence):
        check_trainable(read(tmp_path))


def test_a_separate_validation_folder_is_joined(colours: Path, tmp_path: Path) -> None:
    other = tmp_path / "more"
    add(other, "red/1.png", "red/2.png", "blue/1.png")
    joined = validation_folder(read(colours), read(other))
    assert joined.counts("train") == (8, 8)
    assert joined.counts("validation") == (1, 2)
    assert all(joined.file(s).is_file() for s in joined.samples["validation"])


def test_a_validation_folder_with_an_unknown_class_is_refused(
    colours: Path, tmp_path: Path
) -> None:
    other = tmp_path / "more"
    add(other, "red/1.png", "green/2.png")
    with pytest.raises(TlguiError, match="“green”"):
        validation_folder(read(colours), read(other))
