"""What the run is doing, how far it is, and how long it takes."""

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QProgressBar, QWidget

from tlgui.core import timing
from tlgui.core.course import RunCourse
from tlgui.core.dataset import TRAIN
from tlgui.core.events import BatchEnded, EpochEnded, Event, ProgressMade, Stage
from tlgui.core.history import EpochRecord
from tlgui.core.phases import plan_phases
from tlgui.gui import controls
from tlgui.gui.durations import duration_text
from tlgui.gui.elided_label import ElidedLabel
from tlgui.gui.percent import percent
from tlgui.gui.run_sentence import RunSentence
from tlgui.gui.session import Session, Status
from tlgui.gui.source_sentence import SourceSentence

_FULL = 1_000
_PREPARED = 50
_TRAINED = 970
_TICK_MS = 500
_GETTING_READY = (Stage.DOWNLOADING, Stage.COMPARING, Stage.READING)


class RunStatus(QWidget):
    """One sentence, a bar over the whole run, and the times.

    Args:
        session: what it tells about.
        clock: seconds that only grow; tests bring their own.
    """

    def __init__(
        self, session: Session, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._session = session
        self._run = session.run
        self._clock = clock
        self._began = 0.0
        self._course = RunCourse()
        self._words = RunSentence(session, self)
        self._source_words = SourceSentence(session.run, self)
        self.sentence = controls.label("", "heading", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, _FULL)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the run"))
        self.details = controls.label("", "small", wrap=True)
        self.source = ElidedLabel("small")
        told = controls.column(self.details, self.source, gap=0)
        self.setLayout(controls.column(self.sentence, self.bar, told, gap=6))
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self.show_state)
        session.status_changed.connect(self._on_status)
        session.run.emptied.connect(self._on_emptied)
        session.run.stage_changed.connect(self._on_stage)
        session.run.started.connect(self._on_plan)
        session.run.source_chosen.connect(self._on_source)
        session.run.batch_ended.connect(self._on_batch)
        session.run.epoch_ended.connect(self._on_epoch)
        for changed in (
            session.run.opened,
            session.starts.changed,
            session.starts.import_changed,
            session.dataset_changed,
            session.spec_changed,
            session.engine_changed,
            session.search.changed,
        ):
            changed.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Tells of the session as it is now."""
        text = self._words.text()
        if text != self.sentence.text():
            self.sentence.setText(text)
            self.setAccessibleName(text)
        role = self._words.role()
        if role != self.sentence.property("role"):
            controls.set_role(self.sentence, role)
        running = self._session.status is not Status.IDLE
        self.bar.setVisible(running)
        if running:
            self.bar.setValue(max(self._bar_value(), self.bar.value()))
        details = self._times() if running else self._idle_details()
        self.details.setText(details)
        self.details.setVisible(bool(details))
        self._show_source(self._source_words.text() if running else "")
        self.sentence.setToolTip(self._interval())

    def _show_source(self, text: str) -> None:
        if text != self.source.accessibleName():
            self.source.show_text(text)
        whole = f"{text} {self._source_words.explained()}".strip()
        self.source.setToolTip(whole)  # again and again: the label sets its own
        self.source.setVisible(bool(text))

    @Slot()
    def _on_status(self) -> None:
        if self._session.status is Status.RUNNING:
            self._began = self._clock()
            self._course = RunCourse()
            self.bar.reset()
            self.bar.setValue(0)
            self._timer.start()
        elif self._session.status is Status.IDLE:
            self._timer.stop()
        self.show_state()

    @Slot()
    def _on_emptied(self) -> None:
        """Another run: an automatic training makes several."""
        self._course = RunCourse()
        self.bar.reset()
        self.show_state()

    @Slot()
    def _on_stage(self) -> None:
        stage, (done, total) = self._run.stage, self._run.progress
        if stage is not None and total:
            self._follow(ProgressMade(stage, done, total))
        self.show_state()

    @Slot()
    def _on_plan(self) -> None:
        self._follow(self._run.plan)
        self.show_state()

    @Slot()
    def _on_source(self) -> None:
        self._follow(self._run.source)
        self.show_state()

    @Slot(object)
    def _on_batch(self, event: BatchEnded) -> None:
        self._follow(event)

    @Slot(object)
    def _on_epoch(self, record: EpochRecord) -> None:
        self._follow(EpochEnded(record))
        self.show_state()

    def _follow(self, event: Event | None) -> None:
        if event is not None:
            self._course.follow(event, self._clock())

    def _bar_value(self) -> int:
        run = self._run
        if run.plan is None or not (run.history or run.batches):
            done, total = run.progress
            reading = run.stage in _GETTING_READY and total
            return round(_PREPARED * done / total) if reading else 0
        share = timing.share_done(
            run.plan.epochs, len(run.history), self._epoch_share()
        )
        # During the first epoch the pace may still change, and a bar never goes back.
        if self._has_one_phase() and run.history:
            share = self._course.share_done(self._clock()) or share
        return _PREPARED + round((_TRAINED - _PREPARED) * share)

    def _epoch_share(self) -> float:
        """The share of the current epoch's steps that ended."""
        batches = self._run.batches
        if not batches or batches[-1].epoch <= len(self._run.history):
            return 0.0
        return batches[-1].step / max(1, batches[-1].steps)

    def _times(self) -> str:
        finished = [record.seconds for record in self._run.history]
        parts = [self.tr("{0} so far").format(duration_text(self._elapsed()))]
        usual = timing.usual_seconds(finished)
        if usual is not None:
            parts.append(self.tr("{0} an epoch").format(duration_text(usual)))
        left = self._left(len(finished))
        if left is not None:
            text = self.tr("about {0} left")
            if self._is_limit():
                text = self.tr("at most about {0} left")
            parts.append(text.format(duration_text(timing.rounded_up(left))))
        return " · ".join(parts)

    def _is_limit(self) -> bool:
        """Whether the run may well end before the estimate says so."""
        if self._session.spec.patience:
            return True
        return self._course.is_limit and self._has_one_phase()

    def _has_one_phase(self) -> bool:
        """Whether epochs to come are like those that were; blocks make them slower."""
        return len(plan_phases(self._session.spec)) == 1

    def _elapsed(self) -> int:
        return max(0, int(self._clock() - self._began))

    def _left(self, finished: int) -> float | None:
        plan = self._run.plan
        stopping = self._session.status is Status.STOPPING
        if plan is None or stopping or finished >= plan.epochs:
            return None
        return self._course.seconds_left(self._clock())

    def _idle_details(self) -> str:
        session, run = self._session, self._run
        if run.ending or run.job_ending or run.history or session.trouble():
            return ""
        assert session.dataset is not None
        blocks = len(session.spec.trainable)
        changing = self.tr("only the head is trained")
        if blocks:
            every = len(session.backbone.blocks)
            text = self.tr("trained: the head and {0} of {1} blocks")
            changing = text.format(blocks, every)
        photos = self.tr("{0} photos").format(len(session.dataset.samples[TRAIN]))
        return " · ".join((photos, session.backbone.title, changing))

    def _interval(self) -> str:
        evaluation = self._run.evaluation
        if evaluation is None or not evaluation.answers:
            return ""
        low, high = evaluation.interval
        text = self.tr(
            "With so many photos, the true share lies between {0} and {1} "
            "(95 % confidence)."
        )
        return text.format(percent(low, 0), percent(high, 0))
