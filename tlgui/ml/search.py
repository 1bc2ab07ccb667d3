"""A search over settings: one trial after the other, each an ordinary run."""

import dataclasses
import math
import time
from pathlib import Path

from tlgui.core import storage
from tlgui.core.catalogue import find_backbone
from tlgui.core.checkpoint import FOLDER as CHECKPOINTS
from tlgui.core.checkpoint import Checkpoints
from tlgui.core.dataset import VALIDATION, Dataset
from tlgui.core.errors import DivergedError, TlguiError, is_out_of_memory
from tlgui.core.events import (
    Emit,
    EpochEnded,
    Event,
    Stage,
    StageChanged,
    Stop,
    StopRequest,
    never_stop,
)
from tlgui.core.history import EpochRecord, best_epoch
from tlgui.core.run import open_run
from tlgui.core.search import Begun, SearchState, Trial, TrialOutcome
from tlgui.core.search_events import SearchBegan, SearchEnded, TrialBegan, TrialEnded
from tlgui.core.search_file import SearchLock, run_name, write_search
from tlgui.core.search_space import LABEL_SMOOTHING, applied
from tlgui.core.spec import TrainingSpec
from tlgui.ml.fetching import fetch_weights
from tlgui.ml.preparing import fitted, prepare_data
from tlgui.ml.proposals import Judge, propose
from tlgui.ml.training import resume, train

# As good as an epoch whose loss is no number.
_WORST = -1e9
# A trial that ended the program so often, without an epoch in between, is given up.
_MOST_BEGUN = 3


def search_settings(
    state: SearchState,
    file: Path,
    emit: Emit,
    stop: StopRequest = never_stop,
    dataset: Dataset | None = None,
) -> SearchState:
    """Tries settings until the trials or the time are used up.

    The search is written after every trial and before the next, so that it goes on
    after whatever has ended it, with the trial that was under way, to the trials that
    would have come. A trial that is behind is dropped (see `Judge`), one that the end
    of the time meets keeps its best epoch. A trial that cannot be trained, because
    memory runs out or its steps are too large, is noted, and the search goes on.

    Args:
        state: a new search, or one that goes on; see `tlgui.core.search_file`.
        file: in which the search is kept. Its runs lie beside it.
        emit: told the events of all runs, between those of the search.
        stop: asked between batches. `Stop.KEEP` ends the trial under way with its best
            epoch; any other stop pauses it. Either way the search can go on.
        dataset: the scanned data, if it was scanned already.

    Returns:
        The search with all its trials; the same was in the last event.

    Raises:
        Stopped: it was stopped before its first trial began.
        TlguiError: the data do not do, or the search goes on elsewhere.
    """
    lock = SearchLock(file)
    try:
        storage.drop_drafts(file)  # of a writer that was killed
        emit(SearchBegan(str(file), state))
        found = _Search(state, file, emit, stop).run(dataset)
    finally:
        lock.release()
    emit(SearchEnded(str(file), found))
    return found


