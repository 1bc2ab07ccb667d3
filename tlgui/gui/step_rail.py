"""The four steps at the left of the window, and how the engine is."""

from PySide6.QtCore import QDir, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tlgui.core.layers import describe_trainable
from tlgui.gui.controls import SMALL_GAP, column, label, line
from tlgui.gui.elided_label import ElidedLabel
from tlgui.gui.percent import percent
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.session import EngineState, Session, Status
from tlgui.gui.step_icons import list_icon, step_icon

RAIL_WIDTH = 216
_ICON = 26
_RUNS = 4


class StepRail(QFrame):
    """Shows where one is on the way from photos to a result.

    Signals:
        step_chosen(int): a step was clicked.
    """

    step_chosen = Signal(int)

    def __init__(
        self,
        session: Session,
        projects: ProjectSession,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._projects = projects
        self.setProperty("role", "rail")
        self.setFixedWidth(RAIL_WIDTH)
        self.steps = QButtonGroup(self)
        self.summaries: list[QLabel] = []
        self._titles = (
            self.tr("Photos"),
            self.tr("Model"),
            self.tr("Training"),
            self.tr("Result"),
            self.tr("Runs"),
        )
        self.project = ElidedLabel("small")
        self.engine = label("", "small", wrap=True)
        rail = column(gap=0, margin=14)
        rail.addWidget(label(self.tr("Transfer Learning\nStudio"), "heading"))
        rail.addSpacing(2)
        rail.addWidget(self.project)
        rail.addSpacing(12)
        for index, title in enumerate(self._titles):
            if index == _RUNS:
                rail.addWidget(line())
                rail.addSpacing(SMALL_GAP)
            self._add_step(rail, index, title)
        rail.addStretch(1)
        rail.addWidget(line())
        rail.addSpacing(SMALL_GAP)
        rail.addWidget(self.engine)
        rail.addWidget(
            label(self.tr("Nothing leaves this computer."), "small", wrap=True)
        )
        self.setLayout(rail)
        self.steps.idClicked.connect(self.step_chosen)
        self._connect()
        self._show_summaries()
        self._show_project()
        self._show_engine()

    def _add_step(self, rail: QVBoxLayout, index: int, title: str) -> None:
        step = QToolButton()
        step.setProperty("role", "step")
        step.setCheckable(True)
        step.setText(title)
        step.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        step.setIconSize(QSize(_ICON, _ICON))
        policy = QSizePolicy.Policy
        step.setSizePolicy(policy.Expanding, policy.Fixed)
        step.setShortcut(f"Ctrl+{index + 1}")
        step.setToolTip(
            self.tr("{title} (Ctrl+{number})").format(title=title, number=index + 1)
        )
        summary = label("", "small", wrap=True)
        summary.setContentsMargins(43, 0, 4, 12)
        self.summaries.append(summary)
        self.steps.addButton(step, index)
        rail.addWidget(step)
        rail.addWidget(summary)

    def _connect(self) -> None:
        session = self._session
        for signal in (
            session.dataset_changed,
            session.spec_changed,
            session.status_changed,
            session.run.emptied,
            session.run.ended,
            session.run.opened,
            session.scan.started,
            session.scan.ended,
            session.run.epoch_ended,
            session.starts.changed,
        ):
            signal.connect(self._show_summaries)
        session.engine_changed.connect(self._show_engine)
        session.status_changed.connect(self._show_engine)
        self._projects.runs.changed.connect(self._show_summaries)
        self._projects.state.moved.connect(self._show_project)

    def show_step(self, index: int) -> None:
        """Marks a step as the present one."""
        self.steps.button(index).setChecked(True)

    @Slot()
    def _show_summaries(self) -> None:
        texts = (
            self._about_photos(),
            self._about_model(),
            self._about_training(),
            self._about_result(),
            self._about_runs(),
        )
        done = (
            self._session.dataset is not None,
            self._session.dataset is not None,
            bool(self._session.run.history) and self._session.status is Status.IDLE,
            self._session.run.has_result,
            False,
        )
        for index, (text, is_done) in enumerate(zip(texts, done, strict=True)):
            self.summaries[index].setText(text)
            self.steps.button(index).setIcon(self._icon(index, is_done))

    def _icon(self, index: int, is_done: bool) -> QIcon:
        if index == _RUNS:
            return list_icon(_ICON)
        return step_icon(str(index + 1), _ICON, done=is_done)

    @Slot()
    def _show_project(self) -> None:
        state = self._projects.state
        text = state.name or self.tr("Project without a name")
        if state.read_only:
            text = self.tr("For reading only: {0}").format(text)
        self.project.show_text(text)
        place = (
            "" if state.folder is None else QDir.toNativeSeparators(str(state.folder))
        )
        self.project.setToolTip(
            place
            or self.tr(
                "The project gets a name and a folder when the first training begins."
            )
        )

    def _about_photos(self) -> str:
        dataset = self._session.dataset
        if dataset is None and self._session.scan.is_under_way:
            return self.tr("Reading …")
        if dataset is None:
            return self.tr("Choose a folder")
        return self.tr("{photos} photos, {classes} classes").format(
            photos=len(dataset), classes=len(dataset.class_names)
        )

    def _about_model(self) -> str:
        backbone = self._session.backbone
        chosen = self._session.spec.trainable
        what = describe_trainable(chosen, backbone.blocks)
        if not chosen:
            freedom = self.tr("only the head learns")
        elif what == "all":
            freedom = self.tr("everything learns")
        else:
            freedom = self.tr("head and {count} of {blocks} blocks learn").format(
                count=len(chosen), blocks=len(backbone.blocks)
            )
        own = self._session.starts.chosen
        if own is not None:
            freedom = self.tr("from {0}").format(own.title) + f"\n{freedom}"
        return f"{backbone.title}\n{freedom}"

    def _about_training(self) -> str:
        session = self._session
        planned = session.run.plan.epochs if session.run.plan else session.spec.epochs
        if session.status is Status.STOPPING:
            return self.tr("Stopping …")
        if session.status is Status.RUNNING:
            return self.tr("Epoch {epoch} of {epochs}").format(
                epoch=min(len(session.run.history) + 1, planned), epochs=planned
            )
        if session.run.history:
            return self.tr("{done} of {epochs} epochs done").format(
                done=len(session.run.history), epochs=planned
            )
        return self.tr("Not started")

    def _about_result(self) -> str:
        evaluation = self._session.run.evaluation
        if evaluation is None:
            return self.tr("None yet")
        return self.tr("{share} right").format(share=percent(evaluation.accuracy))

    def _about_runs(self) -> str:
        count = len(self._projects.runs.runs)
        if not count:
            return self.tr("None yet")
        if count == 1:
            return self.tr("1 in this project")
        return self.tr("{count} in this project").format(count=count)

    @Slot()
    def _show_engine(self) -> None:
        if self._session.status is not Status.IDLE:
            self.engine.setText(self.tr("Training …"))
            return
        self.engine.setText(
            {
                EngineState.STARTING: self.tr("Getting ready to train …"),
                EngineState.READY: self.tr("Ready to train"),
                EngineState.LOST: self.tr("The training part did not start"),
            }[self._session.engine]
        )
        self.engine.setToolTip(
            self.tr(
                "Training runs in a process of its own (TensorFlow), so that this "
                "window never waits for it."
            )
        )
