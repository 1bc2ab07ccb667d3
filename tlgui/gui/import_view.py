"""A model file that is looked at, and what came of it before it is used."""

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QProgressBar, QWidget

from tlgui.core.catalogue import find_backbone
from tlgui.core.starting_point import StartingPoint
from tlgui.gui.controls import button, column, label, row
from tlgui.gui.network_notes import NetworkNotes
from tlgui.gui.session import Session
from tlgui.gui.start_words import StartWords

_BAR_WIDTH = 160


class ImportView(QFrame):
    """Shows the import under way, or asks what to do with its result; else nothing.

    Signals:
        removal_asked(StartingPoint): what was imported is to be deleted.
    """

    removal_asked = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._words = StartWords(self)
        self._noted: Path | None = None
        self.setProperty("role", "notice")
        self.doing = label("", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(_BAR_WIDTH)
        self.bar.setAccessibleName(self.tr("Progress of looking at the model file"))
        self.cancel = button(self.tr("Cancel"))
        self.title = label("", "heading", wrap=True)
        self.report = label("", wrap=True)
        self.meaning = label("", "muted", wrap=True)
        self.notes = NetworkNotes()
        self.use = button(self.tr("Use it"), "primary")
        self.remove = button(self.tr("Remove"))
        self._progress, self._result = QWidget(), QWidget()
        self._lay_out()
        self.cancel.clicked.connect(session.starts.cancel_import)
        self.notes.given.connect(session.starts.read_again)
        self.use.clicked.connect(self._use)
        self.remove.clicked.connect(self._remove)
        session.starts.import_changed.connect(self.show_state)
        session.starts.changed.connect(self.show_state)
        session.starts.model_imported.connect(self._on_imported)
        session.dataset_changed.connect(self.show_state)
        session.status_changed.connect(self.show_state)
        self.show_state()

    def _lay_out(self) -> None:
        doing = row(self.doing, self.bar, self.cancel, gap=12)
        doing.setStretch(0, 1)
        self._progress.setLayout(doing)
        told = column(self.title, self.report, self.meaning, self.notes, gap=2)
        asked = row(told, self.remove, self.use, gap=12)
        asked.setStretch(0, 1)
        self._result.setLayout(asked)
        whole = column(self._progress, self._result)
        whole.setContentsMargins(14, 10, 14, 10)
        self.setLayout(whole)

    @Slot()
    def show_state(self) -> None:
        """Shows the import as it is now."""
        starts = self._session.starts
        self._progress.setVisible(starts.importing is not None)
        self._result.setVisible(starts.importing is None and starts.fresh is not None)
        if starts.importing is not None:
            self._show_progress(starts.importing.name, *starts.progress)
        elif starts.fresh is not None:
            self._show_result(starts.fresh)
        free = not self._session.occupied()
        for part in (self.use, self.notes):
            part.setEnabled(free)
        self.setVisible(starts.importing is not None or starts.fresh is not None)

    def _show_progress(self, name: str, done: int, total: int) -> None:
        text = self.tr("Looking at “{0}”. Nothing in it is run, and nothing used yet.")
        self.doing.setText(text.format(name))
        self.bar.setRange(0, total)  # without an end it only shows that it goes on
        self.bar.setValue(done)

    def _show_result(self, point: StartingPoint) -> None:
        text = self.tr("“{name}” is an {architecture} and can be used")
        backbone = find_backbone(point.backbone)
        if backbone.is_network:
            text = self.tr("“{name}” is a network of your own and can be used")
        title = text.format(name=point.title, architecture=backbone.title)
        self.title.setText(title)
        # Without a head of its own there is nothing that goes on as it was.
        self.notes.setVisible(backbone.is_network and bool(point.class_names))
        if point.folder != self._noted:
            self._noted = point.folder
            self.notes.show_notes(self._session.starts.notes)
        self.report.setText(point.report)
        self.meaning.setText(self._words.classes(point, self._session.class_names))
        self.meaning.setVisible(bool(point.class_names))  # else the report has it
        self.use.setAccessibleName(self.tr("Use “{0}”").format(point.title))
        self.remove.setAccessibleName(self.tr("Remove “{0}”").format(point.title))
        self.setAccessibleName(f"{self.title.text()}. {point.report}")

    @Slot()
    def _on_imported(self) -> None:
        if self.isVisible():
            self.use.setFocus()

    @Slot()
    def _use(self) -> None:
        point = self._session.starts.fresh
        if point is not None:
            self._session.starts.settle()
            self._session.choose_model(point.backbone, str(point.folder))

    @Slot()
    def _remove(self) -> None:
        if self._session.starts.fresh is not None:
            self.removal_asked.emit(self._session.starts.fresh)
