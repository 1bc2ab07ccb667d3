"""What the installer says, and the programs it starts."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

INTERRUPTED = 130
_MISLEADING = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")
"""Variables that make a Python look for its modules in another one's folders."""


class Trouble(Exception):  # noqa: N818
    """Something the person at the screen can mend, in whole sentences."""


def say(sentence: str) -> None:
    """Prints a line now, before anything a started program prints."""
    print(sentence, flush=True)


def on_terminal() -> bool:
    """Tells whether a person watches and can be asked: never in CI."""
    watched = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    return watched and os.environ.get("CI", "").lower() not in ("1", "true")


def child_environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a program of ours, without another Python's folders."""
    kept = {k: v for k, v in os.environ.items() if k not in _MISLEADING}
    return kept | dict(changes or {})


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        code: Its exit code; 128 + N where signal N ended it.
        interrupted: Whether Ctrl-C or a request to end came meanwhile.
    """

    code: int
    interrupted: bool


def call(
    command: Sequence[str | Path],
    folder: Path,
    changes: Mapping[str, str] | None = None,
    output: IO[str] | None = None,
) -> Ended:
    """Runs a program in the foreground until it ends by itself.

    Ctrl-C reaches the program as well as us, and it may want to finish what it is
    writing; so it is waited for, however often Ctrl-C is pressed. A request to end
    reaches only us and is passed on.

    Args:
        command: The program and its arguments.
        folder: Its working folder.
        changes: Environment variables to set for it.
        output: A file for what it prints; None for our own output.
    """
    child: subprocess.Popen[bytes] | None = None
    terminated = False

    def pass_on(number: int, frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        if child is not None:
            child.terminate()

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=child_environment(changes),
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
        )
        code, interrupted = _wait(child)
    finally:
        signal.signal(signal.SIGTERM, before)
    return Ended(code if code >= 0 else 128 - code, interrupted or terminated)


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, bool]:
    interrupted = False
    while True:
        try:
            return child.wait(), interrupted
        except KeyboardInterrupt:
            interrupted = True
