"""A run of a project, with everything that the window shows of it."""

from dataclasses import dataclass, replace
from pathlib import Path

from tlgui.core.errors import TlguiError
from tlgui.core.events import Outcome, RunEnded, RunStarted
from tlgui.core.history import EpochRecord
from tlgui.core.label_report import LabelEvaluation
from tlgui.core.project_runs import check_run_files, checked_history
from tlgui.core.report import AnyEvaluation
from tlgui.core.run import MODEL, REPORT, Run, open_run
from tlgui.core.table_listing import ENDINGS


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
    evaluation: AnyEvaluation | None
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


def _checked(evaluation: AnyEvaluation, folder: Path) -> AnyEvaluation:
    """The same, if every answer is one of the classes."""
    if isinstance(evaluation, LabelEvaluation):  # was checked when it was read
        return evaluation
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


def _followed(evaluation: AnyEvaluation, old: str, root: Path | None) -> AnyEvaluation:
    """The same answers with the photos where they are now.

    Args:
        evaluation: as the run's report tells it.
        old: the data that the run learned from, a folder or a table in it.
        root: where the folder is now.
    """
    place = Path(old).parent if Path(old).suffix.casefold() in ENDINGS else Path(old)
    if root is None or not old or place == root:
        return evaluation
    before = place.as_posix().rstrip("/") + "/"

    def path_of(path: str) -> str:
        if not path.startswith(before):
            return path
        return (root / path.removeprefix(before)).as_posix()

    if isinstance(evaluation, LabelEvaluation):
        moved = (replace(one, path=path_of(one.path)) for one in evaluation.answers)
        return replace(evaluation, answers=tuple(moved))
    answers = (replace(one, path=path_of(one.path)) for one in evaluation.answers)
    return replace(evaluation, answers=tuple(answers))


def _dropped(run: Run, history: tuple[EpochRecord, ...]) -> RunEnded | None:
    if run.model_file.is_file():
        return None
    seconds = sum(record.seconds for record in history)
    return RunEnded(str(run.folder), Outcome.STOPPED, False, 0, 0.0, 0.0, seconds)


def _plan(run: Run) -> RunStarted | None:
    """What a run said before its first step, as its report tells it."""
    values = run.report()
    try:
        training, validation = values["training_samples"], values["validation_samples"]
        samples, checked = values.get("samples", (sum(training), sum(validation)))
        return RunStarted(
            str(run.folder),
            run.class_names,
            samples,
            int(checked),
            run.spec.epochs,
            -(-samples // run.spec.batch_size),
            int(values["trainable_parameters"]),
            int(values["total_parameters"]),
            len(values["left_out"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _ended(run: Run, evaluation: AnyEvaluation) -> RunEnded | None:
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
