"""What a run leaves behind besides its model: the report."""

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.core.events import RunEnded
from tlgui.core.report import REPORT_VERSION, Evaluation
from tlgui.ml import runtime
from tlgui.ml.run_identity import versions


def make_report(
    ended: RunEnded,
    evaluation: Evaluation,
    dataset: Dataset,
    parameters: tuple[int, int],
    epochs: int,
    lost: Mapping[str, str],
    notices: Sequence[str] = (),
) -> dict[str, Any]:
    """The content of `report.json`.

    Args:
        ended: how the run ended.
        evaluation: of the kept model, on the validation samples.
        dataset: what it learned from.
        parameters: how many are trainable, and how many there are.
        epochs: how many were finished.
        lost: files that could no longer be read, with the reasons.
        notices: what went otherwise than planned.
    """
    missing = [{"path": p, "reason": reason} for p, reason in sorted(lost.items())]
    return {
        "version": REPORT_VERSION,
        "outcome": ended.outcome,
        "best_epoch": ended.best_epoch,
        "epochs": epochs,
        "seconds": ended.seconds,
        "class_names": list(dataset.class_names),
        "training_samples": list(dataset.counts(TRAIN)),
        "validation_samples": list(dataset.counts(VALIDATION)),
        "trainable_parameters": parameters[0],
        "total_parameters": parameters[1],
        "left_out": [dataclasses.asdict(p) for p in dataset.problems] + missing,
        "notices": list(notices),
        "peak_memory_bytes": runtime.peak_memory(),
        "versions": {"python": platform.python_version(), **versions()},
        "majority_share": _majority_share(evaluation),
        "validation": evaluation.to_json(),
    }


def _majority_share(evaluation: Evaluation) -> float:
    """The accuracy of always answering the most frequent class."""
    counts = evaluation.confusion.sum(axis=1)
    return float(counts.max() / max(counts.sum(), 1))
