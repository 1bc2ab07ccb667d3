"""What a running job tells: small frozen values that cross processes."""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tlgui.core.costs import Speed
from tlgui.core.history import EpochRecord
from tlgui.core.ranking import Ranking
from tlgui.core.rate_finder import RateCurve
from tlgui.core.report import AnyEvaluation


class Stop(StrEnum):
    """How a stop was asked for.

    Attributes:
        DROP: nothing is kept.
        KEEP: the best model so far is.
        PAUSE: everything is kept that the run needs to go on later.
    """

    DROP = "drop"
    KEEP = "keep"
    PAUSE = "pause"


class Outcome(StrEnum):
    """How a job ended."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


class Stage(StrEnum):
    """What a job is doing."""

    DOWNLOADING = "downloading"
    READING = "reading"
    COMPARING = "comparing"
    LOADING = "loading"
    TRACING = "tracing"
    TRAINING = "training"
    VALIDATING = "validating"
    SAVING = "saving"


class Failure(StrEnum):
    """What made a job fail, where going on with it may help.

    Attributes:
        NONE: something that going on does not mend.
        MEMORY: there was not enough memory.
        ENGINE_LOST: the engine ended by itself.
    """

    NONE = ""
    MEMORY = "memory"
    ENGINE_LOST = "engine lost"


class Streaming(StrEnum):
    """Why the activations of frozen layers are not kept."""

    NONE = ""
    NOTHING_FROZEN = "nothing frozen"
    LEARNED = "layers in front have learned"
    ROOM = "room"
    CHEAPER = "cheaper"


@dataclass(frozen=True)
class Event:
    """Base of all events."""

    def to_json(self) -> dict[str, Any]:
        """One line of `--json` output."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        return {"event": name, **dataclasses.asdict(self)}


@dataclass(frozen=True)
class EngineReady(Event):
    """The engine process has TensorFlow and, if asked, a backbone at hand."""

    seconds: float
    backbone: str = ""


@dataclass(frozen=True)
class StageChanged(Event):
    """The job began to do something else."""

    stage: Stage


@dataclass(frozen=True)
class ProgressMade(Event):
    """Some of the current stage is done."""

    stage: Stage
    done: int
    total: int


@dataclass(frozen=True)
class RunStarted(Event):
    """Everything is known before the first step.

    Attributes:
        run: the run folder.
        class_names: in index order.
        train_samples: number of samples that train.
        validation_samples: number of samples that validate.
        epochs: planned.
        steps_per_epoch: batches an epoch.
        trainable_parameters: including the head.
        total_parameters: including the head.
        left_out: number of files that cannot be used.
        at_once: the most samples that go through the model at once; 0 for whole
            batches.
    """

    run: str
    class_names: tuple[str, ...]
    train_samples: int
    validation_samples: int
    epochs: int
    steps_per_epoch: int
    trainable_parameters: int
    total_parameters: int
    left_out: int
    at_once: int = 0


@dataclass(frozen=True)
class SourceChosen(Event):
    """How the coming epochs get their samples.

    Attributes:
        cached: whether the frozen layers run once a view and their activations are
            kept, or run for every sample in every epoch.
        views: how many views of a training sample are kept; 0 if none.
        runtime: what runs the frozen layers.
        reason: why nothing is kept.
    """

    cached: bool
    views: int
    runtime: str
    reason: Streaming = Streaming.NONE


@dataclass(frozen=True)
class Noticed(Event):
    """Something went otherwise than planned, and the run goes on without it.

    Attributes:
        sentence: what happened, what it means and what could be done, for a person.
    """

    sentence: str


