"""Downloads pretrained weights beside everything else, one file at a time."""

import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject, Signal

from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.settings import weights_dir


class WeightsFetcher(QObject):
    """Works in a thread of its own, which may hang in the network while we end.

    Signals:
        progressed(str, int, int): a backbone's name, bytes that are there, bytes in
            all as far as they are known.
        ended(str, str): a backbone's name, or "" for a folder that was looked
            through; and a sentence of trouble, or "".
        brought(object): a `Brought`, what came of a folder.
        bug_found(str): a traceback of a fault of ours.
    """

    progressed = Signal(str, int, int)
    ended = Signal(str, str)
    brought = Signal(object)
    bug_found = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def fetch(self, name: str) -> None:
        """Downloads the weights of a backbone, or goes on with that."""
        self._begin(name, lambda: self._fetch(name))

    def bring(self, folder: str) -> None:
        """Takes all weights that this program knows out of a folder."""
        self._begin("", lambda: self._bring(Path(folder)))

    def stop(self) -> None:
        """Ends what is under way; what has arrived stays for the next time."""
        self._stop.set()

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(name, work), name="weights", daemon=True
        )
        self._thread.start()

    def _run(self, name: str, work: Callable[[], None]) -> None:
        trouble = ""
        try:
            work()
        except Stopped:
            pass
        except TlguiError as error:
            trouble = str(error)
        except Exception:  # noqa: BLE001 - told as a bug of ours
            if not shiboken6.isValid(self):
                return  # this object is gone, and with it whoever asked
            self.bug_found.emit(traceback.format_exc())
            trouble = self.tr("A fault in this program ended it.")
        if shiboken6.isValid(self):
            self.ended.emit(name, trouble)

    def _fetch(self, name: str) -> None:
        from tlgui.ml.fetching import thinned
        from tlgui.ml.weights_store import WeightsStore

        backbone = find_backbone(name)
        if backbone.published is not None:
            stop = self._stop
            WeightsStore(weights_dir()).fetch(
                backbone.published,
                thinned(
                    lambda done, total: self.progressed.emit(
                        name, done, total or backbone.size_to_download
                    )
                ),
                stop.is_set,
            )

    def _bring(self, folder: Path) -> None:
        from tlgui.ml.weights_store import WeightsStore

        known = [one.published for one in CATALOGUE.values() if one.published]
        store = WeightsStore(weights_dir())
        self.brought.emit(store.bring(folder, known, self._stop.is_set))
