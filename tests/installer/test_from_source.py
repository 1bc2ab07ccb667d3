"""The commands of `installer/from_source.py`: what they need and what they start."""

import signal
import sys
from pathlib import Path

import pytest

from installer import commands, console, packages
from installer.console import Ended
from installer.environment import Environment
from installer.packages import Missing
from installer.system_libraries import DRAWING


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("demo", [])),
        (["--no-window"], ("demo", ["--no-window"])),
        (["test", "-k", "core"], ("test", ["-k", "core"])),
        (["run", "--help"], ("run", ["--help"])),
    ],
)
def test_arguments_are_passed_on(
    arguments: list[str], expected: tuple[str, list[str]]
) -> None:
    assert commands.split(arguments) == expected


def test_an_unknown_command_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.run(tmp_path, ["dmeo"]) == 2
    assert "There is no command 'dmeo'" in capsys.readouterr().err
    assert commands.run(tmp_path, ["--help"]) == 0


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (console.Trouble("Make room."), 2, "Make room."),
        (PermissionError(13, "Permission denied"), 2, "Permission denied"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_trouble_is_told_in_a_sentence(
    error: BaseException,
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(commands, "prepare", fails)
    assert commands.run(tmp_path, ["demo"]) == code
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variables", "system", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_windows_are_opened_where_there_is_a_display(
    variables: dict[str, str], system: str, expected: bool
) -> None:
    assert commands.wants_window([], variables, system) is expected
    assert not commands.wants_window(["--no-window"], variables, system)


def test_tests_run_offscreen_only_without_a_display() -> None:
    offscreen = {"QT_QPA_PLATFORM": "offscreen"}
    assert commands.test_environment({}, "linux") == offscreen
    assert commands.test_environment({"DISPLAY": ":0"}, "linux") == {}
    assert commands.test_environment({"QT_QPA_PLATFORM": "xcb"}, "linux") == {}
    assert commands.test_environment({}, "win32") == {}


def test_what_is_needed_depends_on_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    qt, xvfb = Missing(DRAWING[:1]), Missing(extra=("xvfb",))
    venv = Missing(extra=("python3.11-venv",))
    monkeypatch.setattr(packages, "missing_for_qt", lambda window: qt)
    monkeypatch.setattr(packages, "missing_for_xvfb", lambda: xvfb)
    monkeypatch.setattr(packages, "missing_for_venv", lambda: venv)
    known = commands.COMMANDS
    look = commands.system_packages
    assert look(known["demo"], window=False, venv=False) == (Missing(), qt)
    assert look(known["demo"], window=True, venv=True) == (venv + qt, Missing())
    assert look(known["test"], window=False, venv=False) == (qt, Missing())
    assert look(known["check"], window=False, venv=False) == (qt, qt + xvfb)


def test_checks_all_run_and_the_tests_last(
    tree: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    called: list[str] = []

    def call(command: list[str | Path], *rest: object) -> Ended:
        called.append(" ".join(Path(part).name for part in map(str, command)))
        return Ended(1 if "mypy" in called[-1] else 0, interrupted=False)

    monkeypatch.setattr(commands, "call", call)
    assert commands.run_checks(tree, ["-k", "core"]) == 1
    told = capsys.readouterr()
    assert [line.split(" -m ")[-1] for line in called][:3] == [
        "ruff check ",
        "ruff format --check ",
        "mypy",
    ]
    assert called[3].startswith("lint-imports")
    assert "-m pytest -n " in called[-1]
    assert called[-1].endswith(" --dist loadfile -k core")
    assert "== types: failed" in told.out
    assert "Failed before the tests: types." in told.err


def test_a_program_gets_no_other_pythons_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    changed = console.child_environment({"PIP_USER": "0"})
    assert "PYTHONPATH" not in changed
    assert changed["PIP_USER"] == "0"


def test_the_exit_code_is_the_programs(tmp_path: Path) -> None:
    ended = console.call([sys.executable, "-c", "raise SystemExit(7)"], tmp_path)
    assert ended == Ended(7, interrupted=False)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_signals_exit_code_is_the_shells(tmp_path: Path) -> None:
    dies = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    ended = console.call([sys.executable, "-c", dies], tmp_path)
    assert ended == Ended(137, interrupted=False)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_is_waited_for_when_we_are_asked_to_end(
    number: signal.Signals, tmp_path: Path
) -> None:
    asks = (
        "import os, signal; signal.signal(signal.SIGTERM, lambda *_: exit(0));"
        f"os.kill(os.getppid(), {int(number)});"
        f"{number == signal.SIGTERM} and signal.pause()"
    )
    ended = console.call([sys.executable, "-c", asks], tmp_path)
    assert ended == Ended(0, interrupted=True)


def test_an_interrupted_check_stops(
    tree: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Ended(1, interrupted=True)
    monkeypatch.setattr(commands, "call", lambda *arguments: stopped)
    assert commands.run_checks(tree, []) == console.INTERRUPTED