@dataclass(frozen=True)
class BatchEnded(Event):
    """One step is done; thinned at the source to a few a second.

    Attributes:
        epoch: counted from 1.
        step: counted from 1 within the epoch.
        steps: steps in the epoch.
        loss: of this batch.
        accuracy: of this batch, 0..1.
        learning_seconds: of the epoch so far, spent on moving weights rather than on
            getting batches; 0 if that is not told.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    learning_seconds: float = 0.0


@dataclass(frozen=True)
class EpochEnded(Event):
    """One epoch is done and validated."""

    record: EpochRecord


@dataclass(frozen=True)
class RunEnded(Event):
    """The last event of a run.

    Attributes:
        run: the run folder.
        outcome: completed or stopped.
        kept: whether a model was saved.
        best_epoch: the epoch whose weights were kept, counted from 1; 0 for none.
        accuracy: on the validation samples, 0..1, with the kept weights.
        loss: on the validation samples, with the kept weights.
        seconds: from start to end.
    """

    run: str
    outcome: Outcome
    kept: bool
    best_epoch: int
    accuracy: float
    loss: float
    seconds: float


@dataclass(frozen=True)
class Prediction(Event):
    """The answer for one file.

    Attributes:
        source: the file.
        class_names: most probable first.
        probabilities: beside them, 0..1.
        problem: why there is no answer, or "".
        labels: the classes that are said to be shown, where several may be; None where
            exactly one is.
    """

    source: str
    class_names: tuple[str, ...]
    probabilities: tuple[float, ...]
    problem: str = ""
    labels: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """One line of `--json` output; `labels` where several may be shown."""
        values = super().to_json()
        if self.labels is None:
            del values["labels"]
        return values


@dataclass(frozen=True)
class EvaluationMade(Event):
    """The kept model was tried on labelled samples."""

    evaluation: AnyEvaluation

    def to_json(self) -> dict[str, Any]:
        """One line of `--json` output."""
        return {"event": "evaluation_made", **self.evaluation.to_json()}


@dataclass(frozen=True)
class ModelImported(Event):
    """A model of somebody else can be started from.

    Attributes:
        folder: where it is kept.
        matched: how many layers got their weights from the file.
        total: how many layers with weights there are.
        sentence: the same for a person.
    """

    folder: str
    matched: int
    total: int
    sentence: str


@dataclass(frozen=True)
class SpeedMeasured(Event):
    """How fast this computer trains is known."""

    speed: Speed


@dataclass(frozen=True)
class RankingMade(Event):
    """Backbones were tried on the person's samples."""

    ranking: Ranking

    def to_json(self) -> dict[str, Any]:
        """One line of `--json` output."""
        return {"event": "ranking_made", **self.ranking.to_json()}


@dataclass(frozen=True)
class RateTested(Event):
    """A step of a test of learning rates is done.

    Attributes:
        step: counted from 1.
        steps: at most.
        rate: of the step.
        loss: of its batch, before the step.
    """

    step: int
    steps: int
    rate: float
    loss: float


@dataclass(frozen=True)
class RateCurveMade(Event):
    """Learning rates were tested on the person's samples."""

    curve: RateCurve

    def to_json(self) -> dict[str, Any]:
        """One line of `--json` output."""
        return {"event": "rate_curve_made", **self.curve.to_json()}


@dataclass(frozen=True)
class AttemptBegan(Event):
    """An automatic training begins with another recipe; the events of its run follow.

    Attributes:
        number: counted from 1.
        total: planned, if time allows.
        words: what changes in it, as a part of a sentence.
    """

    number: int
    total: int
    words: str


@dataclass(frozen=True)
class AutomaticEnded(Event):
    """An automatic training is over.

    Attributes:
        run: the run folder of the best attempt.
        sentences: what was tried and what won, for a person.
    """

    run: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class JobEnded(Event):
    """The very last event of any job in the engine.

    Attributes:
        outcome: completed, stopped or failed.
        trouble: a sentence for the person, if something they can mend went wrong.
        bug: a traceback, if something went wrong that is our fault.
        failure: what made it fail, where going on may help.
    """

    outcome: Outcome
    trouble: str = ""
    bug: str = ""
    failure: Failure = Failure.NONE


Emit = Callable[[Event], None]
StopRequest = Callable[[], Stop | None]


def never_stop() -> Stop | None:
    """A stop request that is never made."""
    return None
