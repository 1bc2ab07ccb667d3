"""The page on which a pretrained model is chosen, and what of it may change."""

import sys

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from tlgui.gui.backbone_cards import BackboneCards
from tlgui.gui.choice_words import ChoiceSentence
from tlgui.gui.comparison_bar import ComparisonBar
from tlgui.gui.controls import (
    GAP,
    PAGE_MARGIN,
    card,
    column,
    label,
    line,
    row,
    scrolled,
)
from tlgui.gui.layers_panel import LayersPanel
from tlgui.gui.own_models import OwnModels
from tlgui.gui.parameter_bar import ParameterBar
from tlgui.gui.preview import show_page
from tlgui.gui.session import Session, Status
from tlgui.gui.weights_bar import WeightsBar

_USUAL_HEIGHT = 640


class _Content(QWidget):
    """Asks for the height that its texts need at the width they get."""

    def minimumSizeHint(self) -> QSize:
        """As narrow as its parts allow, and as tall as they are at this width."""
        layout, around = self.layout(), self.parentWidget()
        least = super().minimumSizeHint()
        if layout is None or around is None:
            return least
        width = max(least.width(), around.width())
        return QSize(least.width(), layout.totalHeightForWidth(width))


class ModelPage(QWidget):
    """Cards of the backbones and of own models; below them the chosen one's blocks.

    Everything that is chosen here goes into the session's spec.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.cards = BackboneCards(session)
        self.weights = WeightsBar(session, self)
        self.comparison = ComparisonBar(session, self)
        self.own = OwnModels(session, self.cards.group)
        self.panel = LayersPanel(session)
        self.meaning = ChoiceSentence(session)
        self.parameters = ParameterBar(session)
        self.notice = self._make_notice()
        self.area = scrolled(self._make_content())
        outer = column(self.area)
        self.setLayout(outer)
        session.status_changed.connect(self.show_status)
        session.starts.changed.connect(self._grow)
        session.spec_changed.connect(self._grow)
        self.show_status()

    @Slot()
    def show_status(self) -> None:
        """Says why nothing can be changed while a model is training."""
        self.notice.setVisible(self._session.status is not Status.IDLE)

    def _make_notice(self) -> QFrame:
        text = self.tr(
            "A model is training with these choices. You can change them once it has "
            "ended or was stopped."
        )
        frame = QFrame()
        frame.setProperty("role", "notice")
        frame.setLayout(column(label(text, wrap=True), margin=10))
        return frame

    def _make_content(self) -> QWidget:
        lead = self.tr(
            "Start from a model that knows everyday pictures, or from one of yours, "
            "and decide how much of it learns from your photos."
        )
        bottom = row(self.meaning, self.parameters, gap=28)
        bottom.setStretch(0, 3)
        bottom.setStretch(1, 2)
        content = _Content()
        content.setLayout(
            column(
                row(
                    label(self.tr("Model and layers"), "title"),
                    None,
                    self.cards.compare,
                    self.cards.more,
                    gap=GAP,
                ),
                label(lead, "muted", wrap=True),
                self.notice,
                2,
                self.cards,
                self.weights,
                self.comparison,
                2,
                self.own,
                2,
                card(column(self.panel, line(), bottom, gap=10), margin=14),
                None,
            )
        )
        layout = content.layout()
        if layout is not None:
            layout.setContentsMargins(PAGE_MARGIN, GAP, PAGE_MARGIN, GAP)
        return content

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Gives most of the height there is to spare to the picture."""
        super().resizeEvent(event)
        self._grow()

    @Slot()
    def _grow(self) -> None:
        spare = self.height() - _USUAL_HEIGHT - self.own.sizeHint().height()
        self.panel.grow(spare * 2 // 3)


def main() -> int:
    """Shows the page alone."""
    return show_page(ModelPage)


if __name__ == "__main__":
    sys.exit(main())
