"""A model of one's own as a card to choose."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from tlgui.gui.choice_card import INDENT, ChoiceCard
from tlgui.gui.controls import GAP, column, label, row
from tlgui.gui.elided_label import ElidedLabel
from tlgui.gui.start_words import StartWords
from tlgui.gui.starting_points import OwnModel

_STAR = "★"


class OwnModelCard(ChoiceCard):
    """A finished run or an imported model: its name, how good it is, what it knows.

    Signals:
        removal_asked(OwnModel): an imported model is to be deleted.
    """

    removal_asked = Signal(object)

    def __init__(self, own: OwnModel, parent: QWidget | None = None) -> None:
        super().__init__(11, parent)
        self.own = own
        words = StartWords(self)
        name = ElidedLabel("heading")
        name.show_text(f"{_STAR} {own.title}" if own.starred else own.title)
        title = row(name, label(words.result(own.point), "muted"))
        title.setStretch(0, 1)
        title.setContentsMargins(INDENT, 0, 0, 0)
        classes, facts = ElidedLabel("small"), ElidedLabel("small")
        classes.show_text(words.known(own.point))
        facts.show_text(words.facts(own))
        layout = column(title, classes, facts, gap=3)
        layout.setContentsMargins(GAP, 9, GAP, 9)
        self.setLayout(layout)
        self.setToolTip(words.whole(own))
        self.setAccessibleName(own.title)
        self.setAccessibleDescription(words.whole(own))
        if not own.point.is_run:
            self._offer_removal()

    def _offer_removal(self) -> None:
        remove = QAction(self.tr("Remove…"), self)
        remove.setShortcut(QKeySequence.StandardKey.Delete)
        remove.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        remove.triggered.connect(self._on_remove)
        self.addAction(remove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _on_remove(self) -> None:
        self.removal_asked.emit(self.own)
