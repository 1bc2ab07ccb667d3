"""Brings the pages back as they were when the project was last open."""

from PySide6.QtCore import QObject, Slot

from tlgui.gui.model_page import ModelPage
from tlgui.gui.project_state import ProjectState
from tlgui.gui.result_page import ResultPage
from tlgui.gui.training_page import TrainingPage

# As noted in a project; never the places of views, which may change.
RESULT_VIEWS = ("mistakes", "classes", "try", "files")


class ProjectView(QObject):
    """Notes what is unfolded and which view of the result is in front."""

    def __init__(
        self,
        state: ProjectState,
        model: ModelPage,
        training: TrainingPage,
        result: ResultPage,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._fold = training.settings.more
        self._layers = model.panel.show_layers
        self._result = result
        self._fold.toggled.connect(self._on_fold)
        self._layers.toggled.connect(self._on_layers)
        result.chips.idToggled.connect(self._on_result_view)

    def restore(self) -> None:
        """Shows what the project notes."""
        view = self._state.project.view
        self._fold.setChecked(view.unfolded)
        self._layers.setChecked(view.layers)
        if view.result in RESULT_VIEWS:
            chip = self._result.chips.button(RESULT_VIEWS.index(view.result))
            if chip.isEnabled():
                chip.setChecked(True)

    @Slot(bool)
    def _on_fold(self, unfolded: bool) -> None:
        self._state.change_view(unfolded=unfolded)

    @Slot(bool)
    def _on_layers(self, shown: bool) -> None:
        self._state.change_view(layers=shown)

    @Slot(int, bool)
    def _on_result_view(self, place: int, on: bool) -> None:
        if on:
            self._state.change_view(result=RESULT_VIEWS[place])
