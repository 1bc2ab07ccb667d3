"""The engine process: the only place where TensorFlow lives.

It serves one job after the other through a pipe and tells its events. It ends
when the pipe does, so that a window that is killed leaves no orphan.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import NoReturn

from tlgui import logs
from tlgui.core.errors import Stopped, TlguiError, is_out_of_memory
from tlgui.core.events import (
    Event,
    Failure,
    JobEnded,
    Outcome,
    Stop,
)
from tlgui.worker.doing import do
from tlgui.worker.jobs import Job

_NICE = 5
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000


@dataclass(frozen=True)
class Order:
    """Window to engine: do this job."""

    number: int
    job: Job


@dataclass(frozen=True)
class StopOrder:
    """Window to engine: stop that job."""

    number: int
    stop: Stop


@dataclass(frozen=True)
class Message:
    """Engine to window: what a job tells; the last one is a `JobEnded`."""

    number: int
    event: Event


class EngineProcess:
    """The window's handle on an engine process.

    Attributes:
        process: the child.
        connection: our end of the pipe.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=engine_main, args=(theirs,), name="tlgui-engine", daemon=True
        )
        self.process.start()
        theirs.close()

    def send(self, order: Order | StopOrder) -> None:
        """Sends an order; an engine that is gone is noticed by its sentinel."""
        with contextlib.suppress(OSError):
            self.connection.send(order)

    def end(self) -> None:
        """Ends the process now, and waits until it is gone."""
        self.connection.close()
        self.process.kill()
        self.process.join()


def engine_main(connection: Connection) -> None:
    """Runs in the child until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the window's to answer
    _yield_to_the_window()
    logs.start_log(logs.ENGINE)
    _Engine(connection).serve()


class _Engine:
    """Takes orders in a thread of its own, so that a stop is heard during a job."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._orders: queue.Queue[Order] = queue.Queue()
        self._stops: dict[int, Stop] = {}

    def serve(self) -> NoReturn:
        listener = threading.Thread(target=self._listen, name="orders", daemon=True)
        listener.start()
        while True:
            order = self._orders.get()
            self._run(order)

    def _listen(self) -> None:
        while True:
            try:
                order = self._connection.recv()
            except (EOFError, OSError):
                # The window is gone. TensorFlow would take seconds to tear down.
                os._exit(0)
            if isinstance(order, StopOrder):
                self._stops[order.number] = order.stop
            else:
                self._orders.put(order)

    def _run(self, order: Order) -> None:
        def emit(event: Event) -> None:
            try:
                self._connection.send(Message(order.number, event))
            except OSError:
                os._exit(0)

        def stop() -> Stop | None:
            return self._stops.get(order.number)

        try:
            outcome = do(order.job, emit, stop)
        except Stopped:
            emit(JobEnded(Outcome.STOPPED))
        except TlguiError as error:
            emit(JobEnded(Outcome.FAILED, trouble=str(error)))
        except Exception as error:  # noqa: BLE001 - told to the person as our bug
            emit(_failure(error))
        else:
            emit(JobEnded(outcome))


def _failure(error: Exception) -> JobEnded:
    """A fault inside a job: out of memory is the person's trouble, the rest is ours."""
    if is_out_of_memory(error):
        return JobEnded(
            Outcome.FAILED,
            trouble="The computer's memory was not enough for this training. Close "
            "other programs, or go on with fewer photos at a time.",
            failure=Failure.MEMORY,
        )
    return JobEnded(Outcome.FAILED, bug=traceback.format_exc())


def _yield_to_the_window() -> None:
    """Lets the window go first when both want the processor."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(
            kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS
        )
    else:
        os.nice(_NICE)
