"""The page on which a model is trained and watched."""

import sys

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QSplitter, QStackedWidget, QWidget

from tlgui.core.events import Stop
from tlgui.gui import controls
from tlgui.gui.automatic_button import AutomaticButton
from tlgui.gui.go_on_offer import GoOnOffer
from tlgui.gui.live_plots import LivePlots
from tlgui.gui.made_up_run import play_made_up_runs
from tlgui.gui.preview import show_page
from tlgui.gui.run_status import RunStatus
from tlgui.gui.search_view import SearchView
from tlgui.gui.session import Session, Status
from tlgui.gui.settings_form import SettingsForm
from tlgui.gui.start_line import StartLine
from tlgui.gui.stop_dialog import StopDialog

_FORM_WIDTH = 372


class TrainingPage(QWidget):
    """Settings at the left; start, progress and live plots at the right."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._dialog: StopDialog | None = None
        self.settings = SettingsForm(session)
        self.status = RunStatus(session)
        self.origin = StartLine(session)
        self.plots = LivePlots(session.run)
        self.search = SearchView(session)
        self.start = controls.button(self.tr("Start training"), "primary")
        self.start.setToolTip(self.tr("F5"))
        self.automatic = AutomaticButton()
        self.keep = controls.button(self.tr("Stop and keep"))
        self.keep.setToolTip(
            self.tr("Ends after this batch and keeps the best model so far.")
        )
        self.drop = controls.button(self.tr("Stop"))
        self.drop.setToolTip(self.tr("Ends after this batch. No model is kept. Esc"))
        self.reason = controls.label("", "warning", wrap=True)
        self.offer = GoOnOffer(session)
        self._lay_out()
        self._connect()
        self.show_state()

    def _lay_out(self) -> None:
        buttons = controls.row(self.automatic, self.drop, self.start, self.keep)
        head = controls.row(self.status, buttons, gap=controls.GAP)
        head.setStretch(0, 1)
        run = controls.card(controls.column(head, self.origin, self.reason, self.offer))
        self._views = QStackedWidget()
        self._views.addWidget(self.plots)
        self._views.addWidget(self.search)
        plots = controls.card(controls.column(self._views))
        right = QWidget()
        column = controls.column(run, plots, gap=controls.GAP)
        column.setStretch(1, 1)
        right.setLayout(column)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(controls.GAP)
        self._splitter.addWidget(self._form_card())
        self._splitter.addWidget(right)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([_FORM_WIDTH, 10 * _FORM_WIDTH])
        title = controls.label(self.tr("Train"), "title")
        page = controls.column(
            title, self._splitter, gap=controls.GAP, margin=controls.PAGE_MARGIN
        )
        page.setStretch(1, 1)
        self.setLayout(page)

    def _form_card(self) -> QFrame:
        area = controls.scrolled(self.settings)
        layout = self.settings.layout()
        if layout is not None:
            layout.setContentsMargins(0, 0, controls.SMALL_GAP, 0)
        heading = controls.label(self.tr("Settings"), "heading")
        content = controls.column(heading, area, gap=12)
        content.setStretch(1, 1)
        card = controls.card(content)
        card.setMinimumWidth(_FORM_WIDTH)
        card.setMaximumWidth(int(1.4 * _FORM_WIDTH))
        return card

    def _connect(self) -> None:
        session = self._session
        self.start.clicked.connect(self.start_training)
        self.automatic.granted.connect(self.start_automatic)
        self.keep.clicked.connect(self.stop_and_keep)
        self.drop.clicked.connect(self.stop_and_drop)
        self.settings.validity_changed.connect(self.show_state)
        self.settings.search_asked.connect(self.show_search)
        self.search.closed.connect(self.show_curves)
        session.search.restored.connect(self._on_search_restored)
        self.offer.changed.connect(self.show_state)
        for changed in (
            session.status_changed,
            session.dataset_changed,
            session.spec_changed,
            session.starts.changed,
            session.starts.import_changed,
            session.run.epoch_ended,
            session.run.emptied,
            session.run.opened,
            session.search.changed,
        ):
            changed.connect(self.show_state)
        QShortcut(QKeySequence(Qt.Key.Key_F5), self, self.start_training)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.ask_to_stop)

    def trouble(self) -> str:
        """Why training cannot start now, as a sentence; "" when it can."""
        if not self.settings.is_valid:
            return self.tr("Correct the setting that is marked in red first.")
        return self._session.trouble()

    @Slot()
    def show_state(self) -> None:
        """Offers what can be done now."""
        status = self._session.status
        idle = status is Status.IDLE
        trouble = self.trouble() if idle else ""
        had_focus = self.start.hasFocus() or self.keep.hasFocus()
        self.start.setVisible(idle)
        self.start.setEnabled(idle and not trouble)
        self.automatic.setVisible(idle)
        self.automatic.setEnabled(idle and not trouble)
        done = bool(self._session.run.history)
        self.start.setText(
            self.tr("Train again") if idle and done else self.tr("Start training")
        )
        role = "" if self.offer.is_on else "primary"  # the offer is the better way
        if role != self.start.property("role"):
            controls.set_role(self.start, role)
        for stop in (self.keep, self.drop):  # a search has its own
            stop.setVisible(not idle and not self._session.search.is_running)
        self.keep.setEnabled(status is Status.RUNNING and done)
        self.drop.setEnabled(status is Status.RUNNING)
        self.reason.setText(trouble)
        self.reason.setVisible(bool(trouble))
        if had_focus:
            (self.start if idle else self.drop).setFocus()
        if self._dialog is not None and status is not Status.RUNNING:
            self._dialog.reject()

    @Slot()
    def show_search(self) -> None:
        """Shows the search in place of the curves."""
        self._views.setCurrentWidget(self.search)

    @Slot()
    def show_curves(self) -> None:
        """Shows the curves of the run again."""
        self._views.setCurrentWidget(self.plots)

    @property
    def shows_search(self) -> bool:
        """Whether the search stands in place of the curves."""
        return self._views.currentWidget() is self.search

    @Slot()
    def _on_search_restored(self) -> None:
        """What was interrupted is what the person comes back for."""
        if self._session.search.can_go_on:
            self.show_search()
        else:
            self.show_curves()

    @Slot()
    def start_training(self) -> None:
        """Begins a run, if nothing stands against it."""
        if self._session.status is Status.IDLE and not self.trouble():
            self.show_curves()
            # The second click of a double-click on Start must not hit Stop.
            self.keep.setMinimumWidth(self.start.width())
            self._session.start()

    @Slot(float)
    def start_automatic(self, seconds: float) -> None:
        """Lets the program find out how to train, within a time."""
        if self._session.status is Status.IDLE and not self.trouble():
            self.show_curves()
            self._session.start(seconds)

    @Slot()
    def stop_and_keep(self) -> None:
        """Ends the run and keeps the best model so far."""
        self._session.stop(Stop.KEEP)

    @Slot()
    def stop_and_drop(self) -> None:
        """Ends the run without a model; asks first if one would be lost."""
        if self._session.run.history:
            self.ask_to_stop()
        else:
            self._session.stop(Stop.DROP)

    @Slot()
    def ask_to_stop(self) -> None:
        """Asks what is to become of the model."""
        if self._session.status is not Status.RUNNING or self._dialog is not None:
            return
        if self._session.search.is_running:
            self.search.ask_for_pause()
            return
        self._dialog = StopDialog(len(self._session.run.history), self)
        self._dialog.chosen.connect(self._session.stop)
        self._dialog.finished.connect(self._on_answered)
        self._dialog.open()

    @Slot()
    def _on_answered(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


def main() -> int:
    """Shows the page alone; the runs are made up."""
    return show_page(TrainingPage, play_made_up_runs)


if __name__ == "__main__":
    sys.exit(main())
