"""What a run leaves behind besides its model: the report."""

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.core.events import RunEnded
from tlgui.core.label_report import LabelEvaluation
from tlgui.core.report import REPORT_VERSION, AnyEvaluation
from tlgui.ml import runtime
from tlgui.ml.run_identity import versions


def make_report(
    ended: RunEnded,
    evaluation: AnyEvaluation,
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
        **_samples(dataset),
        "trainable_parameters": parameters[0],
        "total_parameters": parameters[1],
        "left_out": [dataclasses.asdict(p) for p in dataset.problems] + missing,
        "notices": list(notices),
        "peak_memory_bytes": runtime.peak_memory(),
        "versions": {"python": platform.python_version(), **versions()},
        "majority_share": _majority_share(evaluation),
        "validation": evaluation.to_json(),
    }


def _samples(dataset: Dataset) -> dict[str, Any]:
    """How many samples there are where that is not the sum over the classes."""
    if not dataset.is_multilabel:
        return {}
    counts = [len(dataset.samples[split]) for split in (TRAIN, VALIDATION)]
    return {"multilabel": True, "samples": counts}


def _majority_share(evaluation: AnyEvaluation) -> float:
    """The accuracy of always answering what is most frequent."""
    if isinstance(evaluation, LabelEvaluation):
        return evaluation.commonest[1] / max(len(evaluation.answers), 1)
    counts = evaluation.confusion.sum(axis=1)
    return float(counts.max() / max(counts.sum(), 1))
