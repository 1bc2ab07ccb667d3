"""A run of a project, with everything that the window shows of it."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from tlgui.core.errors import TlguiError
from tlgui.core.events import Outcome, RunEnded, RunStarted
from tlgui.core.history import EpochRecord
from tlgui.core.project_runs import check_run_files, checked_history
from tlgui.core.report import Evaluation
from tlgui.core.run import MODEL, REPORT, Run, open_run


@dataclass(frozen=True)
class ShownRun:
    """A run with everything that the window shows of it.

    Attributes:
        run: the folder.
        history: its epochs.
        evaluation: on the validation samples; None if no model was kept.
        plan: what it said before its first step; None without a report.
        ended: its last word; of a run without a model that nothing was kept.
    """

    run: Run
    history: tuple[EpochRecord, ...]
    evaluation: Evaluation | None
    plan: RunStarted | None
    ended: RunEnded | None


def read_shown_run(folder: Path, root: Path | None) -> ShownRun:
    """Reads a run folder of a project.

    Args:
        folder: the run.
        root: where the project's data lie now, so that photos are found there.

    Raises:
        TlguiError: it cannot be read.
    """
    check_run_files(folder)
    run = open_run(folder)
    history = checked_history(folder)
    if not (folder / REPORT).is_file():
        return ShownRun(run, history, None, None, _dropped(run, history))
    evaluation = _checked(run.evaluation(), folder)
    evaluation = _followed(evaluation, run.spec.data, root)
    return ShownRun(run, history, evaluation, _plan(run), _ended(run, evaluation))


def _checked(evaluation: Evaluation, folder: Path) -> Evaluation:
    """The same, if every answer is one of the classes."""
    classes = range(len(evaluation.class_names))
    for answer in evaluation.answers:
        labels = (answer.truth, answer.predicted)
        fits = isinstance(answer.path, str) and all(
            type(label) is int and label in classes for label in labels
        )
        if not fits or not isinstance(answer.probability, int | float):
            raise TlguiError(
                f"Expected answers with a class each in {folder / REPORT}, but found "
                "something else. The result of this run cannot be shown."
            )
    return evaluation


def _followed(evaluation: Evaluation, old: str, root: Path | None) -> Evaluation:
    """The same answers with the photos where they are now."""
    if root is None or not old or Path(old) == root:
        return evaluation
    before = Path(old).as_posix().rstrip("/") + "/"
    answers = tuple(
        dataclasses.replace(
            answer, path=(root / answer.path.removeprefix(before)).as_posix()
        )
        if answer.path.startswith(before)
        else answer
        for answer in evaluation.answers
    )
    return dataclasses.replace(evaluation, answers=answers)


def _dropped(run: Run, history: tuple[EpochRecord, ...]) -> RunEnded | None:
    if run.model_file.is_file():
        return None
    seconds = sum(record.seconds for record in history)
    return RunEnded(str(run.folder), Outcome.STOPPED, False, 0, 0.0, 0.0, seconds)


def _plan(run: Run) -> RunStarted | None:
    """What a run said before its first step, as its report tells it."""
    values = run.report()
    try:
        samples = sum(values["training_samples"])
        return RunStarted(
            str(run.folder),
            run.class_names,
            samples,
            sum(values["validation_samples"]),
            run.spec.epochs,
            -(-samples // run.spec.batch_size),
            int(values["trainable_parameters"]),
            int(values["total_parameters"]),
            len(values["left_out"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _ended(run: Run, evaluation: Evaluation) -> RunEnded | None:
    """The last word of a run, as its report tells it."""
    values = run.report()
    try:
        return RunEnded(
            str(run.folder),
            Outcome(values["outcome"]),
            (run.folder / MODEL).is_file(),
            int(values["best_epoch"]),
            evaluation.accuracy,
            evaluation.loss,
            float(values["seconds"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
