"""The tables that the command line prints, and the JSON beside them."""

import csv
import dataclasses
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlgui import cli_labels
from tlgui.cli_table import print_table
from tlgui.core import storage
from tlgui.core.backbone import Backbone
from tlgui.core.dataset import SPLITS, Dataset, labels_per_sample
from tlgui.core.events import Prediction
from tlgui.core.label_report import LabelEvaluation
from tlgui.core.metrics import class_scores
from tlgui.core.ranking import Ranking
from tlgui.core.rate_finder import RateCurve
from tlgui.core.report import AnyEvaluation
from tlgui.core.starting_point import StartingPoint

# Three rows for each power of ten.
_EVERY = 5


def dataset_to_json(dataset: Dataset) -> dict[str, Any]:
    """What `tlgui scan --json` prints."""
    splits = [split for split in SPLITS if split in dataset.samples]
    return {
        "root": str(dataset.root),
        "task": dataset.task,
        "classes": [
            {"name": name} | {split: dataset.counts(split)[label] for split in splits}
            for label, name in enumerate(dataset.class_names)
        ],
        "samples": len(dataset),
        **_labels_to_json(dataset),
        "problems": [dataclasses.asdict(problem) for problem in dataset.problems],
    }


def _labels_to_json(dataset: Dataset) -> dict[str, Any]:
    """What is told of samples that may show several classes."""
    found = {"table": dataset.table} if dataset.table else {}
    if not dataset.is_multilabel:
        return found
    counts = labels_per_sample(dataset)
    return {
        **found,
        "multilabel": True,
        "labels_per_sample": sum(counts) / max(len(counts), 1),
        "without_class": counts.count(0),
    }


def print_dataset(dataset: Dataset) -> None:
    """What `tlgui scan` prints."""
    splits = [split for split in SPLITS if split in dataset.samples]
    rows = [["class", *splits]] + [
        [name, *(str(dataset.counts(split)[label]) for split in splits)]
        for label, name in enumerate(dataset.class_names)
    ]
    print_table(rows)
    if dataset.is_multilabel:
        counts = labels_per_sample(dataset)
        print(
            "A photo may show several classes: "
            f"{sum(counts) / max(len(counts), 1):.2f} on average, and "
            f"{counts.count(0)} of {len(counts)} show none"
        )
    print(f"{len(dataset)} files can be used, {len(dataset.problems)} are left out")
    for problem in dataset.problems:
        print(f"  {problem.path}: {problem.reason}")


def backbone_to_json(backbone: Backbone) -> dict[str, Any]:
    """What `tlgui models --json` prints of one backbone."""
    hidden = {
        *("weights_package", "weights_file", "weights_id", "own_weights"),
        *("published", "download_bytes"),
    }
    values = {
        name: value
        for name, value in dataclasses.asdict(backbone).items()
        if name not in hidden
    }
    offline = backbone.weights_path is not None
    return {
        **values,
        "download_bytes": backbone.size_to_download,
        "parameters": backbone.parameters,
        "offline": offline,
    }


def print_models(backbones: Sequence[Backbone]) -> None:
    """What `tlgui models` prints."""
    head = ["name", "task", "input", "parameters", "ImageNet", "download", "offline"]
    print_table(
        [head]
        + [
            [
                backbone.name,
                backbone.task,
                f"{backbone.input_size} x {backbone.input_size}",
                f"{backbone.parameters:,}",
                f"{backbone.top1:.1%}",
                f"{backbone.size_to_download / 1e6:.0f} MB",
                "yes" if backbone.weights_path else "no",
            ]
            for backbone in backbones
        ]
    )


def print_ranking(ranking: Ranking) -> None:
    """What `tlgui rank` prints."""
    head = ["name", "k-NN", "LogME", "ImageNet", "ms a photo"]
    print_table(
        [head]
        + [
            [
                score.name,
                f"{score.knn:.3f} ± {score.uncertainty:.3f}",
                f"{score.logme:.4f}",
                f"{score.top1:.1%}",
                f"{score.milliseconds:.1f}",
            ]
            for score in ranking.scores
        ]
    )
    print(
        f"Best bet: {ranking.best.name}. Fastest that is not clearly worse: "
        f"{ranking.quickest.name}. Tried on {ranking.best.samples} photos; k-NN and "
        f"LogME order them alike to {ranking.agreement:.2f} (Kendall's tau)."
    )


