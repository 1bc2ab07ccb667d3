"""The command line as a person or a program uses it."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import save_picture
from tlgui import cli
from tlgui.cli_progress import TrainingOutput
from tlgui.core.events import EpochEnded, Event, Noticed, SourceChosen, Streaming
from tlgui.core.spec import TrainingSpec
from tlgui.ml.training import train

TRAIN_FAST = ["--epochs", "1", "--augment", "none", "--batch-size", "4"]


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Runs a command in this process: exit code, stdout, stderr."""
    previous = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        code = cli.main([str(argument) for argument in arguments])
    except SystemExit as end:  # argparse
        code = int(end.code or 0)
    finally:
        signal.signal(signal.SIGINT, previous[0])
        signal.signal(signal.SIGTERM, previous[1])
    out, err = capsys.readouterr()
    return code, out, err


def test_scan_lists_classes_and_problems(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (colours / "red" / "broken.jpg").write_bytes(b"x")
    code, out, _ = run("scan", colours, capsys=capsys)
    assert code == 0
    assert "red/broken.jpg: " in out
    code, out, _ = run("scan", colours, "--json", capsys=capsys)
    found = json.loads(out)
    assert found["classes"] == [
        {"name": "blue", "train": 8},
        {"name": "red", "train": 8},
    ]
    assert [problem["path"] for problem in found["problems"]] == ["red/broken.jpg"]


def test_models_and_layers_tell_the_catalogue(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run("models", "--json", capsys=capsys)
    assert code == 0
    first = json.loads(out)[0]
    assert first["name"] == "efficientnet-lite0"
    assert first["offline"] is True
    assert first["parameters"] == 3_413_024
    code, out, _ = run("layers", "efficientnet-lite0", "--json", capsys=capsys)
    blocks = json.loads(out)["blocks"]
    assert [block["name"] for block in blocks][:2] == ["stem", "block1a"]
    code, out, _ = run("layers", "efficientnet-lite0", capsys=capsys)
    assert "block7a" in out


@pytest.mark.tf
def test_train_evaluate_predict(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    code, out, err = run("train", colours, "--out", folder, *TRAIN_FAST, capsys=capsys)
    assert code == 0, err
    assert "epoch 1/1" in out
    code, out, _ = run("evaluate", folder, colours, "--json", capsys=capsys)
    assert code == 0
    assert json.loads(out)["samples"] == 16
    code, out, _ = run("evaluate", folder, colours, capsys=capsys)
    assert "true \\ predicted" in out
    table = tmp_path / "answers.csv"
    (colours / "red" / "broken.jpg").write_bytes(b"x")
    code, out, err = run(
        "predict", folder, colours, "--csv", table, "--json", capsys=capsys
    )
    assert code == 0
    answers = [json.loads(line) for line in out.splitlines()]
    assert len(answers) == 17
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert set(rows[0]) == {"file", "class", "probability", "problem", "blue", "red"}
    (broken,) = [row for row in rows if row["problem"]]
    assert broken["file"].endswith("broken.jpg")


@pytest.mark.tf
def test_a_run_and_an_imported_model_are_started_from(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old"
    run("train", colours, "--out", old, *TRAIN_FAST, capsys=capsys)
    file = old / "model.keras"
    code, out, err = run("import", file, "--name", "mine", "--json", capsys=capsys)
    assert code == 0, err
    imported = json.loads(out)
    assert imported["matched"] + 1 == imported["total"]
    code, out, _ = run("import", file, capsys=capsys)
    assert "layers matched. New, to be trained on your photos: its head." in out
    code, out, _ = run("models", "--json", capsys=capsys)
    starts = [model["start"] for model in json.loads(out) if "start" in model]
    assert imported["folder"] in starts
    assert len(starts) == 2
    code, out, _ = run("models", capsys=capsys)
    assert "mine" in out
    for name, start in (("a", old), ("b", imported["folder"]), ("c", "mine")):
        begin = ["train", colours, "--out", tmp_path / name, "--start", start]
        code, out, err = run(*begin, *TRAIN_FAST, capsys=capsys)
        assert code == 0, err
        assert (tmp_path / name / "start.weights.npz").is_file()
    begin = ["train", colours, "--out", tmp_path / "d", "--start", old]
    code, out, err = run(*begin, "--backbone", "efficientnet-lite1", capsys=capsys)
    assert code == 2
    assert "but efficientnet-lite1 was chosen" in err
    assert not (tmp_path / "d").exists()


@pytest.mark.tf
def test_train_tells_one_json_event_a_line(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(
        "train",
        colours,
        "--out",
        tmp_path / "run",
        *TRAIN_FAST,
        "--json",
        capsys=capsys,
    )
    assert code == 0
    told = [json.loads(line)["event"] for line in out.splitlines()]
    assert told[0] == "stage_changed"
    assert told[-1] == "run_ended"
    assert "epoch_ended" in told


def bad_data(tmp_path: Path) -> dict[str, Path]:
    made = {
        name: tmp_path / name for name in ("no classes", "one class", "empty class")
    }
    made |= {name: tmp_path / name for name in ("one photo", "all unreadable")}
    for folder in made.values():
        folder.mkdir()
    for name in ("one class", "empty class", "one photo"):
        for index in range(3):
            save_picture(made[name] / "a" / f"{index}.png", (200, 0, 0), index)
    (made["empty class"] / "b").mkdir()
    save_picture(made["one photo"] / "b" / "1.png", (0, 0, 200))
    for name in ("a", "b"):
        (made["all unreadable"] / name).mkdir()
        (made["all unreadable"] / name / "1.jpg").write_bytes(b"no picture")
    return made | {"no such folder": tmp_path / "gone"}


@pytest.mark.parametrize(
    "name",
    [
        "no such folder",
        "no classes",
        "one class",
        "empty class",
        "one photo",
        "all unreadable",
    ],
)
def test_bad_data_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out_folder = bad_data(tmp_path)[name], tmp_path / "runs" / "run"
    code, _, err = run("train", data, "--out", out_folder, capsys=capsys)
    assert code == 2
    check_sentence(err)
    assert not (tmp_path / "runs").exists()
    code, _, err = run("scan", data, capsys=capsys)
    assert code == 2
    assert err.strip().count("\n") == 0


def check_sentence(err: str) -> None:
    """The last line is one sentence; before it only what was going on."""
    *before, sentence = err.strip().splitlines()
    assert all(line.endswith("…") for line in before)
    assert sentence.endswith(".")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--backbone", "resnet9000", "efficientnet-lite0"),
        ("--trainable", "block9z", "stem"),
        ("--trainable", "last:99", "from 1 to 18"),
        ("--trainable", "last:x", "from 1 to 18"),
        ("--learning-rate", "0", "learning rate"),
        ("--learning-rate", "nan", "learning rate"),
        ("--learning-rate", "much", "learning-rate"),
        ("--epochs", "-3", "epochs"),
        ("--optimizer", "adamski", "adamw"),
        ("--augment", "wild", "light"),
        ("--val", "1.5", "between 0 and 1"),
        ("--val", "/no/such/folder", "/no/such/folder"),
    ],
)
def test_bad_options_are_one_sentence_and_nothing_is_written(
    colours: Path,
    tmp_path: Path,
    option: str,
    value: str,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "runs" / "run"
    code, _, err = run("train", colours, "--out", folder, option, value, capsys=capsys)
    assert code == 2
    assert words in err
    check_sentence(err)
    assert not (tmp_path / "runs").exists()


def test_bad_output_folders_are_one_sentence(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for folder in (colours, tmp_path / "file" / "run", Path("/proc/run")):
        code, _, err = run("train", colours, "--out", folder, capsys=capsys)
        assert code == 2
        assert str(folder) in err
        check_sentence(err)


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_folder_that_is_no_run_is_told(
    colours: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(command, colours, colours, capsys=capsys)
    assert code == 2
    assert "run folder" in err
    check_sentence(err)


def test_an_unknown_backbone_of_layers_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = run("layers", "efficientnet-lite", capsys=capsys)
    assert code == 2
    assert "Did you mean" in err


def test_usage_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run("train", capsys=capsys)
    assert code == 2
    assert err.count("\n") == 1


@pytest.mark.tf
@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_keeps_what_was_done_and_exits_130(
    colours: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "tlgui",
        "train",
        str(colours),
        "--out",
        str(folder),
    ]
    command += ["--epochs", "5000", "--batch-size", "4", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"epoch_ended"' in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert '"outcome": "stopped"' in out.splitlines()[-1]
    assert (folder / "model.keras").is_file()
    assert "oneDNN" not in err


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (SourceChosen(True, 6, "LiteRT"), "once a photo for each of 6 views (LiteRT)"),
        (SourceChosen(False, 0, "LiteRT", Streaming.ROOM), "would not fit on the disk"),
        (SourceChosen(False, 0, "LiteRT", Streaming.CHEAPER), "quicker here than"),
        (
            SourceChosen(False, 0, "TensorFlow", Streaming.NOTHING_FROZEN),
            "through all layers in every epoch",
        ),
        (Noticed("The disk is full."), "Note: The disk is full."),
    ],
)
def test_what_happens_to_the_photos_is_said(
    event: Event, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with TrainingOutput(as_json=False) as output:
        output.show(event)
    assert said in capsys.readouterr().out


def test_an_interrupted_run_goes_on_from_where_its_data_are_now(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, moved = tmp_path / "run", tmp_path / "moved"
    spec = TrainingSpec(str(colours), epochs=3, augmentation="none")
    told: list[Event] = []

    def emit(event: Event) -> None:
        told.append(event)
        if isinstance(event, EpochEnded) and event.record.epoch == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(spec, run, emit)
    colours.rename(moved)
    command = ["train", str(moved), "--out", str(run), "--resume"]
    asked = ["--epochs", "3", "--learning-rate", "0.5", "--augment", "strong"]
    assert cli.main([*command, *asked, "--trainable", "last:1"]) == 0
    said, warned = capsys.readouterr()
    assert "epoch 3/3" in said
    assert warned.startswith("--trainable, --learning-rate, --augment: not heeded")
    assert (run / "model.keras").is_file()
    assert cli.main(command) == 0
    assert "is finished; there is nothing to go on with" in capsys.readouterr().out


def test_resume_begins_a_run_that_is_not_there(colours: Path, tmp_path: Path) -> None:
    command = ["train", str(colours), "--out", str(tmp_path / "run"), "--resume"]
    assert cli.main([*command, "--epochs", "1", "--augment", "none"]) == 0
    assert (tmp_path / "run" / "model.keras").is_file()