class _Search:
    """One search under way."""

    def __init__(
        self, state: SearchState, file: Path, emit: Emit, stop: StopRequest
    ) -> None:
        self._state = state
        self._file = file
        self._emit = emit
        self._stop = stop
        self._spent = state.seconds
        self._started = time.monotonic()
        self._deadline = math.inf
        if state.spec.seconds:
            self._deadline = self._started + state.spec.seconds - state.seconds

    def run(self, dataset: Dataset | None) -> SearchState:
        """Trial after trial; the state is on the disk whenever this ends."""
        if self._state.is_over:
            return self._state
        base = self._state.spec.base
        fetch_weights(find_backbone(base.backbone), self._emit, self._stop)
        self._emit(StageChanged(Stage.READING))
        prepared = prepare_data(base, self._emit, self._stop, dataset)
        while self._stop() is None and not self._state.is_over:
            if not self._begin() or not self._try(prepared):
                break
        return self._state

    def _begin(self) -> bool:
        """Notes the next trial, or the interrupted one; False if none is left."""
        begun = self._state.begun
        if begun is None:
            values = propose(self._state)
            if values is None:
                self._keep(dataclasses.replace(self._state, is_exhausted=True))
                return False
            begun = Begun(len(self._state.trials) + 1, values)
        else:
            epochs = len(self._history(begun.number))
            times = begun.times + 1 if epochs == begun.epochs else 1
            begun = dataclasses.replace(begun, epochs=epochs, times=times)
        self._keep(dataclasses.replace(self._state, begun=begun))
        return True

    def _try(self, dataset: Dataset) -> bool:
        """Trains the trial that has begun; False if it was stopped before its end."""
        begun = self._state.begun
        assert begun is not None
        total = self._state.spec.trials
        self._emit(TrialBegan(begun.number, total, begun.values))
        watch = _Watch(self._state, self._emit, self._stop, self._deadline)
        started = time.monotonic()
        trial = self._trained(begun, watch, dataset)
        if trial is None:
            # Beginning again after a pause is not beginning too often.
            paused = dataclasses.replace(begun, times=0)
            is_late = self._stop() is None  # it met the end of the time at its start
            begun_yet = None if is_late else paused
            self._keep(dataclasses.replace(self._state, begun=begun_yet))
            return False
        trial = dataclasses.replace(trial, seconds=time.monotonic() - started)
        self._keep(self._state.with_trial(trial))
        if trial.outcome is TrialOutcome.FAILED:
            self._forget_checkpoints(trial)
        self._emit(TrialEnded(trial))
        return True

    def _trained(self, begun: Begun, watch: "_Watch", dataset: Dataset) -> Trial | None:
        """Trains a trial, or what is left of it; None if it was paused."""
        spec = fitted(applied(self._state.spec.base, begun.values), dataset)
        if begun.times > _MOST_BEGUN:
            return self._failed(
                begun,
                f"The program was ended {begun.times - 1} times while it trained this, "
                "most likely because memory ran out.",
            )
        try:
            self._run(spec, self._folder(begun.number), watch, dataset)
        except DivergedError as error:
            return self._failed(begun, str(error))
        except Exception as error:
            if is_out_of_memory(error):
                return self._failed(begun, "The computer's memory was not enough.")
            raise
        return self._result(begun, watch, dataset)

    def _run(
        self, spec: TrainingSpec, folder: Path, watch: "_Watch", dataset: Dataset
    ) -> None:
        """Trains a run, or what is left of it; nothing if it is over."""
        if not folder.exists():
            train(spec, folder, watch.emit, watch.asked, dataset)
            return
        if open_run(folder).spec != spec:
            raise TlguiError(
                f"Expected a trial of the search in {folder}, but found a run of other "
                "settings. Choose another folder."
            )
        if (folder / CHECKPOINTS).is_dir() and not open_run(folder).model_file.exists():
            resume(folder, watch.emit, watch.asked, dataset)

    def _result(self, begun: Begun, watch: "_Watch", dataset: Dataset) -> Trial | None:
        """What the run folder says of a trial; None if it is not over."""
        folder = self._folder(begun.number)
        if not folder.exists():  # stopped before there was one
            return None
        run = open_run(folder)
        history = run.history()
        course = tuple(watch.worth(record) for record in history)
        trial = Trial(
            *(begun.number, begun.values, TrialOutcome.FINISHED, folder.name),
            course=course,
        )
        if run.model_file.exists():
            evaluation = run.evaluation()
            is_cut = len(history) < run.spec.epochs and not run.spec.patience
            return dataclasses.replace(
                trial,
                outcome=TrialOutcome.CUT if is_cut else TrialOutcome.FINISHED,
                right=evaluation.right,
                total=len(evaluation.answers),
                loss=evaluation.loss,
            )
        best = best_epoch(history)
        if (folder / CHECKPOINTS).is_dir() or best is None:
            return None
        total = len(dataset.samples[VALIDATION])
        return dataclasses.replace(
            trial,
            outcome=TrialOutcome.PRUNED,
            right=round(best.val_accuracy * total),
            total=total,
            loss=best.val_loss,
        )

    def _failed(self, begun: Begun, trouble: str) -> Trial:
        folder = self._folder(begun.number)
        run = folder.name if folder.exists() else ""
        failed = TrialOutcome.FAILED
        return Trial(begun.number, begun.values, failed, run, trouble=trouble)

    def _forget_checkpoints(self, trial: Trial) -> None:
        """Nobody is to be offered to go on with what cannot be trained."""
        if trial.run:
            Checkpoints(self._file.parent / trial.run).clear()

    def _history(self, number: int) -> tuple[EpochRecord, ...]:
        folder = self._folder(number)
        return open_run(folder).history() if folder.exists() else ()

    def _folder(self, number: int) -> Path:
        return self._file.parent / run_name(self._file, number)

    def _keep(self, state: SearchState) -> None:
        seconds = self._spent + time.monotonic() - self._started
        self._state = dataclasses.replace(state, seconds=seconds)
        write_search(self._file, self._state)


class _Watch:
    """Follows a trial while it trains, and ends it if it is behind."""

    def __init__(
        self, state: SearchState, emit: Emit, stop: StopRequest, deadline: float
    ) -> None:
        self._emit = emit
        self._stop = stop
        self._deadline = deadline
        self._judge = Judge(state)
        # Losses with more and with less smoothing cannot be compared.
        self._by_accuracy = LABEL_SMOOTHING in dict(state.spec.ranges)
        self._course: list[float] = []
        self._is_behind = False

    def worth(self, record: EpochRecord) -> float:
        """How good an epoch was, the larger the better."""
        worth = record.val_accuracy if self._by_accuracy else -record.val_loss
        return worth if math.isfinite(worth) else _WORST

    def emit(self, event: Event) -> None:
        """Passes on what a run tells."""
        self._emit(event)
        if isinstance(event, EpochEnded):
            self._course.append(self.worth(event.record))
            self._is_behind = self._judge.is_behind(self._course)

    def asked(self) -> Stop | None:
        """Whether and how the trial is to end."""
        if self._is_behind:
            return Stop.DROP
        is_late = time.monotonic() > self._deadline
        asked = self._stop() or (Stop.KEEP if is_late else None)
        if asked is None or (asked is Stop.KEEP and self._course):
            return asked
        return Stop.PAUSE  # without a model or an epoch it could not go on
