"""The commands of `from_source.py`: what each needs and what it starts."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from installer import environment, packages, windows
from installer.console import INTERRUPTED, Trouble, call, say
from installer.environment import Environment, Plan
from installer.lock import alone
from installer.packages import Missing

USAGE = """\
python3 installer/from_source.py [demo | run | test | check] [ARGUMENT...]

  demo    prepare .venv, then show a training on a small data set (the default)
  run     prepare .venv, then start the program
  test    prepare .venv, then run the tests with pytest
  check   prepare .venv, then run everything that is checked for a change

Arguments go to the program, or to pytest.
"""

Step = tuple[str, list[str | Path]]

# Every process of the tests has its own TensorFlow, of about a gigabyte.
_MOST_AT_ONCE = 4


@dataclass(frozen=True)
class Command:
    """What a command needs before it can start.

    Attributes:
        start: Starts it, given the environment and the arguments.
        extras: The project's extras that must be installed.
        qt_needed: Whether it is pointless where Qt cannot be loaded.
        xvfb: Whether some of its tests can use a display of their own.
    """

    start: Callable[[Environment, Sequence[str]], int]
    extras: tuple[str, ...] = ()
    qt_needed: bool = False
    xvfb: bool = False


def run(root: Path, arguments: Sequence[str]) -> int:
    """Does what the command line asks.

    Args:
        root: The folder of the source tree.
        arguments: The words after the script's name.

    Returns:
        The exit code: 2 for trouble that a person can mend, 130 after Ctrl-C,
        otherwise that of the program that was started.
    """
    if arguments and arguments[0] in ("-h", "--help"):
        say(USAGE)
        return 0
    name, rest = split(arguments)
    command = COMMANDS.get(name)
    if command is None:
        print(f"There is no command {name!r} here.\n\n{USAGE}", file=sys.stderr)
        return 2
    try:
        made = prepare(root, command, wants_window(rest, os.environ, sys.platform))
        return command.start(made, rest)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"This could not be done: {error}. Mend that first.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted. Run the same command again to go on.", file=sys.stderr)
        return INTERRUPTED


def split(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Separates the command's name from what is passed on.

    Example:
        >>> split(["--no-window"])
        ('demo', ['--no-window'])
    """
    if not arguments or arguments[0].startswith("-"):
        return "demo", list(arguments)
    return arguments[0], list(arguments[1:])


def has_display(variables: Mapping[str, str], system: str) -> bool:
    """Tells whether windows can be shown: on Linux a variable says so."""
    shown = variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY")
    return bool(shown) or not system.startswith("linux")


def wants_window(
    arguments: Sequence[str], variables: Mapping[str, str], system: str
) -> bool:
    """Tells whether Qt will have to open windows on a display."""
    if "--no-window" in arguments or variables.get("QT_QPA_PLATFORM") == "offscreen":
        return False
    return has_display(variables, system)


def prepare(root: Path, command: Command, window: bool) -> Environment:
    """Gets everything in place that a command needs.

    Args:
        root: The folder of the source tree.
        command: What is to be started.
        window: Whether it will open windows on a display.

    Raises:
        Trouble: Something is missing that a person has to get first.
    """
    trouble = windows.trouble(root)
    if trouble:
        raise Trouble(trouble)
    made = Environment(root)
    with alone(root):
        wanted = made.wanted(command.extras)
        what = environment.plan(made.found(), wanted, made.usable())
        packages.provide(*system_packages(command, window, what is Plan.MAKE))
        environment.carry_out(made, wanted, what)
    return made


def system_packages(
    command: Command, window: bool, venv: bool
) -> tuple[Missing, Missing]:
    """Looks for what the system lacks for a command.

    Args:
        command: What is to be started.
        window: Whether it will open windows on a display.
        venv: Whether a virtual environment has to be made.

    Returns:
        What the command cannot do without, and what would only be welcome.
    """
    needed = packages.missing_for_venv() if venv else Missing()
    welcome = Missing()
    qt = packages.missing_for_qt(window)
    if command.qt_needed or window:
        needed += qt
    else:
        welcome += qt
    if command.xvfb:
        welcome += packages.missing_for_qt(window=True) + packages.missing_for_xvfb()
    return needed, welcome


def run_demo(made: Environment, arguments: Sequence[str]) -> int:
    """Shows a training on a small data set."""
    return call([made.python, "-m", "tlgui", "demo", *arguments], Path.cwd()).code


def run_program(made: Environment, arguments: Sequence[str]) -> int:
    """Starts the program."""
    return call([made.python, "-m", "tlgui", *arguments], Path.cwd()).code


def run_tests(made: Environment, arguments: Sequence[str]) -> int:
    """Runs the tests, a file a core, without windows where there is no display."""
    changes = test_environment(os.environ, sys.platform)
    at_once = str(min(os.cpu_count() or 1, _MOST_AT_ONCE))
    spread = ["-n", at_once, "--dist", "loadfile"]
    command: list[str | Path] = [made.python, "-m", "pytest", *spread, *arguments]
    return call(command, made.root, changes).code


def test_environment(variables: Mapping[str, str], system: str) -> dict[str, str]:
    """The variables to set for pytest."""
    if variables.get("QT_QPA_PLATFORM") or has_display(variables, system):
        return {}
    return {"QT_QPA_PLATFORM": "offscreen"}


def steps(made: Environment) -> list[Step]:
    """Everything that is checked for a change, save the tests."""
    module: list[str | Path] = [made.python, "-m"]
    return [
        ("lint", [*module, "ruff", "check", "."]),
        ("format", [*module, "ruff", "format", "--check", "."]),
        ("types", [*module, "mypy"]),
        ("imports", [made.script("lint-imports")]),
    ]


def run_checks(made: Environment, arguments: Sequence[str]) -> int:
    """Runs every check, the tests last, and fails at the end if any did."""
    failed = []
    for name, command in steps(made):
        say(f"\n== {name}")
        began = time.monotonic()
        ended = call(command, made.root)
        if ended.interrupted:
            return INTERRUPTED
        failed += [name] if ended.code else []
        outcome = "failed" if ended.code else "passed"
        say(f"== {name}: {outcome}, {time.monotonic() - began:.1f} s")
    say("\n== tests")
    code = run_tests(made, arguments)
    if failed:
        print(f"Failed before the tests: {', '.join(failed)}.", file=sys.stderr)
    return code or (1 if failed else 0)


COMMANDS: Mapping[str, Command] = {
    "demo": Command(run_demo),
    "run": Command(run_program),
    "test": Command(run_tests, extras=("test",), qt_needed=True),
    "check": Command(run_checks, extras=("test", "check"), qt_needed=True, xvfb=True),
}
