"""Preferences: what frozen layers saw, kept on the disk for later runs."""

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QLocale, SignalInstance, Slot
from PySide6.QtWidgets import QFrame, QProgressBar

from tlgui import paths
from tlgui.gui.controls import button, column, label, row, set_role
from tlgui.gui.preference_card import dress, path_field, show_path
from tlgui.gui.session import Session, Status
from tlgui.worker.reader import KeptActivations

_LARGEST_LIMIT = 20_000_000_000
_FULL = 1_000


@runtime_checkable
class Keeping(Protocol):
    """What this card needs of the reader thread.

    Signals:
        kept_measured(KeptActivations or None, str): what is kept, or None and a
            sentence.
    """

    kept_measured: SignalInstance

    def request_kept(self, *, clear: bool = False) -> None:
        """Queues the measuring of what is kept for later runs, or its deletion."""


class KeptCard(QFrame):
    """What frozen layers saw: how much of the disk it takes, and a way to clear it."""

    def __init__(self, session: Session, keeping: Keeping) -> None:
        super().__init__()
        self._session = session
        self._keeping = keeping
        self._known: KeptActivations | None = None
        self._is_asking = False
        self.amount = label("", "heading", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, _FULL)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Share of the limit"))
        self.place = path_field(self.tr("Folder of what is kept"))
        show_path(self.place, paths.activations_dir())
        self.clear = button(self.tr("Clear"))
        self.told = label("", "small", wrap=True)
        self._lay_out()
        self.clear.clicked.connect(self._on_clear)
        keeping.kept_measured.connect(self._on_measured)
        session.status_changed.connect(self._on_status)
        self._ask(clear=False)

    def _lay_out(self) -> None:
        heading = label(self.tr("Kept for later runs"), "heading")
        heading.setToolTip(
            self.tr("The feature cache: the activations of frozen layers")
        )
        hint = label(
            self.tr(
                "Frozen layers see the same in a photo every time. What they saw is "
                "kept here, so that the next run on the same photos starts at once. "
                "Cleared, it is computed again when it is needed."
            ),
            "muted",
            wrap=True,
        )
        limit = label(
            self.tr(
                "The limit is a tenth of the free disk, at most {0}. What was used "
                "longest ago makes room for what is new."
            ).format(_size_text(_LARGEST_LIMIT)),
            "small",
            wrap=True,
        )
        place = row(self.place, self.clear)
        dress(
            self,
            column(heading, hint, 4, self.amount, self.bar, limit, 4, place, self.told),
        )

    def _ask(self, *, clear: bool) -> None:
        self._is_asking = True
        self._keeping.request_kept(clear=clear)
        self._show()

    @Slot()
    def _on_clear(self) -> None:
        self._tell(self.tr("Clearing…"))
        self._ask(clear=True)

    @Slot()
    def _on_status(self) -> None:
        if self._session.status is Status.IDLE:
            self._ask(clear=False)
        self._tell("")
        self._show()

    @Slot(object, str)
    def _on_measured(self, kept: KeptActivations | None, trouble: str) -> None:
        self._is_asking = False
        self._known = kept
        if kept is not None and kept.freed is not None:
            self._tell_freed(kept.freed, kept.size)
        elif trouble:
            self._tell(trouble, "bad")
        self._show()

    def _tell_freed(self, freed: int, left: int) -> None:
        text = self.tr("{0} freed.").format(_size_text(freed))
        if not left:
            self._tell(text, "good")
            return
        text += " " + self.tr(
            "The rest could not be deleted: another program may be using it. End "
            "that program and clear again."
        )
        self._tell(text, "warning")

    def _tell(self, text: str, role: str = "small") -> None:
        set_role(self.told, role)
        self.told.setText(text)

    def _show(self) -> None:
        idle, kept = self._session.status is Status.IDLE, self._known
        there = kept is not None and kept.size > 0
        self.clear.setEnabled(idle and there and not self._is_asking)
        self.amount.setText(self._amount())
        share = kept.size / max(1, kept.limit) if kept is not None else 0.0
        self.bar.setValue(min(_FULL, round(_FULL * share)))
        if not idle:
            self._tell(self.tr("A model is training. Clear when that is over."))

    def _amount(self) -> str:
        if self._known is None:
            return self.tr("Measuring…") if self._is_asking else self.tr("Not known")
        size, limit = _size_text(self._known.size), _size_text(self._known.limit)
        if not self._known.size:
            return self.tr("Nothing yet, {0} at most").format(limit)
        return self.tr("{0} of {1} at most").format(size, limit)


def _size_text(size: int) -> str:
    """Bytes as people read them, by thousands: 20 GB."""
    digits = 0 if size >= 10**10 else 1
    return QLocale().formattedDataSize(
        size, digits, QLocale.DataSizeFormat.DataSizeSIFormat
    )
