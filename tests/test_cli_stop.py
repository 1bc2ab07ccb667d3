"""Requests to end, on the command line: heeded, and not waited for endlessly."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tlgui import cli
from tlgui.cli_run import most_at_once
from tlgui.cli_stop import StopFlag
from tlgui.core.errors import TlguiError
from tlgui.core.events import Outcome, RunEnded, Stage, StageChanged, Stop
from tlgui.core.run import open_run
from tlgui.core.run_lock import RunLock

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
# Native code that lets other threads run, and in which no Python handler does.
STUCK = """
import hashlib, sys
from tlgui import cli_stop
from tlgui.core.events import Stage, StageChanged
cli_stop.GRACE = 0.2
cli_stop.SAVING_GRACE = float(sys.argv[1])
with cli_stop.StopFlag() as stop:
    stop.advice = "Go on."
    if len(sys.argv) > 2:
        stop.follow(StageChanged(Stage.SAVING))
    print("stuck", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", int(sys.argv[2]) if sys.argv[2:] else 10**9)
    print("done", stop(), flush=True)
"""


def end_stuck(*arguments: str, by: int = signal.SIGTERM) -> tuple[int, str, str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", STUCK, *arguments]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        process.send_signal(by)
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_cannot_be_interrupted_is_ended(by: int) -> None:
    assert end_stuck("0", by=by) == (130, "", "Stopped. Go on.\n")


def test_what_is_being_saved_is_waited_for() -> None:
    code, out, _ = end_stuck("600", str(3_000_000))
    assert code == 0
    assert out == "done pause\n"


@pytest.mark.parametrize(
    ("number", "asked"),
    [(signal.SIGINT, Stop.KEEP), (signal.SIGTERM, Stop.PAUSE)],
)
def test_what_is_asked_for(number: signal.Signals, asked: Stop) -> None:
    before = signal.getsignal(number)
    with StopFlag() as stop:
        assert stop() is None
        signal.raise_signal(number)
        assert stop() is asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(number) is before


def test_a_closed_terminal_is_ignored_where_it_was_asked_for() -> None:
    """As `nohup` does."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopFlag() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert stop() is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_only_saving_is_waited_for() -> None:
    with StopFlag() as stop:
        stop.follow(StageChanged(Stage.TRAINING))
        assert not stop._is_saving
        stop.follow(StageChanged(Stage.SAVING))
        assert stop._is_saving


@pytest.mark.parametrize("number", [0, -3])
def test_no_photos_at_once_are_refused(number: int) -> None:
    with pytest.raises(TlguiError, match="from 1"):
        most_at_once(number)


def test_memory_that_runs_out_is_told_with_what_to_do(
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def train(*_: object) -> RunEnded:
        raise MemoryError

    monkeypatch.setattr("tlgui.ml.training.train", train)
    assert cli.main(["train", str(colours), "--out", str(tmp_path / "run")]) == 2
    assert "--resume --batch-size" in capsys.readouterr().err


@pytest.mark.tf
def test_sigterm_pauses_and_resume_goes_on(colours: Path, tmp_path: Path) -> None:
    folder, pipe = tmp_path / "run", subprocess.PIPE
    command = [sys.executable, "-m", "tlgui", "train", str(colours)]
    command += ["--out", str(folder), "--epochs", "400", "--batch-size", "4"]
    with subprocess.Popen(
        [*command, "--json"], stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch_ended":
                break
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "the same command with --resume" in err
    told = [json.loads(line) for line in out.splitlines()]
    records = [event["record"] for event in told if event["event"] == "epoch_ended"]
    last = records[-1]["epoch"] if records else 1
    assert told[-1]["event"] == "run_ended"
    assert told[-1]["outcome"] == Outcome.STOPPED
    assert not told[-1]["kept"]
    run = open_run(folder)
    assert not run.model_file.exists()
    assert run.history()[-1].epoch == last, "no finished epoch is lost"
    again = subprocess.run(
        [*command, "--json", "--resume", "--batch-size", "2"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert again.returncode == 0, again.stderr
    told = [json.loads(line) for line in again.stdout.splitlines()]
    (plan,) = [event for event in told if event["event"] == "run_started"]
    assert plan["at_once"] == 2
    epochs = [e["record"]["epoch"] for e in told if e["event"] == "epoch_ended"]
    assert epochs == [*range(1, 401)]
    (notice,) = run.report()["notices"]
    assert "no more than 2 photos go through the model at once" in notice


@pytest.mark.tf
def test_a_run_that_trains_elsewhere_is_not_taken_up(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tlgui.core.run import create_run
    from tlgui.core.spec import TrainingSpec

    folder = tmp_path / "run"
    create_run(folder, TrainingSpec(str(colours)), ["blue", "red"])
    with RunLock(folder):
        command = ["train", str(colours), "--out", str(folder), "--resume"]
        assert cli.main(command) == 2
    err = capsys.readouterr().err
    assert "is being trained at this moment" in err
    assert err.count("\n") == 1
