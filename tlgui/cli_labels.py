"""What the command line prints where photos may show several classes."""

from collections.abc import Iterator, Sequence

from tlgui.cli_table import print_table
from tlgui.core.events import Prediction
from tlgui.core.label_report import LabelEvaluation


def print_evaluation(evaluation: LabelEvaluation, left_out: int) -> None:
    """What `tlgui evaluate` prints."""
    low, high = evaluation.interval
    print(
        f"exact match {evaluation.accuracy:.4f} on {len(evaluation.answers)} samples "
        f"(all classes of a photo right; 95 % interval {low:.4f} to {high:.4f}), "
        f"loss {evaluation.loss:.4f}"
    )
    print(
        f"mean average precision {evaluation.mean_average_precision:.4f}, macro F1 "
        f"{evaluation.macro_f1:.4f}"
    )
    print(
        f"single answers right {evaluation.label_accuracy:.4f}; who always says that "
        f"nothing is shown has {evaluation.nothing_accuracy:.4f}"
    )
    if left_out:
        print(f"{left_out} files were left out; `tlgui scan` lists them")
    print_table(
        [["class", "samples", "recall", "precision", "F1", "average precision"]]
        + [
            [
                score.name,
                str(score.samples),
                f"{score.recall:.4f}",
                f"{score.precision:.4f}",
                f"{score.f1:.4f}",
                "-"
                if score.average_precision is None
                else f"{score.average_precision:.4f}",
            ]
            for score in evaluation.scores
        ]
    )


def said(answer: Prediction) -> str:
    """The classes that a photo is said to show; of none, the most probable one."""
    ranked = list(zip(answer.class_names, answer.probabilities, strict=True))
    shown = ranked[: len(answer.labels or ())]
    if shown:
        return "  ".join(f"{name} {share:.1%}" for name, share in shown)
    name, share = ranked[0]
    return f"none (most probable: {name} {share:.1%})"


def rows_of(
    answers: Sequence[Prediction], class_names: Sequence[str]
) -> Iterator[list[str]]:
    """The table of `tlgui predict --csv`: one row a file, under a head.

    `labels` is written so that it can be read as the table of a data set.
    """
    yield ["file", "labels", "problem", *class_names]
    for answer in answers:
        by_class = dict(zip(answer.class_names, answer.probabilities, strict=True))
        shares = [f"{by_class[n]:.6f}" if by_class else "" for n in class_names]
        yield [answer.source, ";".join(answer.labels or ()), answer.problem, *shares]
