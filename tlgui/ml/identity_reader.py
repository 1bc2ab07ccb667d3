"""Finds out what a run depends on, beside its training."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tlgui.core.dataset import Dataset, Sample
from tlgui.ml.run_identity import identity_of, samples_of

_READERS = 4
_CHUNK = 64


class IdentityReader:
    """What must be the same when a run goes on, for its checkpoints.

    A run reads every file sooner or later, but the first checkpoint of a long first
    epoch comes before: the files are read by threads of their own then, while
    training goes on.
    """

    def __init__(
        self, dataset: Dataset, content_of: Callable[[Sample], bytes | None]
    ) -> None:
        """Reads nothing yet.

        Args:
            dataset: what the run learns from.
            content_of: gives the digest of a file; called by several threads.
        """
        self._dataset = dataset
        self._samples = samples_of(dataset)
        self._content_of = content_of
        self._closed = threading.Event()
        self._found: Future[dict[str, Any]] | None = None
        self._pool = ThreadPoolExecutor(_READERS, thread_name_prefix="identity")

    def is_ready(self) -> bool:
        """Whether all files are read; begins with it."""
        return self._begun().done()

    def result(self) -> dict[str, Any]:
        """As `identity_of` gives it; waits."""
        return self._begun().result()

    def close(self) -> None:
        """Ends the threads, as soon as the files that they hold are read."""
        self._closed.set()
        self._pool.shutdown()

    def _begun(self) -> Future[dict[str, Any]]:
        if self._found is None:
            self._found = self._pool.submit(self._read_all)
        return self._found

    def _read_all(self) -> dict[str, Any]:
        parts = self._pool.map(self._read, range(0, len(self._samples), _CHUNK))
        return identity_of(self._dataset, (content for p in parts for content in p))

    def _read(self, start: int) -> list[bytes | None]:
        if self._closed.is_set():
            return []
        return [self._content_of(s) for s in self._samples[start : start + _CHUNK]]
