"""Holds off the computer's sleep while it trains, where the system allows it.

Where it does not, a line in the log says so: a run does not fail for it.
"""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tlgui import paths

_log = logging.getLogger(__name__)

_REASON = "A model is training"
# systemd's own, and the same for systems without systemd.
_INHIBITORS = ("systemd-inhibit", "elogind-inhibit")
_GRACE = 2.0
# https://learn.microsoft.com/en-us/windows/win32/api/winbase/nf-winbase-setthreadexecutionstate
_ES_CONTINUOUS, _ES_SYSTEM_REQUIRED = 0x80000000, 0x00000001


class Wakefulness(Protocol):
    """One way to keep a computer awake."""

    def hold(self) -> None:
        """Holds off sleep from now on.

        Raises:
            OSError: the system refused.
        """
        ...

    def release(self) -> None:
        """Lets it sleep again."""
        ...


class InhibitorProgram:
    """A program that holds off sleep while it runs.

    It ends with its input, and so with this process, however that ends.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Args: command: the program and its arguments."""
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def hold(self) -> None:
        """Starts the program."""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is not for it
        )

    def release(self) -> None:
        """Ends the program; one that ended before has not held off anything."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is not None:
            told = process.communicate()[1].decode(errors="replace").strip()
            _log.info("Sleep was not held off: %s", told or "it ended by itself")
            return
        process.terminate()
        try:
            process.communicate(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


class WindowsState:
    """What Windows keeps for the calling thread; hold and release are of the same."""

    def __init__(self, set_state: Callable[[int], int]) -> None:
        """Args: set_state: `SetThreadExecutionState`; answers 0 for a failure."""
        self._set_state = set_state

    def hold(self) -> None:
        """Tells that the system is needed."""
        if not self._set_state(_ES_CONTINUOUS | _ES_SYSTEM_REQUIRED):
            raise OSError("SetThreadExecutionState failed")

    def release(self) -> None:
        """Tells that it is not needed any more."""
        self._set_state(_ES_CONTINUOUS)


def find_wakefulness(
    platform: str = sys.platform, find: Callable[[str], str | None] = shutil.which
) -> Wakefulness | None:
    """The way of this system; None if it has none.

    Args:
        platform: as `sys.platform` names it.
        find: finds a program by its name.
    """
    if platform == "win32":
        return _windows_state()
    if platform == "darwin":
        program = find("caffeinate")
        command = [program or "", "-i", "-w", str(os.getpid())]
        return InhibitorProgram(command) if program else None
    program = next(filter(None, map(find, _INHIBITORS)), None)
    if program is None:
        return None
    options = ("--what=sleep:idle", f"--who={paths.APP_NAME}", f"--why={_REASON}")
    # `cat` ends with its input: when this process closes it, or is gone.
    return InhibitorProgram([program, *options, "--mode=block", "cat"])


@contextlib.contextmanager
def kept_awake(
    find: Callable[[], Wakefulness | None] = find_wakefulness,
) -> Iterator[None]:
    """Keeps the computer awake within a `with`, if that can be had.

    Example:
        >>> with kept_awake():
        ...     pass
    """
    wakefulness = find()
    if wakefulness is None:
        _log.info("Sleep cannot be held off on this system.")
    else:
        try:
            wakefulness.hold()
        except OSError as error:
            _log.info("Sleep cannot be held off: %s", error)
            wakefulness = None
    try:
        yield
    finally:
        if wakefulness is not None:
            wakefulness.release()


def _windows_state() -> WindowsState | None:
    if sys.platform != "win32":
        return None
    import ctypes

    set_state = ctypes.windll.kernel32.SetThreadExecutionState
    set_state.argtypes, set_state.restype = [ctypes.c_uint], ctypes.c_uint
    return WindowsState(set_state)
