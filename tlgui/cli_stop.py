"""Ctrl-C and the system's requests to end, on the command line."""

import os
import signal
import socket
import sys
import threading
from types import FrameType, TracebackType
from typing import Self

from tlgui.core.events import Event, Stage, StageChanged, Stop

EXIT_STOPPED = 130
# Not everything can be interrupted from inside: preparing the first batch of blocks
# takes longer than anybody who asked for an end wants to wait.
GRACE = 4.0
# Whatever is kept goes to a disk, and there are slow ones.
SAVING_GRACE = 120.0


class StopFlag:
    """Turns requests to end into a graceful stop, and ends what does not heed it.

    Ctrl-C keeps the best model so far; a second one ends at once. SIGTERM and a closed
    terminal pause a run, which can go on later.

    Attributes:
        asked: how a stop was asked for, if it was.
        advice: what to do after the end, in a sentence; empty if nothing.
    """

    def __init__(self) -> None:
        self.asked: Stop | None = None
        self.advice = ""
        self._is_saving = False
        self._is_over = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._watch, name="stop", daemon=True)

    def __enter__(self) -> Self:
        """Starts to listen; only the main thread may."""
        self._waker.setblocking(False)
        # Python's own handlers wait until the main thread is back from native code.
        fd = self._waker.fileno()
        self._fd_before = signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
        self._before = {
            which: signal.signal(which, self._on_signal) for which in _heeded()
        }
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        for which, handler in self._before.items():
            signal.signal(which, handler)
        signal.set_wakeup_fd(self._fd_before)
        self._waker.close()
        self._thread.join()
        self._woken.close()

    def __call__(self) -> Stop | None:
        """How a stop was asked for, if it was."""
        return self.asked

    def follow(self, event: Event) -> None:
        """Hears of a run, because what it keeps is waited for."""
        if event == StageChanged(Stage.SAVING):
            self._is_saving = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        is_interrupt = number == signal.SIGINT
        if self.asked is not None and is_interrupt:
            raise KeyboardInterrupt
        if self.asked is None:
            self.asked = Stop.KEEP if is_interrupt else Stop.PAUSE

    def _watch(self) -> None:
        """In a thread: ends the program if it does not end by itself."""
        if not self._woken.recv(1) or self._is_over.wait(GRACE):
            return
        if self._is_saving and self._is_over.wait(SAVING_GRACE):
            return
        print(f"Stopped. {self.advice}".strip(), file=sys.stderr, flush=True)
        os._exit(EXIT_STOPPED)


def _heeded() -> list[signal.Signals]:
    found = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        found.append(hangup)
    return found
