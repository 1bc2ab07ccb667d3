"""Tables that say what each photo shows, as people and their programs write them."""

from pathlib import Path

import pytest
from PIL import Image

from tlgui.core.dataset import NOTHING, Dataset, Sample
from tlgui.core.errors import TlguiError
from tlgui.core.label_table import read_label_table
from tlgui.core.scan import check_trainable, scan, validation_folder
from tlgui.core.task import IMAGE_CLASSIFICATION

PHOTOS = ("a.png", "b.png", "c.png", "sub/d.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(PHOTOS):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (number, 0, 0)).save(file)
    return tmp_path / "photos"


def read(folder: Path, text: str | bytes, name: str = "labels.csv") -> Dataset:
    content = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(content)
    return scan(folder / name, IMAGE_CLASSIFICATION)


def shown(dataset: Dataset) -> dict[str, set[str]]:
    return {
        sample.path: {dataset.class_names[label] for label in sample.labels}
        for samples in dataset.samples.values()
        for sample in samples
    }


def reasons(dataset: Dataset) -> dict[str, str]:
    return {problem.path: problem.reason for problem in dataset.problems}


@pytest.mark.parametrize(
    "text",
    [
        'file,labels\na.png,cat;dog\nb.png,"dog"\nc.png,\nsub/d.png,bird',
        'File,Labels\na.png,"cat, dog"\nb.png,dog\nc.png,""\nsub/d.png,bird\n\n',
        "FILENAME;Klassen\r\na.png;cat|dog\r\nb.png;dog\r\n;\r\nc.png;\r\nsub\\d.png;bird",
        "image\tcat\tdog\tbird\na.png\t1\t1\t0\nb.png\t0\t1\t0\nc.png\t0\t0\t0\n"
        "sub/d.png\t0\t0\t1\n",
        'sep=;\nbird;path;cat;dog\n;a.png;x;x\n0;"b.png";0;1,0\n0;c.png;;no\nx;d.png;;',
    ],
    ids=["semicolons", "commas", "German Excel", "columns", "crosses"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_ways_of_writing_the_same(folder: Path, text: str, encoding: str) -> None:
    dataset = read(folder, text.encode(encoding))
    assert dataset.task == "image-multilabel"
    assert dataset.is_multilabel
    assert dataset.class_names == ("bird", "cat", "dog")
    assert shown(dataset) == {
        "a.png": {"cat", "dog"},
        "b.png": {"dog"},
        "c.png": set(),
        "sub/d.png": {"bird"},
    }
    assert dataset.samples["train"][2] == Sample("c.png", NOTHING)
    assert not dataset.problems
    assert dataset.source == folder / "labels.csv"
    assert dataset.counts("train") == (1, 1, 2)
    assert [sample.path for sample in dataset.of_class(2)] == ["a.png", "b.png"]


def test_one_class_each_is_an_ordinary_data_set(folder: Path) -> None:
    text = "file,label\na.png,cat\nb.png,dog\nc.png,cat\nsub/d.png,dog\n"
    dataset = read(folder, text)
    assert dataset.task == IMAGE_CLASSIFICATION.name
    assert dataset.counts("train") == (2, 2)
    check_trainable(dataset)
    columns = "file,cat,dog\na.png,1,0\nb.png,0,1\nc.png,1,0\nsub/d.png,0,1\n"
    assert read(folder, columns).samples == dataset.samples


def test_latin_1_is_understood(folder: Path) -> None:
    dataset = read(folder, "Datei;Klassen\na.png;Vögel|Bäume\n".encode("latin-1"))
    assert dataset.class_names == ("Bäume", "Vögel")


def test_what_cannot_be_used_is_told_and_left_out(folder: Path) -> None:
    (folder / "broken.png").write_bytes(b"no picture")
    (folder.parent / "outside.png").write_bytes((folder / "a.png").read_bytes())
    dataset = read(
        folder,
        "file,split,cat,dog,size,empty\n"
        "a.png,train,1,1,640,\n"
        "b.png,val,0,1,640,\n"
        "c.png,,0,1,480,\n"
        "a.png,train,1,1,640,\n"
        "sub/d.png,sometimes,0,1,640,\n"
        "gone.png,train,0,1,640,\n"
        "../outside.png,train,0,1,640,\n"
        "C:\\photos\\e.png,train,0,1,640,\n"
        "broken.png,train,0,1,640,\n"
        "d.png,test,maybe,1,640,\n"
        ",train,1,0,640,\n"
        "d.png,test,1,0,640,,1\n",
    )
    assert {k: len(v) for k, v in dataset.samples.items()} == {
        "train": 2,
        "validation": 1,
    }
    found = reasons(dataset)
    assert len(dataset.problems) == 10
    assert found["a.png"] == "line 5 of labels.csv names it, but line 2 already does"
    assert found["sub/d.png"].endswith(
        "has the split “sometimes”, but train, val or test was expected"
    )
    assert found["gone.png"].endswith("but there is no such file")
    assert "outside the folder" in found["../outside.png"]
    assert "outside the folder" in found["C:\\photos\\e.png"]
    assert "broken.png" in found
    told = [problem.reason for problem in dataset.problems]
    assert "its column “size” holds neither 0 nor 1: it is left out" in told
    assert (
        "line 11 of labels.csv has “maybe” for “cat”, but 0 or 1 was expected" in told
    )
    assert "line 12 of labels.csv names no file" in told
    assert any("line 13 of labels.csv has 7 cells" in reason for reason in told)


def test_a_line_that_contradicts_an_earlier_one_is_told(folder: Path) -> None:
    dataset = read(folder, "file,labels\na.png,cat\nb.png,dog\na.png,dog\n")
    assert shown(dataset)["a.png"] == {"cat"}
    assert "line 2 says something else" in reasons(dataset)["a.png"]


def test_files_are_found_by_their_names_below(folder: Path) -> None:
    dataset = read(folder, "file,labels\nD.PNG,cat\na.png,dog\nx/b.png,dog\n")
    assert set(shown(dataset)) == {"sub/d.png", "a.png", "b.png"}
    (folder / "more").mkdir()
    (folder / "more" / "d.png").write_bytes((folder / "a.png").read_bytes())
    again = read(folder, "file,labels\nd.png,cat\na.png,dog\n")
    assert "2 files of that name" in reasons(again)["d.png"]


def test_the_table_of_a_folder_is_found(folder: Path) -> None:
    (folder / "labels.csv").write_text(
        "file,labels\na.png,x\nb.png,x;y\nc.png,\n", encoding="utf-8"
    )
    dataset = scan(folder, IMAGE_CLASSIFICATION)
    assert (dataset.table, dataset.root) == ("labels.csv", folder)
    assert reasons(dataset) == {"sub/d.png": "labels.csv does not name it"}
    (folder / "labels.csv").rename(folder / "Anything.CSV")
    assert scan(folder, IMAGE_CLASSIFICATION).table == "Anything.CSV"


def test_class_folders_are_not_given_up_for_a_stray_table(colours: Path) -> None:
    before = scan(colours, IMAGE_CLASSIFICATION)
    (colours / "notes.csv").write_text("file,labels\nx.png,y\n", encoding="utf-8")
    (colours / "labels.csv").write_text("when,who\n1,2\n", encoding="utf-8")
    assert scan(colours, IMAGE_CLASSIFICATION) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "found none"),
        ("\n\n", "found none"),
        ("a.png,cat\nb.png,dog\n", "one of them “file”"),
        ("file,labels\n", "found none that can be used"),
        ("file,labels\na.png,\nb.png,\n", "no line names a class"),
        ("file\na.png\n", "no line names a class"),
        ("file,size\na.png,640\n", "no line names a class"),
        ("file,split,a\na.png,never,1\n", "the first is left out: line 2"),
        ('file,labels\na.png,\x00"\n' + '"' + "x" * 200_000, "cannot be read"),
    ],
)
def test_tables_that_cannot_be_used(folder: Path, text: str, told: str) -> None:
    with pytest.raises(TlguiError, match=told):
        read(folder, text)


