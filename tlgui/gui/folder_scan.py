"""The folder that is being read, as the window knows it."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core.dataset import Dataset
from tlgui.gui.threads import Reading


class FolderScan(QObject):
    """A folder of samples that is read in the background; a new one ends the old.

    Signals:
        started: a folder is being read.
        progressed(int, int): files done, files in all.
        found(Dataset): it was read.
        ended: it is over, after `found` if something was.
        trouble_told(str): why nothing was found, as a sentence for the person.

    Attributes:
        folder: the latest one.
        is_under_way: whether it is being read.
    """

    started = Signal()
    progressed = Signal(int, int)
    found = Signal(object)
    ended = Signal()
    trouble_told = Signal(str)

    def __init__(self, reading: Reading, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reading = reading
        self.folder: Path | None = None
        self.is_under_way = False
        reading.scan_progressed.connect(self.progressed)
        reading.scan_ended.connect(self._on_ended)

    def begin(self, folder: Path) -> None:
        """Has a folder read."""
        self.folder, self.is_under_way = folder, True
        self.started.emit()
        self._reading.request_scan(str(folder))

    def cancel(self) -> None:
        """Ends what is under way; nothing is found."""
        self._reading.cancel_scan()

    @Slot(object, str)
    def _on_ended(self, dataset: Dataset | None, trouble: str) -> None:
        self.is_under_way = False
        if dataset is not None:
            self.found.emit(dataset)
        self.ended.emit()
        if trouble:
            self.trouble_told.emit(trouble)
