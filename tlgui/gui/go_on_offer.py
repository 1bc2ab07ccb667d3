"""Offers to go on with a run that failed although nothing is wrong with it."""

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from tlgui.core.events import Failure
from tlgui.core.spec import TrainingSpec
from tlgui.gui import controls
from tlgui.gui.session import Session, Status


def half_at_once(spec: TrainingSpec, at_once: int = 0) -> int:
    """Half of what went through the model at once; at least 1.

    Args:
        spec: of the run.
        at_once: the most samples at once so far; 0 for whole batches.
    """
    return max(1, (at_once or spec.batch_size) // 2)


class GoOnOffer(QWidget):
    """Buttons to go on from the last checkpoint, with fewer photos at a time or not.

    Shown while the last run has failed because memory ran out or the engine was lost.

    Signals:
        changed: it is shown now, or no more.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._spec = session.spec
        self.text = controls.label("", "muted", wrap=True)
        self.fewer = controls.button("", "primary")
        self.same = controls.button("")
        self.setLayout(
            controls.column(self.text, controls.row(self.fewer, self.same, None))
        )
        self.fewer.clicked.connect(self._on_fewer)
        self.same.clicked.connect(self._on_same)
        session.run.started.connect(self._on_run_started)
        for changed in (
            session.status_changed,
            session.run.ended,
            session.run.emptied,
            session.dataset_changed,
        ):
            changed.connect(self.show_state)
        self.is_on = False
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Offers what can be done now."""
        failure = self._failure()
        was_on, self.is_on = self.is_on, failure is not Failure.NONE
        self.setVisible(self.is_on)
        if self.is_on:
            self._tell(failure)
        if was_on != self.is_on:
            self.changed.emit()

    def _failure(self) -> Failure:
        session = self._session
        is_idle = session.status is Status.IDLE and not session.search.is_latest
        if not is_idle or session.run.job_ending is None or session.run.plan is None:
            return Failure.NONE
        return session.run.job_ending.failure

    def _tell(self, failure: Failure) -> None:
        lacks_memory = failure is Failure.MEMORY
        text = self.tr("Nothing is lost: the run goes on where it was kept last.")
        if lacks_memory:
            text = self.tr(
                "Nothing is lost: the run goes on where it was kept last. Fewer photos "
                "at a time need less memory and a little longer; every step still "
                "learns from a whole batch."
            )
        self.text.setText(text)
        fewer = self.tr("Go on with {0} photos at a time")
        if self._fewer() == 1:
            fewer = self.tr("Go on with one photo at a time")
        self.fewer.setText(fewer.format(self._fewer()))
        self.fewer.setVisible(lacks_memory)
        self.same.setText(
            self.tr("Go on with the same settings")
            if lacks_memory
            else self.tr("Go on")
        )
        can = not self._session.trouble()
        self.fewer.setEnabled(can)
        self.same.setEnabled(can)

    def _fewer(self) -> int:
        plan = self._session.run.plan
        return half_at_once(self._spec, 0 if plan is None else plan.at_once)

    @Slot()
    def _on_run_started(self) -> None:
        self._spec = self._session.spec

    @Slot()
    def _on_fewer(self) -> None:
        self._go_on(self._fewer())

    @Slot()
    def _on_same(self) -> None:
        self._go_on(0)

    def _go_on(self, at_once: int) -> None:
        plan = self._session.run.plan
        if plan is None:
            return
        # The settings may have been changed since; the run's own hold.
        values = vars(self._spec) | {"data": self._session.spec.data}
        self._session.change_spec(**values)
        self._session.go_on(Path(plan.run), at_once)
