"""What the window needs of the threads that work for it; tests script their own."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import SignalInstance

from tlgui.core.events import Stop
from tlgui.worker.jobs import Job


class Jobs(Protocol):
    """What the session needs of the worker thread.

    Signals:
        event_received(Event): of the current job, in order.
        engine_changed(str): an `EngineState`.
    """

    event_received: SignalInstance
    engine_changed: SignalInstance

    def submit(self, job: Job) -> None:
        """Queues a job behind those that are under way."""

    def request_stop(self, stop: Stop) -> None:
        """Asks the current job to stop."""


class Reading(Protocol):
    """What the session needs of the reader thread.

    Signals:
        scan_progressed(int, int): files done, files in all.
        scan_ended(Dataset or None, str): the data set, or None and a sentence
            ("" when it was cancelled).
        run_opened(object, object, object, str): run, history, evaluation or None;
            or None, None, None and a sentence.
        thumbnail_read(str, object): a file and its pixels, or None.
        starting_points_read(object, str): a tuple of `StartingPoint`, and sentences
            about what cannot be read.
    """

    scan_progressed: SignalInstance
    scan_ended: SignalInstance
    run_opened: SignalInstance
    thumbnail_read: SignalInstance
    starting_points_read: SignalInstance

    def request_scan(self, folder: str) -> None:
        """Queues a scan; a scan under way is cancelled."""

    def cancel_scan(self) -> None:
        """Ends the scan under way."""

    def request_thumbnail(self, file: str, side: int) -> None:
        """Queues the reading of a thumbnail."""

    def request_run(self, folder: str) -> None:
        """Queues the opening of a run folder."""

    def request_starting_points(self, runs: Sequence[str] = ()) -> None:
        """Queues the reading of imported models, and of some finished runs."""

    def request_removal(self, folder: str, runs: Sequence[str] = ()) -> None:
        """Queues the deletion of an imported model; what is left is read after it."""


class Fetching(Protocol):
    """What the session needs of whoever downloads pretrained weights.

    Signals:
        progressed(str, int, int): a backbone's name, bytes that are there, and in all.
        ended(str, str): a backbone's name, or "" for a folder; trouble or "".
        brought(object): a `Brought`, what came of a folder.
    """

    progressed: SignalInstance
    ended: SignalInstance
    brought: SignalInstance

    def fetch(self, name: str) -> None:
        """Downloads the weights of a backbone."""

    def bring(self, folder: str) -> None:
        """Takes weights out of a folder."""

    def stop(self) -> None:
        """Ends what is under way."""
