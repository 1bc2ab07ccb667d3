"""All runs of the project side by side."""

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QWidget,
)

from tlgui.gui import controls
from tlgui.gui.continue_from import ContinueFrom
from tlgui.gui.project_runs import ProjectRuns
from tlgui.gui.runs_go_on import RunsGoOn
from tlgui.gui.runs_model import RunsModel, SortedRuns
from tlgui.gui.runs_plot import DrawnRun, RunsPlot
from tlgui.gui.runs_style import MOST, style_icon, style_of
from tlgui.gui.runs_table import RunsTable
from tlgui.gui.session import Session, Status
from tlgui.gui.theme import current_theme

_READ_AGAIN_MS = 2_000


class RunsPage(QWidget):
    """A table of runs, what can be done with them, and their curves in one plot."""

    def __init__(self, session: Session, runs: ProjectRuns) -> None:
        super().__init__()
        self._session = session
        self._runs = runs
        self._box: QMessageBox | None = None
        self.model = RunsModel(runs, self)
        self.sorted = SortedRuns(self.model, self)
        self.table = RunsTable(self.sorted, runs)
        self.plot = RunsPlot()
        self.count = controls.label("", "muted")
        self.show_button = controls.button(self.tr("Show"))
        self.going_on = RunsGoOn(runs)
        self.again_button = controls.button(self.tr("Do this again with changes"))
        self.continuing = ContinueFrom(self)
        self.bin_button = controls.button(self.tr("Move to the bin"))
        self.undo_button = controls.button(self.tr("Undo"), "link")
        self.empty_button = controls.button(self.tr("Empty the bin…"), "link")
        # A run that trains elsewhere tells nothing: it is looked at now and then.
        self._timer = QTimer(self, interval=_READ_AGAIN_MS)
        self._timer.timeout.connect(runs.read_again)
        self._make_actions()
        self._lay_out()
        self._connect()
        self._on_runs()

    def _make_actions(self) -> None:
        self.rename_action = self._action(self.tr("Rename"), "F2", self._rename)
        self.star_action = self._action(
            self.tr("Mark, or take the mark away"), "Ctrl+D", self._star
        )
        self.bin_action = self._action(
            self.tr("Move to the bin"), QKeySequence.StandardKey.Delete, self._bin
        )
        self.undo_action = self._action(
            self.tr("Undo"), QKeySequence.StandardKey.Undo, self._runs.undo_bin
        )
        self.show_action = self._action(self.tr("Show"), "", self._show)
        self.again_action = self._action(
            self.tr("Do this again with changes"), "", self._again
        )
        self.addAction(self.continuing.action)

    def _action(
        self,
        text: str,
        key: QKeySequence | QKeySequence.StandardKey | str,
        slot: object,
    ) -> QAction:
        action = QAction(text, self)
        action.setShortcut(key)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(slot)
        self.addAction(action)
        return action

    def _lay_out(self) -> None:
        title = controls.row(
            controls.label(self.tr("Runs"), "title"), 8, self.count, None
        )
        title.setAlignment(self.count, Qt.AlignmentFlag.AlignBottom)
        doing = controls.row(
            self.show_button,
            self.continuing.button,
            self.again_button,
            self.bin_button,
            None,
            self.undo_button,
            8,
            self.empty_button,
        )
        upper, lower = QWidget(), controls.card(controls.column(self.plot))
        upper.setLayout(controls.column(self.table, self.going_on, doing, gap=12))
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(controls.GAP)
        split.addWidget(upper)
        split.addWidget(lower)
        split.setSizes([300, 300])
        self.empty = self._empty_view()
        views = QWidget()
        self._views = QStackedLayout(views)
        self._views.addWidget(self.empty)
        self._views.addWidget(split)
        page = controls.column(
            title, views, gap=controls.GAP, margin=controls.PAGE_MARGIN
        )
        page.setStretch(1, 1)
        self.setLayout(page)

    def _empty_view(self) -> QWidget:
        heading = controls.label(self.tr("No runs yet"), "heading")
        text = controls.label(
            self.tr(
                "Every training of this project is listed here, so that you can set "
                "them side by side: what was chosen, how good it became, how long it "
                "took."
            ),
            "muted",
            wrap=True,
        )
        self.undo_first = controls.button(self.tr("Undo"), "link")
        self.undo_first.clicked.connect(self._runs.undo_bin)
        card = controls.card(controls.column(heading, text, self.undo_first), margin=20)
        made = QWidget()
        made.setLayout(controls.column(card, None))
        return made

    def _connect(self) -> None:
        self.show_button.clicked.connect(self._show)
        self.again_button.clicked.connect(self._again)
        self.bin_button.clicked.connect(self._bin)
        self.undo_button.clicked.connect(self._runs.undo_bin)
        self.empty_button.clicked.connect(self._ask_to_empty)
        self.table.doubleClicked.connect(self._on_opened)
        self.table.enter_pressed.connect(self._on_opened)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.table.chosen_changed.connect(self._on_chosen)
        self._runs.changed.connect(self._on_runs)
        self._session.status_changed.connect(self._show_state)

    @Slot()
    def _on_runs(self) -> None:
        self._views.setCurrentIndex(1 if self._runs.runs else 0)
        count = len(self._runs.runs)
        text = self.tr("1 run") if count == 1 else self.tr("{0} runs").format(count)
        self.count.setText(text if count else "")
        self.table.show_sorting()
        self.table.choose(self._runs.compared)
        self._on_chosen()
        self._watch_others()

    def _watch_others(self) -> None:
        folders = (run.folder for run in self._runs.runs)
        trains = any(map(self._runs.trains_elsewhere, folders))
        if not trains or not self.isVisible():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _on_chosen(self) -> None:
        self._show_plot()
        self._show_state()

    def _show_plot(self) -> None:
        theme, drawn, icons = current_theme(), [], {}
        chosen = self.table.chosen()
        for place, folder in enumerate(chosen[:MOST]):
            run = self._runs.find(folder)
            if run is not None:
                style = style_of(place, theme)
                drawn.append(DrawnRun(self._runs.name(folder), run.history, style))
                icons[folder] = style_icon(style)
        self.model.show_icons(icons)
        self.plot.show_runs(drawn, self._plot_hint(len(chosen)))

    def _plot_hint(self, chosen: int) -> str:
        if chosen:
            return self.tr("No epoch of this run was finished.")
        return self.tr(
            "Choose a run to see its curves; choose several (Ctrl+click, Shift+click) "
            "to lay them over each other."
        )

    @Slot()
    def _show_state(self) -> None:
        idle = self._session.status is Status.IDLE
        chosen, can_change = self.table.chosen(), self._runs.can_change
        one, some = len(chosen) == 1 and idle, bool(chosen) and idle and can_change
        some = some and not any(map(self._runs.trains_elsewhere, chosen))
        for thing in (self.show_button, self.show_action):
            thing.setEnabled(one)
        self.going_on.show_for(chosen[0] if one else "")
        self.continuing.offer(self._runs.find(chosen[0]) if one else None)
        for thing in (self.again_button, self.again_action):
            thing.setEnabled(one)
        for thing in (self.bin_button, self.bin_action):
            thing.setEnabled(some)
        self.rename_action.setEnabled(len(chosen) == 1 and can_change)
        self.star_action.setEnabled(bool(chosen) and can_change)
        binned = len(self._runs.binned)
        text = self.tr("Undo: take the last run out of the bin")
        for undo in (self.undo_button, self.undo_first):
            undo.setText(text)
            undo.setVisible(bool(binned) and can_change)
            undo.setEnabled(idle)
        self.undo_action.setEnabled(bool(binned) and can_change and idle)
        self.empty_button.setText(self.tr("Empty the bin ({0})…").format(binned))
        self.empty_button.setVisible(bool(binned) and can_change)
        self.empty_button.setEnabled(idle)

    @Slot()
    def _show(self) -> None:
        for folder in self.table.chosen()[:1]:
            self._runs.show(folder)

    @Slot()
    def _on_opened(self) -> None:
        if self.show_action.isEnabled():
            self._show()

    @Slot()
    def _again(self) -> None:
        for folder in self.table.chosen()[:1]:
            self._runs.do_again(folder)

    @Slot()
    def _rename(self) -> None:
        self.table.rename()

    @Slot()
    def _star(self) -> None:
        chosen = self.table.chosen()
        starred = not all(self._runs.entry(folder).starred for folder in chosen)
        for folder in chosen:
            self._runs.star(folder, starred)

    @Slot()
    def _bin(self) -> None:
        self._runs.bin(self.table.chosen())

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.show_action, *self.going_on.actions_of_menu])
        menu.addActions([self.continuing.action, self.again_action])
        menu.addSeparator()
        menu.addActions([self.rename_action, self.star_action])
        menu.addSeparator()
        menu.addActions([self.bin_action, self.undo_action])
        menu.popup(self.table.viewport().mapToGlobal(place))

    @Slot()
    def _ask_to_empty(self) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Empty the bin?"))
        box.setText(self.tr("Delete the runs in the bin for good?"))
        box.setInformativeText(
            self.tr(
                "Runs in the bin: {0}. Their models and results are gone then."
            ).format(len(self._runs.binned))
        )
        self.delete_button = QPushButton(self.tr("Delete for good"))
        self.keep_button = QPushButton(self.tr("Keep them"))
        box.addButton(self.delete_button, QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(self.keep_button, QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(self.keep_button)
        box.setEscapeButton(self.keep_button)
        self.delete_button.clicked.connect(self._runs.empty_bin)
        box.open()

    def showEvent(self, event: QShowEvent) -> None:
        """Takes what others have done to the runs in the meantime."""
        super().showEvent(event)
        self._runs.read_again()

    def hideEvent(self, event: QHideEvent) -> None:
        """Watches others no longer."""
        super().hideEvent(event)
        self._timer.stop()

    def changeEvent(self, event: QEvent) -> None:
        """Takes new colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_plot()
