"""Preferences: what is kept on the disk, where projects are put, new versions."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QBoxLayout, QDialog, QWidget

from tlgui.gui.controls import GAP, button, column, row, scrolled
from tlgui.gui.kept_card import Keeping, KeptCard
from tlgui.gui.place_card import PlaceCard, Trying, projects_place, weights_place
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.updates import Updates
from tlgui.gui.updates_card import UpdatesCard

_WIDE, _NARROW = 1080, 780
_MARGIN = 20
_FRAME = 72
_NEWS = 20


class PreferencesDialog(QDialog):
    """Cards, each of which tells and changes one thing at once."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        updates: Updates,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Preferences"))
        assert isinstance(session.reading, Keeping)
        self.kept = KeptCard(session, session.reading)
        assert isinstance(session.reading, Trying)
        self.runs = PlaceCard(projects_place(), settings, session.reading)
        self.weights = PlaceCard(weights_place(), settings, session.reading)
        self._session = session
        self.runs.moved.connect(self._on_runs_moved)
        self.updates = UpdatesCard(updates)
        self.close_button = button(self.tr("Close"))
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        content = QWidget()
        content.setMinimumHeight(1)  # or else that of lines broken too early counts
        self._cards = row(
            column(self.kept, self.updates, None, gap=GAP),
            column(self.runs, self.weights, None, gap=GAP),
            gap=GAP,
        )
        self._cards.setStretch(0, 1)
        self._cards.setStretch(1, 1)
        content.setLayout(self._cards)
        self.area = scrolled(content)
        below = row(None, self.close_button)
        page = column(self.area, below, gap=GAP, margin=_MARGIN)
        page.setStretch(0, 1)
        self.setLayout(page)
        # Queued: the news make their card higher first.
        queued = Qt.ConnectionType.QueuedConnection
        updates.answered.connect(self._show_news, queued)
        self.arrange(self._room())  # Qt places it by its size before it is shown

    @Slot(object)
    def _on_runs_moved(self, folder: Path) -> None:
        self._session.runs_dir = folder

    @Slot()
    def _show_news(self) -> None:
        self.area.ensureWidgetVisible(self.updates, 0, 0)

    def arrange(self, room: QSize) -> None:
        """Two columns where there is room for them; as high as the content needs."""
        is_wide = room.width() >= _WIDE
        sides = QBoxLayout.Direction
        self._cards.setDirection(sides.LeftToRight if is_wide else sides.TopToBottom)
        width = min(_WIDE if is_wide else _NARROW, room.width())
        cards = self._cards.totalHeightForWidth(width - 2 * _MARGIN)
        around = 2 * _MARGIN + GAP + self.close_button.sizeHint().height()
        self.resize(QSize(width, cards + around + _NEWS).boundedTo(room))

    def showEvent(self, event: QShowEvent) -> None:
        """Takes the size that suits the screen."""
        super().showEvent(event)
        self.close_button.setFocus()
        self.arrange(self._room())

    def _room(self) -> QSize:
        return self.screen().availableSize() - QSize(0, _FRAME)
