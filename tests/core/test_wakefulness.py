"""Sleep is held off in each system's own way; fakes stand for the systems."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tlgui.core import wakefulness
from tlgui.core.wakefulness import (
    InhibitorProgram,
    Wakefulness,
    WindowsState,
    find_wakefulness,
    kept_awake,
)

posix = pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
# Notes its arguments and runs the command behind its options, as the real one does.
INHIBIT = """#!/bin/sh
printf '%s\\n' "$@" > "{noted}"
for last; do :; done
"$last"
echo gone >> "{noted}"
"""


class Recorded:
    """Remembers what was asked of it."""

    def __init__(self, refuses: bool = False) -> None:
        self.told: list[str] = []
        self._refuses = refuses

    def hold(self) -> None:
        self.told.append("hold")
        if self._refuses:
            raise OSError("refused")

    def release(self) -> None:
        self.told.append("release")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake `systemd-inhibit` on the path; returns what it notes."""
    folder, noted = tmp_path / "bin", tmp_path / "noted"
    folder.mkdir()
    made = folder / "systemd-inhibit"
    made.write_text(INHIBIT.format(noted=noted))
    made.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return noted


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def lines(noted: Path) -> list[str]:
    return noted.read_text().splitlines() if noted.exists() else []


@posix
def test_linux_holds_it_off_with_the_program_of_systemd(program: Path) -> None:
    before = set(psutil.Process().children())
    with kept_awake(lambda: find_wakefulness("linux")):
        until(lambda: "cat" in lines(program))
        options = lines(program)
        assert "--what=sleep:idle" in options
        assert "--mode=block" in options
        assert any(option.startswith("--why=") for option in options)
        children = set(psutil.Process().children(recursive=True)) - before
        assert "cat" in [child.name() for child in children]
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


@posix
def test_it_is_let_go_when_the_process_is_killed(program: Path) -> None:
    code = (
        "from tlgui.core.wakefulness import find_wakefulness, kept_awake\n"
        "import time\n"
        "with kept_awake(lambda: find_wakefulness('linux')):\n"
        "    time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        until(lambda: "cat" in lines(program))
        process.send_signal(signal.SIGKILL)
    until(lambda: "gone" in lines(program))


@posix
@pytest.mark.parametrize("name", ["systemd-inhibit", "elogind-inhibit"])
def test_the_programs_of_both_login_services_are_known(name: str) -> None:
    found = find_wakefulness(
        "linux", lambda asked: f"/bin/{name}" if asked == name else None
    )
    assert isinstance(found, InhibitorProgram)
    assert found._command[0] == f"/bin/{name}"


def test_the_mac_holds_it_off_for_as_long_as_this_process_lives() -> None:
    found = find_wakefulness("darwin", lambda name: f"/usr/bin/{name}")
    assert isinstance(found, InhibitorProgram)
    assert found._command == ["/usr/bin/caffeinate", "-i", "-w", str(os.getpid())]


def test_windows_is_told_that_the_system_is_needed_and_then_not() -> None:
    states: list[int] = []

    def set_state(state: int) -> int:
        states.append(state)
        return 0x80000000

    with kept_awake(lambda: WindowsState(set_state)):
        assert states == [0x80000001]
    assert states == [0x80000001, 0x80000000]


def test_windows_may_refuse(caplog: pytest.LogCaptureFixture) -> None:
    states: list[int] = []

    def set_state(state: int) -> int:
        states.append(state)
        return 0

    with (
        caplog.at_level(logging.INFO, "tlgui"),
        kept_awake(lambda: WindowsState(set_state)),
    ):
        assert states == [0x80000001]
    assert "cannot be held off" in caplog.text
    assert states == [0x80000001], "what was not had is not given back"


@posix
def test_a_program_that_refuses_is_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = tmp_path / "refuses"
    made.write_text("#!/bin/sh\necho Access denied >&2\nexit 1\n")
    made.chmod(0o755)
    inhibitor = InhibitorProgram([str(made)])
    with caplog.at_level(logging.INFO, "tlgui"), kept_awake(lambda: inhibitor):
        process = inhibitor._process
        assert process is not None
        process.wait(30)
    assert "Sleep was not held off: Access denied" in caplog.text


def test_a_program_that_cannot_be_started_is_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = InhibitorProgram([str(tmp_path / "missing")])
    done = []
    with caplog.at_level(logging.INFO, "tlgui"), kept_awake(lambda: missing):
        done.append(1)
    assert done
    assert "cannot be held off" in caplog.text


def test_a_system_without_a_way_trains_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = find_wakefulness("linux", lambda name: None)
    assert found is None
    assert find_wakefulness("darwin", lambda name: None) is None
    with caplog.at_level(logging.INFO, "tlgui"), kept_awake(lambda: found):
        pass
    assert "on this system" in caplog.text


def test_it_is_given_back_whatever_happens() -> None:
    recorded = Recorded()

    def find() -> Wakefulness:
        return recorded

    with pytest.raises(ZeroDivisionError), kept_awake(find):
        raise ZeroDivisionError
    assert recorded.told == ["hold", "release"]


@posix
def test_a_program_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakefulness, "_GRACE", 0.1)
    ready = tmp_path / "ready"
    code = (
        "import signal, time, pathlib\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(600)"
    )
    inhibitor = InhibitorProgram([sys.executable, "-c", code])
    with kept_awake(lambda: inhibitor):
        process = inhibitor._process
        assert process is not None
        until(ready.exists)
    assert process.returncode == -signal.SIGKILL
