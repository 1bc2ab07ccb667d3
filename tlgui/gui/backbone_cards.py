"""The pretrained backbones of the catalogue as cards to choose from."""

from PySide6.QtCore import QEvent, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QGridLayout,
    QSizePolicy,
    QWidget,
)

from tlgui.core.catalogue import CATALOGUE, Backbone
from tlgui.core.layers import carry_over
from tlgui.gui.block_words import whole_count
from tlgui.gui.controls import GAP, column, label, row
from tlgui.gui.percent import percent
from tlgui.gui.session import Session, Status
from tlgui.gui.theme import current_theme

_RADIUS = 10
_DOT = 8.0
_INDENT = 26
_A_ROW = 3


class BackboneCard(QAbstractButton):
    """One backbone: what it is good for, and its numbers."""

    def __init__(self, backbone: Backbone, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.backbone = backbone
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        good_for = label(backbone.good_for, wrap=True)
        facts = label(self._facts(), "small", wrap=True)
        title = row(label(backbone.title, "heading"))
        title.setContentsMargins(_INDENT, 0, 0, 0)
        layout = column(title, good_for, None, facts, gap=5)
        layout.setContentsMargins(GAP, 12, GAP, 12)
        self.setLayout(layout)
        self.setToolTip(self._exact())
        self.setAccessibleName(backbone.title)
        self.setAccessibleDescription(
            "\n".join((backbone.good_for, self._facts(), self._exact()))
        )

    def _facts(self) -> str:
        return self.tr(
            "{place} · {millions} million parameters\n"
            "sees {size} × {size} · {top1} right on ImageNet"
        ).format(
            place=self._place(),
            millions=f"{self.backbone.parameters / 1e6:.1f}",
            size=self.backbone.input_size,
            top1=percent(self.backbone.top1),
        )

    def _exact(self) -> str:
        return self.tr(
            "Sees photos of {size} × {size} pixels; larger ones are made smaller.\n"
            "{parameters} parameters; hands {features} features to the head.\n"
            "Names {top1} of the ImageNet test photos right, out of 1,000 classes "
            "(top-1 accuracy):\n{source}\nWeights: {weights}, {licence}."
        ).format(
            parameters=whole_count(self.backbone.parameters),
            features=whole_count(self.backbone.features),
            top1=percent(self.backbone.top1),
            source=self.backbone.top1_source,
            size=self.backbone.input_size,
            weights=self.backbone.source,
            licence=self.backbone.licence,
        )

    def _place(self) -> str:
        if self.backbone.weights_path is not None:
            return self.tr("✓ on this computer")
        size = f"{self.backbone.download_bytes / 1e6:.0f}"
        return self.tr("{size} MB to download").format(size=size)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the ground, the frame and the dot of the choice."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isChecked()
        marked = chosen or (self.underMouse() and self.isEnabled())
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setBrush(QColor(theme.accent_soft if chosen else theme.card))
        edge = QColor(theme.accent if marked else theme.border)
        painter.setPen(QPen(edge, 2.0 if chosen else 1.0))
        painter.drawRoundedRect(frame, _RADIUS, _RADIUS)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = QPen(QColor(theme.accent), 1.0, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            inner = frame.adjusted(4, 4, -4, -4)
            painter.drawRoundedRect(inner, _RADIUS - 3, _RADIUS - 3)
        self._paint_dot(painter)

    def _paint_dot(self, painter: QPainter) -> None:
        theme = current_theme()
        ring = QRectF(GAP, 14, 2 * _DOT, 2 * _DOT)
        tone = QColor(theme.accent if self.isChecked() else theme.muted)
        painter.setBrush(QColor(theme.card))
        painter.setPen(QPen(tone, 1.6))
        painter.drawEllipse(ring)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tone)
            painter.drawEllipse(ring.center(), _DOT / 2, _DOT / 2)

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()


class BackboneCards(QWidget):
    """All backbones side by side; the session's is marked.

    Click or arrow keys choose. The choice of blocks is carried over.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAccessibleName(self.tr("Pretrained models"))
        self._group = QButtonGroup(self)
        self.cards = {name: BackboneCard(CATALOGUE[name], self) for name in CATALOGUE}
        for card in self.cards.values():
            self._group.addButton(card)
        layout = QGridLayout()
        layout.setSpacing(12)
        layout.setContentsMargins(0, 0, 0, 0)
        for index, card in enumerate(self.cards.values()):
            layout.addWidget(card, index // _A_ROW, index % _A_ROW)
        for column_index in range(min(_A_ROW, len(self.cards))):
            layout.setColumnStretch(column_index, 1)
        self.setLayout(layout)
        self._group.buttonClicked.connect(self._on_card)
        session.spec_changed.connect(self.show_choice)
        session.status_changed.connect(self.show_status)
        self.show_choice()
        self.show_status()

    @Slot()
    def show_choice(self) -> None:
        """Marks the session's backbone."""
        self.cards[self._session.spec.backbone].setChecked(True)

    @Slot()
    def show_status(self) -> None:
        """Lets a person choose only while nothing is running."""
        self.setEnabled(self._session.status is Status.IDLE)

    @Slot(QAbstractButton)
    def _on_card(self, card: QAbstractButton) -> None:
        if not isinstance(card, BackboneCard):
            return
        present, other = self._session.backbone, card.backbone
        trainable = self._session.spec.trainable
        self._session.change_spec(
            backbone=other.name,
            trainable=carry_over(trainable, present.blocks, other.blocks),
        )
