"""The worker thread: supervises the engine process for the window."""

import contextlib
import logging
import multiprocessing
import time
from collections import deque
from multiprocessing.connection import Connection, wait

from PySide6.QtCore import QObject, QThread, Signal, Slot

from tlgui.core import events
from tlgui.core.events import JobEnded, Outcome, Stop
from tlgui.worker.engine import EngineProcess, Message, Order, StopOrder
from tlgui.worker.engine_loss import ending_of_loss
from tlgui.worker.jobs import (
    Background,
    Job,
    RateFinderJob,
    SpeedJob,
    Training,
    WarmUp,
)
from tlgui.worker.pace import REST, Pace
from tlgui.worker.under_way import UnderWay

_log = logging.getLogger(__name__)

# A run that is paused as the window closes writes where it is, or is ended.
PAUSE_GRACE = 2.5
_STARTING, _READY, _LOST = "starting", "ready", "lost"


class Worker(QThread):
    """Runs jobs in the engine process, one after the other.

    The thread waits for the engine's messages and for the window's wishes at the
    same time; it never runs TensorFlow itself.

    Signals:
        event_received(Event): of the current job, in order; the last is `JobEnded`.
        engine_changed(str): "starting", "ready" or "lost".
    """

    event_received = Signal(object)
    engine_changed = Signal(str)

    def __init__(self, backbone: str, parent: QObject | None = None) -> None:
        """Args: backbone: the one to warm up first."""
        super().__init__(parent)
        self._wishes: deque[Job | Stop | None] = deque()
        self._woken, self._waker = multiprocessing.Pipe(duplex=False)
        self._warm_up = WarmUp(backbone)
        self._asks_for_speed = True
        self._engine: EngineProcess | None = None
        self._current: UnderWay | None = None
        self._waiting: deque[Job] = deque()
        self._number = 0
        self._closing = False
        self._pace = Pace()
        self.event_received.connect(self._on_taken)

    def submit(self, job: Job) -> None:
        """Queues a job behind those that are under way. Any thread may call."""
        self._wish(job)

    def request_stop(self, stop: Stop) -> None:
        """Asks the current job to stop. Any thread may call."""
        self._wish(stop)

    def close(self) -> None:
        """Ends the engine and the thread, and waits until both are gone."""
        self._wish(None)
        self.wait()

    def _wish(self, wish: Job | Stop | None) -> None:
        self._wishes.append(wish)
        with contextlib.suppress(OSError):
            self._waker.send_bytes(b"!")

    def run(self) -> None:
        """The thread: until the window closes."""
        self._start_engine()
        while not self._closing:
            engine = self._engine
            assert engine is not None
            sources: list[Connection | int] = [
                self._woken,
                engine.connection,
                engine.process.sentinel,
            ]
            count = 1 if self._pace.is_ahead() else len(sources)
            ready = wait(sources[:count], self._patience())
            if self._woken in ready:
                self._woken.recv_bytes()
                self._take_wishes()
            if engine.connection in ready:
                self._read(engine)
            elif engine.process.sentinel in ready:
                self._on_engine_lost(engine)
            self._check_deadline()
            self._begin_next()
        self._pause()
        self._end_engine()

    def _tell(self, event: events.Event) -> None:
        self._pace.tell()
        self.event_received.emit(event)

    @Slot(object)
    def _on_taken(self, _event: object) -> None:
        """In the window's thread."""
        self._pace.take()

    def _start_engine(self) -> None:
        self.engine_changed.emit(_STARTING)
        self._engine = EngineProcess()
        self._waiting.appendleft(self._warm_up)
        self._begin_next()

    def _end_engine(self) -> None:
        if self._engine is not None:
            self._engine.end()
            self._engine = None

    def _pause(self) -> None:
        """Lets a run write where it is, so that it can go on another time."""
        current, engine = self._current, self._engine
        if engine is None or current is None or not isinstance(current.job, Training):
            return
        if current.stop is None:
            engine.send(StopOrder(current.number, Stop.PAUSE))
        deadline = time.monotonic() + PAUSE_GRACE
        with contextlib.suppress(EOFError, OSError):  # it is gone already
            while (left := deadline - time.monotonic()) > 0:
                if not engine.connection.poll(left):
                    return
                message: Message = engine.connection.recv()
                is_ours = message.number == current.number
                if is_ours and isinstance(message.event, JobEnded):
                    return

    def _patience(self) -> float | None:
        if self._pace.holds_back:
            return REST
        if self._current is None or self._current.deadline is None:
            return None
        return max(0.0, self._current.deadline - time.monotonic())

    def _take_wishes(self) -> None:
        while self._wishes:
            match self._wishes.popleft():
                case None:
                    self._closing = True
                case Stop() as stop:
                    self._stop(stop)
                case job:
                    self._queue(job)

    def _queue(self, job: Job) -> None:
        if isinstance(job, WarmUp):
            self._warm_up = job
            # Only the latest choice is worth warming up.
            kept = [j for j in self._waiting if not isinstance(j, WarmUp)]
            self._waiting = deque(kept)
        if isinstance(job, SpeedJob) and job in self._waiting:
            return
        self._waiting.append(job)
        self._hurry()

    def _hurry(self) -> None:
        """Ends a warm-up after its present step: it goes on when nobody waits."""
        current = self._current
        if current is None or not isinstance(current.job, Background) or current.stop:
            return
        assert self._engine is not None
        current.stop = Stop.DROP
        self._engine.send(StopOrder(current.number, Stop.DROP))

    def _begin_next(self) -> None:
        if self._current is not None or not self._waiting or self._engine is None:
            return
        job = self._waiting.popleft()
        self._number += 1
        self._current = UnderWay(self._number, job, time.monotonic())
        self._engine.send(Order(self._number, job))

    def _stop(self, stop: Stop) -> None:
        current = self._current
        if current is None or isinstance(current.job, Background):
            # The job to stop is still queued behind a warm-up.
            kept = (j for j in self._waiting if isinstance(j, Background))
            self._waiting = deque(kept)
            self._tell(JobEnded(Outcome.STOPPED))
            return
        current.stop = stop
        current.set_deadline()
        assert self._engine is not None
        self._engine.send(StopOrder(current.number, stop))

    def _read(self, engine: EngineProcess) -> None:
        try:
            message: Message = engine.connection.recv()
        except (EOFError, OSError):
            self._on_engine_lost(engine)
            return
        current = self._current
        if current is None or message.number != current.number:
            return
        current.hear(message.event)
        self._pass_on(current, message.event)

    def _pass_on(self, current: UnderWay, event: events.Event) -> None:
        if isinstance(event, JobEnded):
            self._current = None
            uses_up = isinstance(current.job, Training | RateFinderJob)
            if uses_up or event.outcome is Outcome.STOPPED:
                # The job has used up what was prepared, or it was cut short.
                self._queue(self._warm_up)
        match current.job:
            case WarmUp():
                self._on_warm_up(event)
            case SpeedJob():
                self._on_speed(event)
            case _:
                self._tell(event)

    def _on_warm_up(self, event: events.Event) -> None:
        """Nobody waits for a warm-up: a job that needs it meets the trouble itself."""
        if not isinstance(event, JobEnded) or event.outcome is Outcome.STOPPED:
            return
        if event.outcome is Outcome.FAILED:
            _log.error("warm-up failed: %s%s", event.trouble, event.bug)
        failed = event.outcome is Outcome.FAILED
        self.engine_changed.emit(_LOST if failed else _READY)
        if self._asks_for_speed and not failed:
            self._queue(SpeedJob())

    def _on_speed(self, event: events.Event) -> None:
        """It is measured once, while nobody wants anything else."""
        if isinstance(event, events.SpeedMeasured):
            self._asks_for_speed = False
            self._tell(event)
        elif isinstance(event, JobEnded) and event.outcome is Outcome.FAILED:
            self._asks_for_speed = False
            _log.error("no speed was measured: %s%s", event.trouble, event.bug)

    def _check_deadline(self) -> None:
        current = self._current
        if current is None or current.deadline is None or self._pace.holds_back:
            return
        if time.monotonic() < current.deadline:
            return
        self._current = None
        self._end_engine()
        self._tell(JobEnded(Outcome.STOPPED))
        self._start_engine()

    def _on_engine_lost(self, engine: EngineProcess) -> None:
        """The engine died by itself: says so and starts another one."""
        engine.end()
        code = engine.process.exitcode
        current, self._current = self._current, None
        self.engine_changed.emit(_LOST)
        if current is not None and not isinstance(current.job, Background):
            epochs = current.epochs if current.has_folder else None
            ending = ending_of_loss(current.job, code, epochs)
            stopped = JobEnded(Outcome.STOPPED)
            self._tell(stopped if current.stop else ending)
        elif current is not None:
            _log.error("the engine ended with code %s while warming up", code)
            # Warming up again would only end again: wait for the next real job.
            self._engine = EngineProcess()
            return
        self._start_engine()