def test_other_files_are_refused(folder: Path) -> None:
    for name, told in (("t.xlsx", "Save it as CSV"), ("t.pdf", "is a file")):
        with pytest.raises(TlguiError, match=told):
            read(folder, "file,labels\na.png,cat\n", name)
    assert len(read(folder, "file,labels\na.png,cat\n", "t.txt")) == 1


def test_a_class_needs_two_photos(folder: Path) -> None:
    dataset = read(folder, "file,labels\na.png,x;y\nb.png,x\nc.png,\n")
    with pytest.raises(TlguiError, match="take the class out of the table"):
        check_trainable(dataset)
    check_trainable(read(folder, "file,defect\na.png,1\nb.png,1\nc.png,0\n"))
    with pytest.raises(TlguiError, match="every one shows “x”"):
        check_trainable(read(folder, "file,labels\na.png,x\nb.png,x\n"))


def test_a_class_that_nothing_shows_is_left_out(folder: Path) -> None:
    (folder / "t.csv").write_text("file,a,b\na.png,1,0\nb.png,1,0\n", encoding="utf-8")
    table = read_label_table(folder / "t.csv")
    assert table.class_names == ("a",)
    assert [p.reason for p in table.problems] == [
        "its column “b” has no 1, so nothing shows that class"
    ]


def test_a_validation_table_is_joined(folder: Path) -> None:
    dataset = read(folder, "file,labels\na.png,x;y\nb.png,y;z\n")
    other = read(folder, "file,labels\nc.png,z\nsub/d.png,y\n", "val.csv")
    joined = validation_folder(dataset, other)
    first, second = joined.samples["validation"]
    assert (first.labels, second.labels) == ((2,), (1,))
    assert joined.file(first) == folder / "c.png"
    with pytest.raises(TlguiError, match="exactly one class for each photo"):
        validation_folder(other, read(folder, "file,labels\na.png,z;y\n", "m.csv"))
