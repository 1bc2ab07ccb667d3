"""Preferences: what is kept on the disk, and where projects are put."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QDir, QLocale, QSize, Qt, SignalInstance, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from tlgui import paths
from tlgui.gui.controls import (
    GAP,
    button,
    column,
    label,
    row,
    scrolled,
    set_role,
)
from tlgui.gui.session import Session, Status
from tlgui.gui.settings import Settings
from tlgui.worker.reader import KeptActivations

_WIDTH = 600
_MARGIN = 20
_FRAME = 72
_NEWS = 40
_LARGEST_LIMIT = 20_000_000_000
_FULL = 1_000


@runtime_checkable
class Keeping(Protocol):
    """What preferences need of the reader thread.

    Signals:
        kept_measured(KeptActivations or None, str): what is kept, or None and a
            sentence.
        folder_tried(str, str): a folder, and why no run can be put there, or "".
    """

    kept_measured: SignalInstance
    folder_tried: SignalInstance

    def request_kept(self, *, clear: bool = False) -> None:
        """Queues the measuring of what is kept for later runs, or its deletion."""

    def request_trial(self, folder: str) -> None:
        """Queues the question whether runs can be put into a folder."""


class PreferencesDialog(QDialog):
    """Two cards, each of which tells and changes one thing at once."""

    def __init__(
        self, session: Session, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Preferences"))
        assert isinstance(session.reading, Keeping)
        self.kept = KeptCard(session, session.reading)
        self.runs = RunsCard(session, settings, session.reading)
        self.close_button = button(self.tr("Close"))
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        content = QWidget()
        content.setMinimumHeight(1)  # or else that of lines broken too early counts
        self._cards = column(self.kept, self.runs, None, gap=GAP)
        content.setLayout(self._cards)
        self.area = scrolled(content)
        below = row(None, self.close_button)
        page = column(self.area, below, gap=GAP, margin=_MARGIN)
        page.setStretch(0, 1)
        self.setLayout(page)

    def showEvent(self, event: QShowEvent) -> None:
        """As high as its content, where the screen has room for that."""
        super().showEvent(event)
        self.close_button.setFocus()
        cards = self._cards.totalHeightForWidth(_WIDTH - 2 * _MARGIN)
        around = 2 * _MARGIN + GAP + self.close_button.sizeHint().height()
        room = self.screen().availableSize() - QSize(0, _FRAME)
        self.resize(QSize(_WIDTH, cards + around + _NEWS).boundedTo(room))


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
        self.place = _path_field(self.tr("Folder of what is kept"))
        _show_path(self.place, paths.activations_dir())
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
        _dress(
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


class RunsCard(QFrame):
    """The folder in which new projects are put."""

    def __init__(self, session: Session, settings: Settings, keeping: Keeping) -> None:
        super().__init__()
        self._session = session
        self._settings = settings
        self._keeping = keeping
        self._asked = ""
        self.place = _path_field(self.tr("Folder for new projects"))
        self.choose = button(self.tr("Choose…"))
        self.usual = button(self.tr("Use the usual folder"), "link")
        self.told = label("", "small", wrap=True)
        heading = label(self.tr("Where projects are put"), "heading")
        hint = label(
            self.tr(
                "Every new project gets a folder of its own there, with all its runs. "
                "Earlier projects and runs stay where they are."
            ),
            "muted",
            wrap=True,
        )
        below = row(self.told, self.usual)
        below.setStretch(0, 1)
        place = row(self.place, self.choose)
        _dress(self, column(heading, hint, 4, place, below))
        self.choose.clicked.connect(self._on_choose)
        self.usual.clicked.connect(self._on_usual)
        keeping.folder_tried.connect(self._on_tried)
        self._show()

    @Slot()
    def _on_choose(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose a folder for new projects"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setDirectory(str(self._session.runs_dir))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_folder)
        dialog.open()

    @Slot(str)
    def take_folder(self, folder: str) -> None:
        """Puts new projects into a folder, if they can be written there."""
        self._asked = folder
        self._tell("")
        self._keeping.request_trial(folder)

    @Slot(str, str)
    def _on_tried(self, folder: str, trouble: str) -> None:
        if folder != self._asked:
            return
        if trouble:
            self._tell(trouble, "bad")
            return
        self._settings.change(runs_dir=folder)
        self._session.runs_dir = Path(folder)
        self._tell(self.tr("New projects are put there from now on."), "good")
        self._show()

    @Slot()
    def _on_usual(self) -> None:
        self._asked = ""
        self._settings.change(runs_dir="")
        self._session.runs_dir = paths.default_runs_dir()
        self._tell(self.tr("New projects are put there from now on."), "good")
        self._show()

    def _tell(self, text: str, role: str = "small") -> None:
        set_role(self.told, role)
        self.told.setText(text)

    def _show(self) -> None:
        _show_path(self.place, self._session.runs_dir)
        had_focus = self.usual.hasFocus()
        self.usual.setVisible(bool(self._settings.values.runs_dir))
        if had_focus and self.usual.isHidden():
            self.choose.setFocus()


def _dress(frame: QFrame, content: QVBoxLayout) -> None:
    frame.setProperty("role", "card")
    content.setContentsMargins(GAP, GAP, GAP, GAP)
    frame.setLayout(content)


def _path_field(name: str) -> QLineEdit:
    field = QLineEdit(readOnly=True)
    field.setAccessibleName(name)
    return field


def _show_path(field: QLineEdit, folder: Path) -> None:
    field.setText(QDir.toNativeSeparators(str(folder)))
    field.setToolTip(field.text())
    field.setCursorPosition(0)


def _size_text(size: int) -> str:
    """Bytes as people read them, by thousands: 20 GB."""
    digits = 0 if size >= 10**10 else 1
    return QLocale().formattedDataSize(
        size, digits, QLocale.DataSizeFormat.DataSizeSIFormat
    )