def print_rate_curve(curve: RateCurve) -> None:
    """What `tlgui find-rate` prints: every fifth step, and what follows from all."""
    steps = [*zip(curve.rates, curve.smoothed, strict=True)][::_EVERY]
    print_table(
        [["learning rate", "smoothed loss"]]
        + [[f"{rate:.2g}", f"{loss:.4f}"] for rate, loss in steps]
    )
    tested = "the head alone"
    if curve.trainable:
        tested = f"the head and {', '.join(curve.trainable)}"
    print(f"Tested with {tested}, which the training begins with.")
    if curve.share != 1.0:
        print(f"As in the training, that learned at {curve.share:g} of these rates.")
    if curve.suggested is None:
        print(curve.reason)
    else:
        print(f"Suggested: --learning-rate {curve.suggested:g}")


def start_to_json(point: StartingPoint) -> dict[str, Any]:
    """What `tlgui models --json` prints of an imported model."""
    return {
        "name": point.title,
        "backbone": point.backbone,
        "start": str(point.folder),
        "created": point.created,
        "report": point.report,
    }


def print_imported(points: Sequence[StartingPoint]) -> None:
    """What `tlgui models` prints of imported models, to start from by their folder."""
    if points:
        print()
        print_table(
            [["imported", "backbone", "start"]]
            + [[point.title, point.backbone, str(point.folder)] for point in points]
        )


def blocks_to_json(backbone: Backbone) -> dict[str, Any]:
    """What `tlgui layers --json` prints."""
    return {
        "backbone": backbone.name,
        "blocks": [
            {
                "name": block.name,
                "layers": [dataclasses.asdict(layer) for layer in block.layers],
                "parameters": block.parameters,
                "trainable_parameters": block.trainable_parameters,
                "output_shape": list(block.output_shape),
            }
            for block in backbone.blocks
        ],
    }


def print_blocks(backbone: Backbone) -> None:
    """What `tlgui layers` prints."""
    print_table(
        [["block", "layers", "parameters", "output"]]
        + [
            [
                block.name,
                str(len(block.layers)),
                f"{block.parameters:,}",
                " x ".join(map(str, block.output_shape)),
            ]
            for block in backbone.blocks
        ]
    )


def print_evaluation(evaluation: AnyEvaluation, left_out: int) -> None:
    """What `tlgui evaluate` prints."""
    if isinstance(evaluation, LabelEvaluation):
        cli_labels.print_evaluation(evaluation, left_out)
        return
    low, high = evaluation.interval
    print(
        f"accuracy {evaluation.accuracy:.4f} on {len(evaluation.answers)} samples "
        f"(95 % interval {low:.4f} to {high:.4f}), loss {evaluation.loss:.4f}"
    )
    if left_out:
        print(f"{left_out} files were left out; `tlgui scan` lists them")
    names = evaluation.class_names
    matrix = evaluation.confusion
    print_table(
        [["true \\ predicted", *names]]
        + [[name, *map(str, matrix[row])] for row, name in enumerate(names)]
    )
    print_table(
        [["class", "samples", "recall", "precision"]]
        + [
            [s.name, str(s.samples), f"{s.recall:.4f}", f"{s.precision:.4f}"]
            for s in class_scores(matrix, names)
        ]
    )


def print_prediction(answer: Prediction, *, as_json: bool) -> None:
    """One line for one file."""
    if as_json:
        print(json.dumps(answer.to_json(), ensure_ascii=False), flush=True)
    elif answer.problem:
        print(f"{answer.source}: {answer.problem}", file=sys.stderr)
    elif answer.labels is not None:
        print(f"{answer.source}: {cli_labels.said(answer)}", flush=True)
    else:
        ranked = zip(answer.class_names[:3], answer.probabilities, strict=False)
        shown = "  ".join(f"{name} {value:.1%}" for name, value in ranked)
        print(f"{answer.source}: {shown}", flush=True)


def write_predictions(
    file: Path, answers: Sequence[Prediction], class_names: Sequence[str]
) -> None:
    """Writes the table of `tlgui predict --csv`: one row a file.

    Raises:
        TlguiError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if any(answer.labels is not None for answer in answers):
        writer.writerows(cli_labels.rows_of(answers, class_names))
        storage.write_text(file, text.getvalue())
        return
    writer.writerow(["file", "class", "probability", "problem", *class_names])
    for answer in answers:
        by_class = dict(zip(answer.class_names, answer.probabilities, strict=True))
        best = answer.class_names[0] if answer.class_names else ""
        values = [f"{by_class[n]:.6f}" if by_class else "" for n in class_names]
        probability = f"{by_class[best]:.6f}" if best else ""
        writer.writerow([answer.source, best, probability, answer.problem, *values])
    storage.write_text(file, text.getvalue())
