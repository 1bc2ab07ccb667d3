"""What a run tells a person besides its course: each kind of trouble once."""

import logging
import threading

from tlgui.core.events import Emit, Noticed

_log = logging.getLogger(__name__)


class Notices:
    """Sentences that any thread adds and that the run's own thread tells.

    Attributes:
        sentences: what was told, in order.
    """

    def __init__(self, emit: Emit) -> None:
        self.sentences: list[str] = []
        self._emit = emit
        self._kinds: set[str] = set()
        self._untold: list[str] = []
        self._lock = threading.Lock()

    def add(self, kind: str, sentence: str) -> None:
        """Notes a sentence unless one of that kind was noted before."""
        with self._lock:
            if kind in self._kinds:
                return
            self._kinds.add(kind)
            self._untold.append(sentence)

    def tell(self) -> None:
        """Tells what was noted; for the thread that may emit."""
        if not self._untold:
            return
        with self._lock:
            untold, self._untold = self._untold, []
        for sentence in untold:
            _log.info("%s", sentence)
            self.sentences.append(sentence)
            self._emit(Noticed(sentence))
