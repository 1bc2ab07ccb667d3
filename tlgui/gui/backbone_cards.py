"""The pretrained backbones of the catalogue as cards to choose from."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QWidget

from tlgui.core.catalogue import CATALOGUE, Backbone
from tlgui.gui.block_words import whole_count
from tlgui.gui.choice_card import INDENT, ChoiceCard
from tlgui.gui.controls import GAP, column, label, row
from tlgui.gui.percent import percent
from tlgui.gui.session import Session, Status

_A_ROW = 3


class BackboneCard(ChoiceCard):
    """One backbone: what it is good for, and its numbers."""

    def __init__(self, backbone: Backbone, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.backbone = backbone
        good_for = label(backbone.good_for, wrap=True)
        facts = label(self._facts(), "small", wrap=True)
        title = row(label(backbone.title, "heading"))
        title.setContentsMargins(INDENT, 0, 0, 0)
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


class BackboneCards(QWidget):
    """All backbones side by side; the session's is marked, or none for an own model.

    Click or arrow keys choose. The choice of blocks is carried over.

    Attributes:
        group: of all cards that exclude each other; others join it.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAccessibleName(self.tr("Pretrained models"))
        self.group = QButtonGroup(self)
        self.cards = {name: BackboneCard(CATALOGUE[name], self) for name in CATALOGUE}
        for card in self.cards.values():
            self.group.addButton(card)
        layout = QGridLayout()
        layout.setSpacing(12)
        layout.setContentsMargins(0, 0, 0, 0)
        for index, card in enumerate(self.cards.values()):
            layout.addWidget(card, index // _A_ROW, index % _A_ROW)
        for column_index in range(min(_A_ROW, len(self.cards))):
            layout.setColumnStretch(column_index, 1)
        self.setLayout(layout)
        self.group.buttonClicked.connect(self._on_card)
        session.spec_changed.connect(self.show_choice)
        session.status_changed.connect(self.show_status)
        self.show_choice()
        self.show_status()

    @Slot()
    def show_choice(self) -> None:
        """Marks the session's backbone."""
        spec = self._session.spec
        if not spec.start:
            self.cards[spec.backbone].setChecked(True)
            return
        self.group.setExclusive(False)
        for card in self.cards.values():
            card.setChecked(False)
        self.group.setExclusive(True)

    @Slot()
    def show_status(self) -> None:
        """Lets a person choose only while nothing is running."""
        self.setEnabled(self._session.status is Status.IDLE)

    @Slot(QAbstractButton)
    def _on_card(self, card: QAbstractButton) -> None:
        if isinstance(card, BackboneCard):
            self._session.choose_model(card.backbone.name)
