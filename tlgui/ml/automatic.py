"""Trains without being told how: tries what is sensible in a time, keeps the best."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tlgui.core import storage
from tlgui.core.augmentation import VIEWS
from tlgui.core.automatic import Attempt, Tried, Verdict, next_attempt, plan_attempts
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.costs import forecast
from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.events import (
    AttemptBegan,
    AutomaticEnded,
    Emit,
    EpochEnded,
    Event,
    Noticed,
    ProgressMade,
    Stage,
    StageChanged,
    Stop,
    StopRequest,
    never_stop,
)
from tlgui.core.ranking import Ranking
from tlgui.core.run import AUTOMATIC, open_run
from tlgui.core.spec import TrainingSpec
from tlgui.ml.calibration import known_speed, measure_speed
from tlgui.ml.fetching import fetch_weights
from tlgui.ml.head_search import search_head
from tlgui.ml.preparing import fitted, prepare_data
from tlgui.ml.ranking import evenly_chosen, features_of, rank_backbones
from tlgui.ml.training import resume, train

# Enough to find good settings of a head.
_SEARCHED = 1_000
_COMPARED = 300
# Of the time, after which no other backbone is tried, and no other setting of a head.
_COMPARING, _SEARCHING = 0.3, 0.4
_NOT_COMPARED = (
    "Photos may show several classes here, so that models are not compared without "
    "training, and the settings of the head stay as they are."
)
# The next attempt takes about so many times as long as the last one.
_GROWTH = 2.0
# Of seconds that are granted some twenty can be spent on measuring this computer.
_LONG = 300.0
# A forecast may be so much too short.
_MARGIN = 1.3


def train_automatically(
    spec: TrainingSpec,
    place: Callable[[str], Path],
    seconds: float,
    emit: Emit,
    stop: StopRequest = never_stop,
    dataset: Dataset | None = None,
    *,
    chooses_backbone: bool = True,
) -> Verdict:
    """Chooses a backbone, finds the head's settings, then tries to fine-tune.

    Every attempt is an ordinary run, which stays. One that was finished before in the
    same place is not trained again, one that was interrupted goes on.

    Args:
        spec: everything that is not chosen here: data, validation, augmentation, seed.
        place: from an attempt's key to its run folder.
        seconds: that a person grants. An attempt under way when they are over ends
            with its best epoch; one that would hardly be done is not begun. The head
            alone always learns for one epoch at least, however long that takes.
        emit: told the events of all runs, and `AttemptBegan` before each.
        stop: asked between batches; a stop ends the attempt under way and the whole.
        dataset: the scanned data, if it was scanned already.
        chooses_backbone: whether to take the best of those on this computer, or the
            spec's.

    Returns:
        What was tried and what won; the same value was the last event.

    Raises:
        Stopped: it was stopped before anything was finished.
        TlguiError: the data do not do.
    """
    started = time.monotonic()
    search = _Search(spec, seconds, emit, stop, started)
    fetch_weights(find_backbone(spec.backbone), emit, stop)
    emit(StageChanged(Stage.READING))
    prepared = prepare_data(spec, emit, stop, dataset)
    search.spec = fitted(spec, prepared)
    ranking: Ranking | None = None
    settings: Mapping[str, float] = {}
    if prepared.is_multilabel:
        emit(Noticed(_NOT_COMPARED))
    else:
        ranking = search.compare(prepared) if chooses_backbone else None
        settings = search.find_settings(prepared)
    if known_speed() is None and seconds >= _LONG:
        measure_speed(lambda: stop() is not None)
    tried, left_out = search.try_all(prepared, place)
    if ranking is not None and len(ranking.scores) < len(_here()):
        left_out = (*left_out, "other models")
    verdict = Verdict(
        tuple(tried), time.monotonic() - started, ranking, settings, left_out
    )
    folder = Path(verdict.winner.run)
    storage.write_json(folder / AUTOMATIC, verdict.to_json())
    emit(AutomaticEnded(verdict.winner.run, verdict.sentences()))
    return verdict


class _Search:
    """One automatic training under way."""

    def __init__(
        self,
        spec: TrainingSpec,
        seconds: float,
        emit: Emit,
        stop: StopRequest,
        started: float,
    ) -> None:
        self.spec = spec
        self._emit = emit
        self._stop = stop
        self._started, self._seconds = started, seconds
        self._has_result = False

    def compare(self, dataset: Dataset) -> Ranking:
        """Takes the backbone that seems to suit best."""
        self._emit(StageChanged(Stage.COMPARING))
        ranking = rank_backbones(
            dataset,
            _here(),
            self._told,
            self._is_stopped,
            _COMPARED,
            lambda: self._is_over(_COMPARING),
        )
        self.spec = dataclasses.replace(self.spec, backbone=ranking.best.name)
        return ranking

    def find_settings(self, dataset: Dataset) -> Mapping[str, float]:
        """Takes the settings with which the head learns best."""
        self._emit(StageChanged(Stage.COMPARING))
        backbone = find_backbone(self.spec.backbone)
        if backbone.is_network:  # its weights, and its head, are those of its model
            return {}
        samples = evenly_chosen(dataset.samples[TRAIN], _SEARCHED)

        def tell(done: int, total: int) -> None:
            self._told(done, total)
            if self._is_stopped():
                raise Stopped

        features, labels = features_of(
            dataset, samples, backbone, lambda done: tell(done, len(samples))
        )
        settings = search_head(
            features, labels, self.spec, tell, lambda: self._is_over(_SEARCHING)
        )
        self.spec = dataclasses.replace(self.spec, **settings)  # type: ignore[arg-type]
        return settings

    def try_all(
        self, dataset: Dataset, place: Callable[[str], Path]
    ) -> tuple[list[Tried], tuple[str, ...]]:
        """Tries attempt after attempt while there is time."""
        tried: list[Tried] = []
        waiting = [*plan_attempts(self.spec)]
        total, attempt = len(waiting), waiting[0]  # the head, whatever it takes
        while True:
            waiting = [one for one in waiting if one.key != attempt.key]
            self._emit(AttemptBegan(total - len(waiting), total, attempt.words))
            found = self._try(attempt, dataset, place(attempt.key))
            if found is not None:
                tried.append(found)
            if self._is_stopped():
                waiting.clear()
            elif found is None:  # not one epoch of it was done
                waiting.insert(0, attempt)
            following = None
            if found is not None and waiting:
                following = self._next(waiting, found, dataset)
            if following is None:
                break
            attempt = following
        if not tried:
            raise Stopped
        return tried, tuple(one.words for one in waiting)

    def _try(self, attempt: Attempt, dataset: Dataset, folder: Path) -> Tried | None:
        """One ordinary run; None if it kept nothing."""
        started = time.monotonic()
        if folder.exists() and open_run(folder).spec != attempt.spec:
            raise TlguiError(
                f"Expected the attempt “{attempt.words}” in {folder}, but found a run "
                "of other settings. Choose another folder."
            )
        ended = None
        learned = _Learned(self._emit)

        def asked() -> Stop | None:
            return self._asked(learned.epochs)

        if not folder.exists():
            ended = train(attempt.spec, folder, learned, asked, dataset)
        elif not open_run(folder).model_file.exists():
            ended = resume(folder, learned, asked, dataset)
        if ended is not None and not ended.kept:
            return None
        self._has_result = True
        run = open_run(folder)
        evaluation = run.evaluation()
        return Tried(
            attempt.key,
            attempt.words,
            str(folder),
            evaluation.right,
            len(evaluation.answers),
            evaluation.loss,
            time.monotonic() - started,
        )

    def _next(
        self, waiting: Sequence[Attempt], last: Tried, dataset: Dataset
    ) -> Attempt | None:
        """By forecast; or the cheapest, by the last one, where no speed is known."""
        left = self._started + self._seconds - time.monotonic()
        speed = known_speed()
        if speed is None:
            return waiting[0] if _GROWTH * last.seconds < left else None
        counts = len(dataset.samples[TRAIN]), len(dataset.samples[VALIDATION])

        def takes(attempt: Attempt) -> float:
            spec = attempt.spec
            backbone, views = find_backbone(spec.backbone), VIEWS[spec.augmentation]
            return _MARGIN * forecast(spec, backbone, speed, counts, views).whole

        return next_attempt(waiting, takes, left)

    def _asked(self, epochs: int) -> Stop | None:
        """A person's wish; or to end well, once the time is over.

        What has not learned yet is nothing to keep, and the head must learn something.
        """
        asked = self._stop()
        if asked is not None or not self._is_over(1.0):
            return asked
        if epochs:
            return Stop.KEEP
        return Stop.DROP if self._has_result else None

    def _is_over(self, share: float) -> bool:
        """Whether so much of the time is over."""
        return time.monotonic() > self._started + share * self._seconds

    def _is_stopped(self) -> bool:
        return self._stop() is not None

    def _told(self, done: int, total: int) -> None:
        self._emit(ProgressMade(Stage.COMPARING, done, total))


class _Learned:
    """Hands events on, and counts the epochs that ended."""

    def __init__(self, emit: Emit) -> None:
        self.epochs = 0
        self._emit = emit

    def __call__(self, event: Event) -> None:
        self.epochs += isinstance(event, EpochEnded)
        self._emit(event)


def _here() -> list[Backbone]:
    return [one for one in CATALOGUE.values() if one.weights_path is not None]
