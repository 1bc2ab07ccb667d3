"""Which pretrained weights are on this computer, and those that are on their way."""

import time
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core.backbone import Backbone
from tlgui.core.settings import weights_dir
from tlgui.gui.threads import Fetching

_TELLING_SECONDS = 1.0


class FromFolder(Protocol):
    """What came of a folder.

    Attributes:
        taken: names of files that were taken.
        refused: a sentence for each that looked like one and is none.
    """

    taken: tuple[str, ...]
    refused: tuple[str, ...]


class PretrainedWeights(QObject):
    """What the window knows of weights that must be downloaded.

    Signals:
        changed: anything below is another.
        arrived: there are more weights on this computer.

    Attributes:
        loading: the backbone that is downloaded at this moment; "" for none.
        done: bytes of it that are there.
        total: bytes of it in all; 0 while nobody knows.
        is_looking: whether a folder is looked through.
        told: what came of the last wish, as a sentence; "" if it goes without saying.
        has_failed: whether that is trouble.
    """

    changed = Signal()
    arrived = Signal()

    def __init__(
        self,
        fetching: Fetching | None,
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._fetching = fetching
        self._clock = clock
        self._began = (0.0, 0)
        self._folder = weights_dir()
        self.loading = ""
        self.done = self.total = 0
        self.is_looking = False
        self.told = ""
        self.has_failed = False
        if fetching is not None:
            fetching.progressed.connect(self._on_progress)
            fetching.ended.connect(self._on_ended)
            fetching.brought.connect(self._on_brought)

    @property
    def can_fetch(self) -> bool:
        """Whether there is somebody to ask, who has nothing else to do."""
        is_busy = bool(self.loading) or self.is_looking
        return self._fetching is not None and not is_busy

    def are_here(self, backbone: Backbone) -> bool:
        """Whether nothing has to be downloaded for a backbone."""
        return backbone.is_network or backbone.weights_path is not None

    @Slot()
    def look(self) -> None:
        """Notices that a person has moved the place where weights are kept."""
        folder = weights_dir()
        if folder != self._folder:
            self._folder = folder
            self.arrived.emit()

    def download(self, backbone: Backbone) -> None:
        """Begins, or goes on with, a download."""
        if self._fetching is None or not self.can_fetch:
            return
        self.loading = backbone.name
        self._began = (0.0, 0)
        self.done = self.total = 0
        self._tell("")
        self._fetching.fetch(backbone.name)

    def bring(self, folder: str) -> None:
        """Takes all known weights out of a folder, as on a USB stick."""
        if self._fetching is not None and self.can_fetch:
            self.is_looking = True
            self._tell(self.tr("Looking through the folder…"))
            self._fetching.bring(folder)

    def stop(self) -> None:
        """Ends the download; the next one goes on where it was."""
        if self._fetching is not None:
            self._fetching.stop()

    def seconds_left(self) -> float | None:
        """How long the download still takes; None while nobody can know."""
        began, had = self._began
        passed = self._clock() - began
        got = self.done - had
        if not self.total or not began or passed < _TELLING_SECONDS or got <= 0:
            return None
        return passed * (self.total - self.done) / got

    @Slot(str, int, int)
    def _on_progress(self, name: str, done: int, total: int) -> None:
        if name != self.loading:
            return
        if not self._began[0]:
            self._began = (self._clock(), done)
        self.done, self.total = done, max(done, total)
        self.changed.emit()

    @Slot(str, str)
    def _on_ended(self, name: str, trouble: str) -> None:
        self.loading, self.is_looking = "", False
        if trouble or name:
            self._tell(trouble, failed=bool(trouble))
        else:
            self.changed.emit()  # what came of the folder stays to be read
        if not trouble:
            self.arrived.emit()

    @Slot(object)
    def _on_brought(self, found: FromFolder) -> None:
        sentences = list(found.refused)
        if found.taken:
            sentences.insert(0, self.tr("Taken: {0}.").format(", ".join(found.taken)))
        elif not found.refused:
            sentences.append(
                self.tr(
                    "There is nothing in this folder that is missing here. The files "
                    "must have the names under which they are published."
                )
            )
        self._tell(" ".join(sentences), failed=not found.taken)

    def _tell(self, text: str, *, failed: bool = False) -> None:
        self.told, self.has_failed = text, failed
        self.changed.emit()
