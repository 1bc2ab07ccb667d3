"""What is going on with the run, in one sentence."""

from PySide6.QtCore import QObject

from tlgui.core.events import Outcome, RunEnded, SourceChosen, Stage
from tlgui.core.history import best_epoch
from tlgui.gui.durations import duration_text
from tlgui.gui.percent import percent
from tlgui.gui.session import EngineState, Session, Status


class RunSentence(QObject):
    """Puts the session's state into words."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._run = session.run

    def text(self) -> str:
        """One or two sentences."""
        if self._session.status is Status.STOPPING:
            return self.tr("Stopping after this batch…")
        if self._session.status is Status.RUNNING:
            return self._running()
        return self._idle()

    def role(self) -> str:
        """The style sheet's role that suits the sentence."""
        idle = self._session.status is Status.IDLE
        return "bad" if idle and self._has_failed() else "heading"

    def _running(self) -> str:
        trial = self._session.search.trial
        if trial is not None:
            text = self.tr("Trial {0} of up to {1}. {2}")
            return text.format(trial.number, trial.total, self._doing())
        attempt = self._run.attempt
        if attempt is None:
            return self._doing()
        text = self.tr("Attempt {0} of up to {1}, {2}. {3}")
        return text.format(attempt.number, attempt.total, attempt.words, self._doing())

    def _doing(self) -> str:
        stage = self._run.stage
        match stage:
            case Stage.TRAINING | Stage.VALIDATING:
                return self._epoch(stage)
            case Stage.COMPARING:
                return self._comparing()
            case Stage.DOWNLOADING:
                return self._downloading()
            case Stage.READING:
                return self._reading()
            case Stage.LOADING | Stage.TRACING if self._run.history:
                return self._between_phases()
            case Stage.LOADING:
                return self.tr("Preparing the model…")
            case Stage.TRACING:
                return self._preparing(self._run.source)
            case Stage.SAVING:
                return self.tr("Saving the best model…")
        if self._session.engine is EngineState.STARTING:
            return self.tr("Starting up. The first start takes some seconds…")
        return self.tr("Starting…")

    def _comparing(self) -> str:
        done, total = self._run.progress
        text = self.tr("Looking for the best way to train on these photos…")
        return f"{text} {100 * done // total} %" if total else text

    def _downloading(self) -> str:
        done, total = self._run.progress
        if not total:
            return self.tr("Downloading the pretrained weights. This is needed once…")
        return self.tr(
            "Downloading the pretrained weights: {0} of {1} MB. This is needed once…"
        ).format(f"{done / 1e6:.0f}", f"{max(total, done) / 1e6:.0f}")

    def _reading(self) -> str:
        done, total = self._run.progress
        if not total:
            return self.tr("Reading the photos…")
        return self.tr("Reading the photos: {0} of {1}…").format(done, total)

    def _preparing(self, source: SourceChosen | None) -> str:
        if source is not None and source.cached:
            return self.tr(
                "Getting the first photos ready. Later epochs are quicker than the "
                "first…"
            )
        return self.tr(
            "Getting the first batch ready. This takes longer than the ones "
            "that follow…"
        )

    def _between_phases(self) -> str:
        text = self.tr("From epoch {0} on, the chosen blocks learn too. Preparing…")
        return text.format(len(self._run.history) + 1)

    def _epoch(self, stage: Stage) -> str:
        plan, finished = self._run.plan, len(self._run.history)
        if plan is None:
            return self.tr("Training…")
        if finished >= plan.epochs:
            return self.tr("Checking the best model on the validation photos…")
        batches = self._run.batches
        # The stage stays when an epoch ends, until the next one's first step.
        is_under_way = bool(batches) and batches[-1].epoch > finished
        if stage is Stage.VALIDATING and is_under_way:
            text = self.tr("Epoch {0} of {1}: checking the result…")
        else:
            text = self.tr("Epoch {0} of {1}: learning…")
        return text.format(finished + 1, plan.epochs)

    def _idle(self) -> str:
        if self._has_failed():
            return self._failed()
        if self._session.search.is_latest:
            return self._searched()
        if self._run.ending is not None:
            return self._ended(self._run.ending)
        if self._run.history:
            return self._opened()
        if self._session.trouble():
            return self.tr("Not ready yet")
        return self.tr("Ready to train")

    def _searched(self) -> str:
        state = self._session.search.state
        if state is None or not state.trials:
            return self.tr("The search was stopped before its first trial was over.")
        if self._session.search.can_go_on:
            text = self.tr("The search rests after {0} of {1} trials.")
        else:
            text = self.tr("The search is over: {0} trials.")
        return text.format(len(state.trials), state.spec.trials)

    def _ended(self, ended: RunEnded) -> str:
        took = duration_text(ended.seconds)
        if ended.outcome is Outcome.COMPLETED and ended.kept:
            return self._completed(took) + " " + self._best(ended)
        if ended.kept:
            text = self.tr("Stopped after {0}; the best model was kept.").format(took)
            return text + " " + self._best(ended)
        if not ended.seconds:
            return self.tr("Stopped. Nothing was kept.")
        return self.tr("Stopped after {0}. Nothing was kept.").format(took)

    def _completed(self, took: str) -> str:
        plan, finished = self._run.plan, len(self._run.history)
        if plan is not None and 0 < finished < plan.epochs:
            text = self.tr(
                "Completed in {0}, early after {1} of {2} epochs because nothing "
                "improved any more."
            )
            return text.format(took, finished, plan.epochs)
        return self.tr("Completed in {0}.").format(took)

    def _best(self, ended: RunEnded) -> str:
        share = percent(float(ended.accuracy))
        count = self._validation_count()
        if not count:
            text = self.tr("Best after epoch {0}: {1} right.")
            return text.format(ended.best_epoch, share)
        text = self.tr("Best after epoch {0}: {1} of {2} validation photos right.")
        return text.format(ended.best_epoch, share, count)

    def _validation_count(self) -> int:
        run = self._run
        if run.evaluation is not None:
            return len(run.evaluation.answers)
        return run.plan.validation_samples if run.plan else 0

    def _has_failed(self) -> bool:
        ended = self._run.job_ending
        return ended is not None and ended.outcome is Outcome.FAILED

    def _failed(self) -> str:
        ended = self._run.job_ending
        if ended is not None and ended.trouble:
            return self.tr("The training failed. {0}").format(ended.trouble)
        return self.tr("The training failed because of a fault in this program.")

    def _opened(self) -> str:
        run, best = self._run, best_epoch(self._run.history)
        assert best is not None
        name = run.folder.name if run.folder else ""
        text = self.tr(
            "Opened “{0}”. Best after epoch {1} of {2}: {3} of the validation "
            "photos right."
        )
        share = percent(best.val_accuracy)
        return text.format(name, best.epoch, len(run.history), share)
