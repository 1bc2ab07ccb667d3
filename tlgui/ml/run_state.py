"""What decides how a run goes on, as it is kept in checkpoints."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tlgui.core.checkpoint import Array, Checkpoint
from tlgui.core.history import EpochRecord, best_epoch
from tlgui.core.report import AnyEvaluation, evaluation_from_json
from tlgui.ml.epochs import EpochProgress
from tlgui.ml.learners import Learner, Weights


@dataclass(frozen=True)
class Best:
    """What the best epoch so far left.

    Attributes:
        weights: at its end.
        record: its line of the history.
        evaluation: on the validation samples.
    """

    weights: Weights
    record: EpochRecord
    evaluation: AnyEvaluation

    def to_checkpoint(self) -> Checkpoint:
        """As it is kept."""
        about = {
            "record": dataclasses.asdict(self.record),
            "evaluation": self.evaluation.to_json(),
        }
        return Checkpoint(about, _weight_arrays("weights", self.weights))


@dataclass
class RunState:
    """Where a run is.

    Attributes:
        phase: the place of its phase in the plan.
        progress: of the epoch under way.
        records: of the finished epochs.
        at_start: what was learned before the phase, or the head that the run started
            from; None if nothing.
        best: the best epoch so far.
        learner: the state of the learner; None at the start of a phase.
        streams: what the phase's forecast chose; None before it did. It goes by
            measured times, so a run that goes on must not ask it again.
        at_once: the most samples that go through the model at once; 0 for whole
            batches.
    """

    phase: int = 0
    progress: EpochProgress = field(default_factory=lambda: EpochProgress(1))
    records: list[EpochRecord] = field(default_factory=list)
    at_start: Weights | None = None
    best: Best | None = None
    learner: dict[str, Array] | None = None
    streams: bool | None = None
    at_once: int = 0

    def is_best(self, record: EpochRecord) -> bool:
        """Whether an epoch is better than the best one that is kept."""
        return self.best is None or (best_epoch([self.best.record, record]) is record)

    def to_checkpoint(self, learner: Learner, run: dict[str, Any]) -> Checkpoint:
        """As it is kept.

        Args:
            learner: of the phase, at this moment.
            run: what must be the same when the run goes on.
        """
        about = {
            "run": run,
            "phase": self.phase,
            "streams": self.streams,
            "at_once": self.at_once,
            "progress": dataclasses.asdict(self.progress),
            "records": [dataclasses.asdict(record) for record in self.records],
        }
        arrays = {f"learner/{k}": v for k, v in learner.get_state().items()}
        if self.at_start is not None:
            arrays |= _weight_arrays("start", self.at_start)
        return Checkpoint(about, arrays)


def state_from(
    last: Checkpoint, read_best: Callable[[int], Checkpoint | None]
) -> RunState:
    """Reads what `to_checkpoint` made.

    Args:
        last: of the state.
        read_best: gives what an epoch left, or an earlier one, or None.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    about = last.about
    state = RunState(
        int(about["phase"]),
        EpochProgress(**about["progress"]),
        [EpochRecord(**record) for record in about["records"]],
        _weights(last, "start"),
        None,
        last.part("learner"),
        about["streams"],
        int(about.get("at_once", 0)),
    )
    expected = best_epoch(state.records)
    best = None if expected is None else read_best(expected.epoch)
    weights = None if best is None else _weights(best, "weights")
    if best is not None and weights is not None:
        record = EpochRecord(**best.about["record"])
        evaluation = evaluation_from_json(best.about["evaluation"])
        state.best = Best(weights, record, evaluation)
    return state


def _weight_arrays(name: str, weights: Weights) -> dict[str, Array]:
    parts: dict[str, Sequence[Array]] = {
        "head": weights.head,
        "whole": weights.whole or (),
    }
    return {
        f"{name}/{part}/{place}": array
        for part, arrays in parts.items()
        for place, array in enumerate(arrays)
    }


def _weights(checkpoint: Checkpoint, name: str) -> Weights | None:
    head = list(checkpoint.part(f"{name}/head").values())
    whole = list(checkpoint.part(f"{name}/whole").values())
    return Weights(head, whole or None) if head else None
