"""Whether there is a newer version, as far as the window knows."""

from datetime import date
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from tlgui import __version__
from tlgui.core.updates import Release, UpdateSource, is_due
from tlgui.gui.settings import Settings


class Looking(Protocol):
    """What this needs of whoever asks the network.

    Signals:
        answered(Release or None, str): the version that can be had; or None, and a
            sentence.

    Attributes:
        source: where to look; None for nowhere.
    """

    answered: SignalInstance
    source: UpdateSource | None

    def look(self) -> None:
        """Looks now; returns at once."""


class Updates(QObject):
    """Looks when a person asks, or once a week if the person wants that.

    Signals:
        answered: it was looked; `newer` or `trouble` may be others.
        found(str): a sentence about a newer version that was found unasked.

    Attributes:
        newer: a version that comes after this one, if one was found.
        trouble: why the last look came to nothing, as a sentence.
        has_looked: whether the last look was answered.
    """

    answered = Signal()
    found = Signal(str)

    def __init__(
        self, looking: Looking, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._looking = looking
        self._settings = settings
        self._is_asked = False
        self.newer: Release | None = None
        self.trouble = ""
        self.has_looked = False
        looking.answered.connect(self._on_answered)

    @property
    def source(self) -> UpdateSource | None:
        """Where it looks; None for a copy that came without an address."""
        return self._looking.source

    @property
    def looks_by_itself(self) -> bool:
        """Whether a person wants that."""
        return self._settings.values.looks_for_updates

    @Slot(bool)
    def look_by_itself(self, wanted: bool) -> None:
        """Notes whether a person wants that, and looks if so."""
        self._settings.change(looks_for_updates=wanted)
        self.look_if_due()

    @Slot()
    def look_if_due(self) -> None:
        """Looks if it is wanted and a week has passed."""
        values = self._settings.values
        if values.looks_for_updates and is_due(values.looked_for_updates, date.today()):
            self._looking.look()

    def look_now(self) -> None:
        """Looks because a person asks for it, and tells what came of it in any case."""
        self._is_asked = True
        self._looking.look()

    @Slot(object, str)
    def _on_answered(self, release: Release | None, trouble: str) -> None:
        was_asked, self._is_asked = self._is_asked, False
        # An unasked look that fails is nobody's trouble: the next start looks again.
        self.trouble = trouble if was_asked else ""
        self.has_looked = release is not None
        self.newer = None
        if release is not None:
            self._settings.change(looked_for_updates=date.today().isoformat())
            if release.is_newer_than(__version__):
                self.newer = release
        self.answered.emit()
        if self.newer is not None and not was_asked:
            self.found.emit(
                self.tr(
                    "Version {0} of this program can be had. What is new, and the "
                    "files, are at {1}. Nothing is installed by itself."
                ).format(self.newer.version, self.newer.page)
            )
