"""A search over settings: what is searched, how it goes, what it has found."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QWidget

from tlgui.core import timing
from tlgui.core.events import Stop
from tlgui.core.search import SearchSpec, SearchState, TrialOutcome
from tlgui.gui import controls
from tlgui.gui.durations import duration_text
from tlgui.gui.percent import percent
from tlgui.gui.search_setup import SearchSetup
from tlgui.gui.session import Session, Status
from tlgui.gui.trials_plot import TrialsPlot
from tlgui.gui.trials_table import TrialsTable

_SETUP, _TRIALS = 0, 1


class SearchView(QWidget):
    """First the ticks, then the trials, live, and what can be done with the best.

    Signals:
        closed: the person wants to see the curves of the run again.
        run_asked(str): the person wants to see a run, by the name of its folder.
    """

    closed = Signal()
    run_asked = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._search = session.search
        self.title = controls.label(self.tr("Search for better settings"), "heading")
        self.close_link = controls.button(self.tr("Back to the curves"), "link")
        self.setup = SearchSetup(session)
        self.sentence = controls.label("", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the search"))
        self.details = controls.label("", "small", wrap=True)
        self.plot = TrialsPlot()
        self.table = TrialsTable()
        self.pause = controls.button(self.tr("Pause"))
        self.keep = controls.button(self.tr("Stop and keep"))
        self.go_on = controls.button(self.tr("Go on"), "primary")
        self.use = controls.button(self.tr("Use these settings"), "primary")
        self.anew = controls.button(self.tr("Search anew…"))
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self._take_state()

    def _lay_out(self) -> None:
        self.pause.setToolTip(
            self.tr("Ends after this batch. The search goes on whenever you like.")
        )
        self.keep.setToolTip(
            self.tr("Ends after this batch; the trial under way keeps its best epoch.")
        )
        self.use.setToolTip(
            self.tr("Puts the settings of the best trial into the form.")
        )
        buttons = controls.row(
            self.anew, None, self.pause, self.keep, self.go_on, self.use
        )
        trials = controls.column(
            self.sentence,
            self.bar,
            self.details,
            self.plot,
            self.table,
            gap=10,
        )
        trials.setStretch(3, 1)
        found = QWidget()
        found.setLayout(trials)
        page = QWidget()
        whole = controls.column(controls.scrolled(found), buttons, gap=10)
        page.setLayout(whole)
        self._pages.addWidget(self.setup)
        self._pages.addWidget(page)
        head = controls.row(self.title, None, self.close_link)
        layout = controls.column(head, self._pages, gap=10)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def _connect(self) -> None:
        self.close_link.clicked.connect(self.closed)
        self.setup.asked.connect(self._start)
        self.pause.clicked.connect(self.ask_for_pause)
        self.keep.clicked.connect(self._keep)
        self.go_on.clicked.connect(self._session.go_on_searching)
        self.use.clicked.connect(self.use_settings)
        self.anew.clicked.connect(self.show_setup)
        self.plot.trial_chosen.connect(self._show_run)
        self.table.trial_chosen.connect(self._show_run)
        self._search.changed.connect(self._take_state)
        self._search.restored.connect(self._on_restored)
        self._session.status_changed.connect(self.show_state)
        self._session.dataset_changed.connect(self.show_state)

    @property
    def is_setting_up(self) -> bool:
        """Whether the ticks are shown."""
        return self._pages.currentIndex() == _SETUP

    @Slot()
    def show_setup(self) -> None:
        """Shows the ticks, for another search."""
        if not self._search.is_running:
            self._pages.setCurrentIndex(_SETUP)
            self.setup.show_state()

    @Slot()
    def _on_restored(self) -> None:
        """What was searched before comes first."""
        if self._search.state is not None:
            self._pages.setCurrentIndex(_TRIALS)
            self.show_state()

    @Slot()
    def _take_state(self) -> None:
        """A search that runs is shown; so is what another one has found."""
        state = self._search.state
        if self._search.is_running:
            self._pages.setCurrentIndex(_TRIALS)
        elif state is None:
            self._pages.setCurrentIndex(_SETUP)
        trials = () if state is None else state.trials
        best = None if state is None else state.best
        planned = 0 if state is None else state.spec.trials
        self.plot.show_trials(trials, best.number if best else 0, planned)
        self.table.show_trials(trials, tuple(best.values) if best else ())
        self.table.setVisible(best is not None)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Tells how the search stands, and offers what can be done now."""
        search, state = self._search, self._search.state
        is_idle = self._session.status is Status.IDLE
        is_running = search.is_running
        self.sentence.setText(self._told(state))
        details = self._details(state)
        self.details.setText(details)
        self.details.setVisible(bool(details))
        self.bar.setVisible(is_running)
        if state is not None:
            self.bar.setRange(0, state.spec.trials)
            self.bar.setValue(len(state.trials))
        can_stop = self._session.status is Status.RUNNING
        for button in (self.pause, self.keep):
            button.setVisible(is_running)
            button.setEnabled(can_stop)
        self.go_on.setVisible(search.can_go_on)
        self.go_on.setEnabled(is_idle and self._session.dataset is not None)
        has_best = state is not None and state.best is not None
        self.use.setVisible(not is_running and has_best)
        self.use.setEnabled(is_idle)
        role = "" if search.can_go_on else "primary"
        if role != self.use.property("role"):
            controls.set_role(self.use, role)
        self.anew.setVisible(not is_running)
        self.anew.setEnabled(is_idle)
        self.close_link.setEnabled(not self.is_setting_up or is_idle)

    def _told(self, state: SearchState | None) -> str:
        if state is None:
            return self.tr("The search begins…")
        if self._search.is_running and self._session.status is Status.STOPPING:
            return self.tr("Stopping after this batch…")
        done, planned = len(state.trials), state.spec.trials
        if self._search.is_running:
            text = self.tr("Trial {0} of {1} is under way.")
            return " ".join((text.format(done + 1, planned), self._best(state))).strip()
        if state.is_over:
            text = self.tr("The search is over after {0} trials.").format(done)
        else:
            text = self.tr("The search rests after {0} of {1} trials.")
            text = text.format(done, planned)
        return " ".join((text, self._best(state))).strip()

    def _best(self, state: SearchState) -> str:
        best = state.best
        if best is None:
            return ""
        first = state.trials[0]
        text = self.tr("Best so far: {0} of {1} right ({2}), in trial {3}.")
        if state.is_over:
            text = self.tr("Best: {0} of {1} right ({2}), in trial {3}.")
        said = text.format(best.right, best.total, percent(best.accuracy), best.number)
        if first.has_model and best.number != first.number:
            more = self.tr("The settings as they were: {0}.").format(
                percent(first.accuracy)
            )
            said = f"{said} {more}"
        return said

    def _details(self, state: SearchState | None) -> str:
        if state is None or not state.trials:
            return ""
        if not self._search.is_running:
            return self.tr(
                "The trials were compared on the validation photos, so that the best "
                "share is a little flattering. A click on a trial shows its run."
            )
        counts = {o: sum(t.outcome is o for t in state.trials) for o in TrialOutcome}
        parts = [self.tr("{0} so far").format(duration_text(round(state.seconds)))]
        if counts[TrialOutcome.PRUNED]:
            text = self.tr("{0} ended early (hollow)")
            parts.append(text.format(counts[TrialOutcome.PRUNED]))
        if counts[TrialOutcome.FAILED]:
            parts.append(self.tr("{0} failed").format(counts[TrialOutcome.FAILED]))
        left = state.seconds_left
        if left is not None and self._session.status is Status.RUNNING:
            text = self.tr("about {0} left")
            parts.append(text.format(duration_text(timing.rounded_up(left))))
        return " · ".join(parts)

    @Slot(object)
    def _start(self, spec: SearchSpec) -> None:
        self._session.search_settings(spec)

    @Slot()
    def ask_for_pause(self) -> None:
        """Pauses the search; nothing is lost, so that nothing is asked."""
        self._session.stop(Stop.PAUSE)

    @Slot()
    def _keep(self) -> None:
        self._session.stop(Stop.KEEP)

    @Slot()
    def use_settings(self) -> None:
        """Puts the settings of the best trial into the form."""
        state = self._search.state
        if state is None or self._session.status is not Status.IDLE:
            return
        won, base = state.winning_spec(), self._session.spec
        changes = {**vars(won), "data": base.data, "task": base.task}
        self._session.change_spec(**changes)
        best = state.best
        if best is not None:
            text = self.tr("The settings of trial {0} are in the form now.")
            self._session.noticed.emit(text.format(best.number))

    @Slot(int)
    def _show_run(self, number: int) -> None:
        state = self._search.state
        if state is None or self._session.status is not Status.IDLE:
            return
        trial = state.trials[number - 1]
        if not trial.has_model:  # there are only curves to see
            self.closed.emit()
        self.run_asked.emit(trial.run)
