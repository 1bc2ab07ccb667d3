"""What the window needs of the system: a display, a log, signals, a net for faults."""

import logging
import os
import signal
import socket
import sys
import threading
import traceback
import types

from PySide6.QtCore import QObject, Signal

_log = logging.getLogger("tlgui")
_NO_DISPLAY = "There is no display to open a window on"
# An end that was asked for takes no longer than this.
_END_SECONDS = 4.5


def has_display() -> bool:
    """Whether a window can be opened."""
    if sys.platform in ("win32", "darwin"):
        return True
    chosen = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY")
    return any(os.environ.get(name) for name in chosen)


def go_on_without_display(*, demo: bool) -> int:
    """Runs the demonstration on the command line, or says what can be done."""
    from tlgui import cli

    if demo:
        print(f"{_NO_DISPLAY}; the demo runs on the command line.", file=sys.stderr)
        return cli.main(["demo", "--no-window"])
    print(
        f"{_NO_DISPLAY} (DISPLAY and WAYLAND_DISPLAY are not set). Use the command "
        "line: tlgui --help.",
        file=sys.stderr,
    )
    return cli.EXIT_TROUBLE


class Faults(QObject):
    """Catches what no code of ours expected, in every thread, and logs it.

    Signals:
        found(str): the traceback.
    """

    found = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.excepthook = self._on_fault
        threading.excepthook = self._on_thread_fault

    def _on_fault(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: types.TracebackType | None,
    ) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        _log.critical("%s", text)
        if not issubclass(kind, KeyboardInterrupt):
            self.found.emit(text)

    def _on_thread_fault(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._on_fault(
                arguments.exc_type, arguments.exc_value, arguments.exc_traceback
            )


class Signals(QObject):
    """Brings SIGINT, SIGTERM and SIGHUP to the event loop at once.

    Python runs its handlers between two of its own instructions, and the event loop
    executes none while it waits; a thread at the wake-up socket hears of them at once.
    It also ends a program that does not end by itself, because a disk hangs perhaps:
    what is not written yet is nothing that a crash would not lose.

    Signals:
        arrived: a signal asked the program to end.
    """

    arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._is_over = threading.Event()
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._heeded = [signal.SIGINT, signal.SIGTERM]
        hangup = getattr(signal, "SIGHUP", None)  # Windows has none
        if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
            self._heeded.append(hangup)
        for which in self._heeded:
            signal.signal(which, _leave_to_the_loop)
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Gives the signals back to the system."""
        self._is_over.set()
        signal.set_wakeup_fd(-1)
        for which in self._heeded:
            signal.signal(which, signal.SIG_DFL)
        self._waker.close()
        self._thread.join()
        self._woken.close()

    def _watch(self) -> None:
        if not self._woken.recv(1):
            return
        self.arrived.emit()
        if not self._is_over.wait(_END_SECONDS):
            _log.error("The program did not end when it was asked to; it is ended.")
            os._exit(1)


def _leave_to_the_loop(number: int, frame: types.FrameType | None) -> None:
    """The thread at the wake-up socket has told the event loop already."""
