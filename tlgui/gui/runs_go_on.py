"""What the page of runs offers for a run that was interrupted."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tlgui.gui import controls
from tlgui.gui.go_on_offer import half_at_once
from tlgui.gui.project_runs import ProjectRuns


class RunsGoOn(QWidget):
    """Buttons to go on with the chosen run; or that it trains somewhere else.

    Attributes:
        actions_of_menu: the same for a menu.
    """

    def __init__(self, runs: ProjectRuns) -> None:
        super().__init__()
        self._runs = runs
        self._folder = ""
        self.same = controls.button(self.tr("Go on"))
        self.fewer = controls.button("")
        self.fewer.setToolTip(
            self.tr(
                "Where memory ran out: a step still learns from a whole batch, but its "
                "photos go through the model in smaller parts."
            )
        )
        self.elsewhere = controls.label(
            self.tr("Training in another window"), "warning"
        )
        self.setLayout(controls.row(self.same, self.fewer, self.elsewhere, None))
        self.same_action = QAction(self.same.text(), self)
        self.fewer_action = QAction("", self)
        self.actions_of_menu = [self.same_action, self.fewer_action]
        for thing in (self.same.clicked, self.same_action.triggered):
            thing.connect(self._on_same)
        for thing in (self.fewer.clicked, self.fewer_action.triggered):
            thing.connect(self._on_fewer)
        self.show_for("")

    def show_for(self, folder: str) -> None:
        """Offers what can be done with a run; "" for none."""
        self._folder = folder
        run = self._runs.find(folder)
        is_elsewhere = self._runs.trains_elsewhere(folder)
        can_change = self._runs.can_change and not is_elsewhere
        can = run is not None and run.can_go_on and can_change
        self._show(can, [self.same, self.same_action])
        self._show(
            can and run is not None and run.spec.batch_size > 1,
            [self.fewer, self.fewer_action],
        )
        self.elsewhere.setVisible(is_elsewhere)
        if run is not None:
            text = self.tr("Go on with {0} photos at a time")
            for thing in (self.fewer, self.fewer_action):
                thing.setText(text.format(half_at_once(run.spec)))
        self.setVisible(can or is_elsewhere)

    def _show(self, can: bool, things: list[QWidget | QAction]) -> None:
        for thing in things:
            thing.setVisible(can)
            thing.setEnabled(can)

    @Slot()
    def _on_same(self) -> None:
        self._runs.go_on(self._folder)

    @Slot()
    def _on_fewer(self) -> None:
        run = self._runs.find(self._folder)
        if run is not None:
            self._runs.go_on(self._folder, half_at_once(run.spec))
