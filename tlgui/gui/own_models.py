"""Models of one's own to start from: finished runs, and models from files."""

from pathlib import Path

from PySide6.QtCore import QDir, Slot
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFileDialog,
    QGridLayout,
    QMessageBox,
    QPushButton,
    QWidget,
)

from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.starting_point import StartingPoint
from tlgui.gui.controls import button, column, label, row
from tlgui.gui.dropped import MODEL_ENDINGS
from tlgui.gui.import_view import ImportView
from tlgui.gui.own_model_card import OwnModelCard
from tlgui.gui.session import Session, Status
from tlgui.gui.start_words import StartWords
from tlgui.gui.starting_points import OwnModel

A_ROW = 3


class OwnModels(QWidget):
    """A few cards, all of them on demand; the one that is started from is marked.

    Args:
        session: what is chosen.
        group: the cards of the catalogue, which these exclude.
    """

    def __init__(
        self, session: Session, group: QButtonGroup, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._group = group
        self._words = StartWords(self)
        self._shows_all = False
        self.cards: dict[str, OwnModelCard] = {}
        self.setAccessibleName(self.tr("Your models"))
        self.heading = label(self.tr("Your models"), "heading")
        self.hint = label(
            self.tr("Your finished runs appear here, to be continued."), "muted"
        )
        self.show_all = button("", "link")
        self.use_file = button(self.tr("Use a model file…"), "link")
        self.use_file.setToolTip(
            self.tr(
                "A Keras model (.keras, .h5) or its weights (.weights.h5); of a preset "
                "folder of keras-hub, the file model.weights.h5 in it"
            )
        )
        self.importing = ImportView(session)
        self.sentence = label("", wrap=True)
        self.remove = button(self.tr("Remove this model…"), "link")
        self._lay_out()
        self._connect()
        session.starts.look()
        self.show_models()
        self.show_status()

    def _lay_out(self) -> None:
        head = row(self.heading, self.hint, None, self.show_all, self.use_file, gap=14)
        self._grid = QGridLayout()
        self._grid.setSpacing(12)
        self._spare = [QWidget() for _ in range(A_ROW)]
        for place, spare in enumerate(self._spare):
            self._grid.addWidget(spare, 0, place)
            self._grid.setColumnStretch(place, 1)
            spare.hide()
        told = row(self.sentence, self.remove, gap=12)
        told.setStretch(0, 1)
        self._told = QWidget()
        self._told.setLayout(told)
        self.setLayout(column(head, self.importing, self._grid, self._told))

    def _connect(self) -> None:
        session = self._session
        self._group.buttonClicked.connect(self._on_card)
        self.show_all.clicked.connect(self._toggle)
        self.use_file.clicked.connect(self.choose_file)
        self.remove.clicked.connect(self._remove_chosen)
        self.importing.removal_asked.connect(self.ask_to_remove)
        session.starts.changed.connect(self.show_models)
        session.starts.import_changed.connect(self.show_status)
        session.status_changed.connect(self.show_status)
        session.spec_changed.connect(self.show_models)
        session.dataset_changed.connect(self.show_choice)

    @Slot()
    def show_models(self) -> None:
        """Shows the models as they are now, and which is chosen."""
        models = self._session.starts.models
        shown = models if self._shows_all else self._few(models)
        if [card.own for card in self.cards.values()] != list(shown):
            self._fill(shown)
        self.hint.setVisible(not models)
        self.show_all.setVisible(len(models) > A_ROW)
        self.show_all.setText(
            self.tr("Show fewer")
            if self._shows_all
            else self.tr("Show all ({0})…").format(len(models))
        )
        self.show_choice()

    def _few(self, models: tuple[OwnModel, ...]) -> tuple[OwnModel, ...]:
        """The first ones; the chosen one is always among them."""
        start = self._session.spec.start
        chosen = [own for own in models if str(own.point.folder) == start]
        if not chosen or chosen[0] in models[:A_ROW]:
            return models[:A_ROW]
        return (*models[: A_ROW - 1], chosen[0])

    def _fill(self, models: tuple[OwnModel, ...]) -> None:
        focused = next((f for f, card in self.cards.items() if card.hasFocus()), "")
        for card in self.cards.values():
            self._group.removeButton(card)
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = {str(own.point.folder): OwnModelCard(own, self) for own in models}
        for place, spare in enumerate(self._spare):
            spare.setVisible(0 < len(models) <= place)  # keeps the columns in line
        for place, card in enumerate(self.cards.values()):
            self._group.addButton(card)
            self._grid.addWidget(card, place // A_ROW, place % A_ROW)
            card.removal_asked.connect(self._on_removal_asked)
            card.show()
        self.show_status()
        if focused in self.cards:
            self.cards[focused].setFocus()

    @Slot()
    def show_choice(self) -> None:
        """Marks the chosen model, and says what starting from it means."""
        session = self._session
        card = self.cards.get(session.spec.start)
        if card is not None:
            card.setChecked(True)
        own = session.starts.chosen
        if own is not None:
            self.sentence.setText(self._words.sentence(own, session.class_names))
        self._told.setVisible(own is not None)
        self.remove.setVisible(own is not None and not own.point.is_run)

    @Slot()
    def show_status(self) -> None:
        """Lets a person choose only while nothing is running."""
        idle = self._session.status is Status.IDLE
        for part in (*self.cards.values(), self.remove):
            part.setEnabled(idle)
        self.use_file.setEnabled(not self._session.occupied())

    @Slot(QAbstractButton)
    def _on_card(self, card: QAbstractButton) -> None:
        self._session.starts.settle()
        if isinstance(card, OwnModelCard):
            point = card.own.point
            self._session.choose_model(point.backbone, str(point.folder))

    @Slot()
    def _toggle(self) -> None:
        self._shows_all = not self._shows_all
        self.show_models()

    @Slot()
    def choose_file(self) -> None:
        """Opens the system's file dialog."""
        dialog = QFileDialog(self, self.tr("Choose a model file"), QDir.homePath())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        endings = " ".join(f"*{ending}" for ending in MODEL_ENDINGS)
        dialog.setNameFilter(self.tr("Keras models ({0})").format(endings))
        dialog.fileSelected.connect(self._on_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _on_file(self, file: str) -> None:
        self._session.import_model(Path(file))

    @Slot()
    def _remove_chosen(self) -> None:
        own = self._session.starts.chosen
        if own is not None:
            self.ask_to_remove(own.point)

    @Slot(object)
    def _on_removal_asked(self, own: OwnModel) -> None:
        self.ask_to_remove(own.point)

    @Slot(object)
    def ask_to_remove(self, point: StartingPoint) -> None:
        """Asks whether an imported model is to be deleted."""
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Remove this model?"))
        box.setText(self.tr("Remove “{0}” from this program?").format(point.title))
        box.setInformativeText(
            self.tr(
                "The file that it came from stays where it is, and so do the runs that "
                "started from it."
            )
        )
        self.remove_button = QPushButton(self.tr("Remove"))
        self.keep_button = QPushButton(self.tr("Keep it"))
        box.addButton(self.remove_button, QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(self.keep_button, QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(self.keep_button)
        box.setEscapeButton(self.keep_button)
        self._doomed = point
        self.remove_button.clicked.connect(self._remove)
        box.finished.connect(box.deleteLater)
        box.open()

    @Slot()
    def _remove(self) -> None:
        if self._session.spec.start == str(self._doomed.folder):
            backbone = self._doomed.backbone
            # A network of one's own is nothing without its weights.
            is_own = find_backbone(backbone).is_network
            self._session.choose_model(DEFAULT_BACKBONE if is_own else backbone)
        self._session.starts.remove(self._doomed)
