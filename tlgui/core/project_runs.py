"""The runs of a project: what a table shows of them, and the bin."""

import contextlib
import json
import math
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tlgui.core import storage
from tlgui.core.checkpoint import FOLDER as CHECKPOINTS
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.history import EpochRecord, best_epoch, read_history
from tlgui.core.project_paths import BIN, RUNS, inside, is_link, is_plain_file
from tlgui.core.run import HISTORY, LABELS, MODEL, REPORT, SPEC
from tlgui.core.run_lock import check_not_in_training, is_in_training
from tlgui.core.spec import TrainingSpec, read_spec

_MOST_BYTES = 256_000_000
_MOST_EPOCHS = 1_000_000


@dataclass(frozen=True)
class RunSummary:
    """What is known of a run without loading its model.

    Attributes:
        folder: its name in `runs/`.
        begun: when its folder was made, in ISO 8601.
        spec: what decided it.
        history: its epochs.
        has_model: whether a model was kept. A run without one was stopped and
            dropped, or interrupted.
        can_go_on: whether it was interrupted, perhaps before its first epoch was over.
        in_training: whether some process trains it at this moment.
        accuracy: on the validation samples, 0..1; None before the first epoch.
        interval: the 95 % interval of the accuracy; None while there is no report.
        seconds: from start to end; of the epochs alone while there is no report.
    """

    folder: str
    begun: str
    spec: TrainingSpec
    history: tuple[EpochRecord, ...]
    has_model: bool
    accuracy: float | None = None
    interval: tuple[float, float] | None = None
    seconds: float = 0.0
    can_go_on: bool = False
    in_training: bool = False


def list_runs(project: Path) -> tuple[tuple[RunSummary, ...], tuple[str, ...]]:
    """Reads all runs of a project.

    Returns:
        The runs in the order of their names, and a sentence for each that is refused.

    Raises:
        TlguiError: the folder of the runs leads elsewhere or cannot be read.
    """
    runs: list[RunSummary] = []
    problems: list[str] = []
    try:
        folder = inside(project, RUNS)
        names = _names(folder)
    except OSError as error:
        raise TlguiError(
            f"The runs in {project / RUNS} cannot be read ({error.strerror}). Check "
            "the permissions of this folder."
        ) from error
    for name in names:
        try:
            found = inside(project, RUNS, name)
            if found.is_dir() and os.path.lexists(found / SPEC):
                runs.append(summarise(found))
        except TlguiError as error:
            problems.append(str(error))
    return tuple(runs), tuple(problems)


def summarise(folder: Path) -> RunSummary:
    """Reads what a table shows of a run.

    Raises:
        TlguiError: a file of it leads elsewhere, or is damaged.
    """
    check_run_files(folder)
    spec = read_spec(folder / SPEC)
    history = checked_history(folder)
    best = best_epoch(history)
    accuracy, interval, seconds = _result(folder / REPORT)
    if accuracy is None and best is not None:
        accuracy = best.val_accuracy
    return RunSummary(
        folder.name,
        _begun(folder),
        spec,
        history,
        (folder / MODEL).is_file(),
        accuracy,
        interval,
        seconds or sum(record.seconds for record in history),
        _is_interrupted(folder),
        is_in_training(folder),
    )


def _is_interrupted(folder: Path) -> bool:
    """Whether a run has neither a model nor come to its end; see `create_run`."""
    checkpoints = folder / CHECKPOINTS
    return (
        not (folder / MODEL).exists()
        and checkpoints.is_dir()
        and not is_link(checkpoints)
    )


def checked_history(folder: Path) -> tuple[EpochRecord, ...]:
    """Reads the history of a run; empty before the first epoch.

    Raises:
        TlguiError: it is damaged, or its numbers cannot be those of a training.
    """
    file = folder / HISTORY
    history = read_history(file) if file.is_file() else ()
    for record in history:
        shares = (record.accuracy, record.val_accuracy)
        if not 0 < record.epoch <= _MOST_EPOCHS or not all(
            math.isnan(share) or 0 <= share <= 1 for share in shares
        ):
            raise TlguiError(
                f"Expected epochs from 1 and shares from 0 to 1 in {file}, but found "
                "other numbers. The run is left out."
            )
    return history


def check_run_files(folder: Path) -> None:
    """Makes sure that the files of a run are its own.

    Raises:
        TlguiError: one is a link, a pipe or far too large to be one of ours.
    """
    for name in (SPEC, HISTORY, LABELS, REPORT, MODEL):
        file = folder / name
        if not os.path.lexists(file):
            continue
        if is_link(file) or not is_plain_file(file):
            raise TlguiError(
                f"{file} is not a file of its own but leads elsewhere. The run is left "
                "out. Ask whoever made the project, or copy the file in its place."
            )
        if name != MODEL and file.stat().st_size > _MOST_BYTES:
            raise TlguiError(
                f"{file} is too large to come from this program. The run is left out."
            )


def _begun(folder: Path) -> str:
    """When the run's spec was written; nothing writes it again."""
    try:
        seconds = (folder / SPEC).stat().st_mtime
        return datetime.fromtimestamp(seconds).isoformat(timespec="seconds")
    except (OSError, ValueError, OverflowError):
        return ""


def _result(file: Path) -> tuple[float | None, tuple[float, float] | None, float]:
    """Accuracy, its interval and the seconds; of a damaged report nothing is known."""
    try:
        values: Any = json.loads(file.read_text(encoding="utf-8"))
        found = values["validation"]
        low, high = found["accuracy_interval_95"]
        result = float(found["accuracy"]), (float(low), float(high))
        return *result, float(values["seconds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None, None, 0.0


def bin_run(project: Path, folder: str) -> str:
    """Moves a run into the project's bin.

    Returns:
        Its name there.

    Raises:
        TlguiError: it is being trained or could not be moved; it is where it was.
    """
    check_not_in_training(inside(project, RUNS, folder))
    return _move(project, RUNS, BIN, folder)


def restore_run(project: Path, folder: str) -> str:
    """Moves a run out of the bin again.

    Returns:
        Its name among the runs.

    Raises:
        TlguiError: it could not be moved; it is still in the bin.
    """
    return _move(project, BIN, RUNS, folder)


def empty_bin(project: Path) -> None:
    """Deletes for good what is in the bin.

    Raises:
        TlguiError: a run is being trained, and nothing was deleted; or something could
            not be deleted, and the rest is gone.
    """
    place = inside(project, BIN)
    for name in binned(project):
        check_not_in_training(place / name)
    try:
        if place.is_dir():
            shutil.rmtree(place)
    except OSError as error:
        raise TlguiError(
            f"Not everything in {place} could be deleted ({error.strerror}). Close "
            "other programs that use these files, and empty the bin again."
        ) from error


def binned(project: Path) -> tuple[str, ...]:
    """The names of the runs in the bin; what leads elsewhere is none of them."""
    try:
        place = inside(project, BIN)
        names = _names(place)
    except (OSError, TlguiError):
        return ()
    return tuple(n for n in names if (place / n).is_dir() and not is_link(place / n))


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir())


def _move(project: Path, source: str, target: str, folder: str) -> str:
    origin = inside(project, source, folder)
    room = inside(project, target)
    name, number = folder, 2
    while os.path.lexists(room / name):
        name, number = f"{folder} {number}", number + 1
    try:
        storage.make_folder(room, exist_ok=True)
        origin.rename(room / name)
    except OSError as error:
        raise cannot_write(room / name, error) from error
    try:
        storage.flush_folder(room)
        storage.flush_folder(origin.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            (room / name).rename(origin)
        raise cannot_write(room / name, error) from error
    return name
