"""What stands against a training at this moment, in sentences."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from tlgui.core.errors import TlguiError
from tlgui.core.scan import check_trainable
from tlgui.gui.session_states import Status

if TYPE_CHECKING:
    from tlgui.gui.session import Session


class Obstacles(QObject):
    """Looks at a session and says what is in the way."""

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session

    def occupied(self) -> str:
        """What the engine is busy with; "" while it is free."""
        if self._session.status is not Status.IDLE:
            return self.tr("A model is training. Wait for its end, or stop it first.")
        if self._session.answers.are_coming:
            return self.tr("Photos are being named. Try again when that is done.")
        return self._looking()

    def to_starting(self) -> str:
        """What is in the way of a new training."""
        session = self._session
        obstacle = self.to_any_run()
        if obstacle or not session.starts.is_missing:
            return obstacle
        return self.tr(
            "The model to start from is not there any more: {folder}. Choose another "
            "one under Model."
        ).format(folder=session.spec.start)

    def to_any_run(self) -> str:
        """What is in the way of every run, one that goes on included."""
        session = self._session
        if session.home.obstacle:
            return session.home.obstacle
        if session.dataset is None and session.scan.is_under_way:
            return self.tr("The photos are being read. One moment.")
        if looking := self._looking():
            return looking
        if session.dataset is None:
            return self.tr("Choose a folder of photos first.")
        try:
            check_trainable(session.dataset)
            session.spec.check()
        except TlguiError as error:
            return str(error)
        return ""

    def to_comparing(self) -> str:
        """What is in the way of comparing models by the present photos."""
        dataset = self._session.dataset
        if (busy := self.occupied()) or dataset is None:
            return busy or self.tr("Choose a folder of photos first.")
        if not dataset.is_multilabel:
            return ""
        return self.tr(
            "Models can be compared only where each photo shows exactly one class. "
            "Choose one, train with it, and compare the runs."
        )

    def _looking(self) -> str:
        """What the engine looks at beside trainings; "" for nothing."""
        if self._session.starts.importing is not None:
            return self.tr("A model file is being looked at. One moment.")
        if self._session.comparison.is_running:
            return self.tr("Models are being compared. One moment, or stop that first.")
        if self._session.rate_search.is_running:
            return self.tr("Learning rates are being tested. One moment.")
        return ""
