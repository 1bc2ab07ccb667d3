"""The pretrained backbones of the catalogue as cards to choose from."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QWidget

from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import CATALOGUE
from tlgui.gui.block_words import whole_count
from tlgui.gui.choice_card import INDENT, ChoiceCard
from tlgui.gui.controls import GAP, button, column, label, row
from tlgui.gui.percent import percent
from tlgui.gui.session import Session, Status

_A_ROW = 3


class BackboneCard(ChoiceCard):
    """One backbone: what it is good for, and its numbers."""

    def __init__(self, backbone: Backbone, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.backbone = backbone
        good_for = label(backbone.good_for, wrap=True)
        self._told = label("", "small", wrap=True)
        title = row(label(backbone.title, "heading"))
        title.setContentsMargins(INDENT, 0, 0, 0)
        layout = column(title, good_for, None, self._told, gap=5)
        layout.setContentsMargins(GAP, 12, GAP, 12)
        self.setLayout(layout)
        self.setToolTip(self._exact())
        self.setAccessibleName(backbone.title)
        self.show_place()

    def show_place(self) -> None:
        """Says whether the weights are here; a download may have brought them."""
        facts = self._facts()
        self._told.setText(facts)
        self.setAccessibleDescription(
            "\n".join((self.backbone.good_for, facts, self._exact()))
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
        size = f"{self.backbone.size_to_download / 1e6:.0f}"
        return self.tr("{size} MB to download").format(size=size)


class BackboneCards(QWidget):
    """All backbones side by side; the session's is marked, or none for an own model.

    Those that come with the program and the chosen one are always there; the others
    once a person wants to see them. Click or arrow keys choose. The choice of blocks
    is carried over.

    Attributes:
        group: of all cards that exclude each other; others join it.
        cards: by the backbone's name.
        more: shows all, or the few again; the page gives it a place.
        compare: asks which of them suits the photos; the page gives it a place too.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shows_all = False
        self._shown: list[str] = []
        self.setAccessibleName(self.tr("Pretrained models"))
        self.group = QButtonGroup(self)
        self.cards: dict[str, BackboneCard] = {}
        self.more = button("", "link")
        self.compare = button(self.tr("Which one suits my photos?"), "link")
        self.compare.setToolTip(
            self.tr(
                "Looks at some of your photos with every model on this computer, "
                "without training, and says which seems to tell them apart best."
            )
        )
        for link in (self.more, self.compare):
            link.setParent(self)  # or else it is a window until the page places it
        self._grid = QGridLayout()
        self._grid.setSpacing(12)
        for column_index in range(_A_ROW):
            self._grid.setColumnStretch(column_index, 1)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._grid)
        self.group.buttonClicked.connect(self._on_card)
        self.more.clicked.connect(self._on_more)
        self.compare.clicked.connect(session.compare_models)
        session.dataset_changed.connect(self._show_compare)
        session.comparison.changed.connect(self._show_compare)
        session.spec_changed.connect(self.show_choice)
        session.status_changed.connect(self.show_status)
        session.weights.arrived.connect(self._show_places)
        self.show_choice()
        self.show_status()
        self._show_compare()

    @Slot()
    def _show_compare(self) -> None:
        """There must be photos; what was found out stands in a bar of its own."""
        comparison = self._session.comparison
        is_told = comparison.is_running or comparison.ranking is not None
        self.compare.setVisible(self._session.dataset is not None and not is_told)

    @Slot()
    def show_choice(self) -> None:
        """Marks the session's backbone."""
        self._arrange()
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
        idle = self._session.status is Status.IDLE
        self.setEnabled(idle)
        if idle:  # a run may have begun with a download
            self._show_places()

    @Slot()
    def _show_places(self) -> None:
        for card in self.cards.values():
            card.show_place()

    def _arrange(self) -> None:
        """Puts the cards that are wanted into rows, in the catalogue's order."""
        wanted = [name for name in CATALOGUE if self._is_wanted(name)]
        if wanted != self._shown:
            for name in self._shown:
                self._grid.removeWidget(self.cards[name])
                self.cards[name].setVisible(name in wanted)
            for index, name in enumerate(wanted):
                card = self._card(name)
                self._grid.addWidget(card, index // _A_ROW, index % _A_ROW)
                card.show()
            self._shown = wanted
        self.more.setText(
            self.tr("Show fewer models")
            if self._shows_all
            else self.tr("Show all {0} models").format(len(CATALOGUE))
        )

    def _card(self, name: str) -> BackboneCard:
        """The card of a backbone; made when it is shown first."""
        if name not in self.cards:
            self.cards[name] = BackboneCard(CATALOGUE[name], self)
            self.group.addButton(self.cards[name])
        return self.cards[name]

    def _is_wanted(self, name: str) -> bool:
        is_chosen = name == self._session.spec.backbone
        return self._shows_all or is_chosen or CATALOGUE[name].published is None

    @Slot()
    def _on_more(self) -> None:
        self._shows_all = not self._shows_all
        self._arrange()

    @Slot(QAbstractButton)
    def _on_card(self, card: QAbstractButton) -> None:
        if isinstance(card, BackboneCard):
            self._session.choose_model(card.backbone.name)
