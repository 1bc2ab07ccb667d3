"""A run is its folder."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui.core import storage
from tlgui.core.checkpoint import FOLDER as CHECKPOINTS
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.history import EpochRecord, read_history, write_history
from tlgui.core.project_paths import is_plain_file, read_json
from tlgui.core.report import AnyEvaluation, evaluation_from_json
from tlgui.core.spec import SPEC_FILE, TrainingSpec, read_spec

SPEC, HISTORY, LABELS = SPEC_FILE, "history.csv", "labels.json"
MODEL, REPORT = "model.keras", "report.json"
AUTOMATIC = "automatic.json"
_ROOM = 200_000_000
_LONGEST, _MOST_SENTENCES = 1_000, 50


@dataclass(frozen=True)
class Run:
    """A run folder that exists.

    Attributes:
        folder: where it is.
        spec: what decided it.
        class_names: in index order.
        sentences: what an automatic training tried, and why this run won; empty for
            any other.
    """

    folder: Path
    spec: TrainingSpec
    class_names: tuple[str, ...]
    sentences: tuple[str, ...] = ()

    @property
    def model_file(self) -> Path:
        """The finished model."""
        return self.folder / MODEL

    def write_history(self, records: Sequence[EpochRecord]) -> None:
        """Writes `history.csv`."""
        write_history(self.folder / HISTORY, records)

    def history(self) -> tuple[EpochRecord, ...]:
        """Reads `history.csv`; empty before the first epoch."""
        file = self.folder / HISTORY
        return read_history(file) if file.is_file() else ()

    def write_report(self, values: dict[str, Any]) -> None:
        """Writes `report.json`."""
        storage.write_json(self.folder / REPORT, values)

    def report(self) -> dict[str, Any]:
        """Reads `report.json`.

        Raises:
            TlguiError: it is missing or damaged.
        """
        return _read_object(self.folder / REPORT)

    def evaluation(self) -> AnyEvaluation:
        """The result on the validation samples.

        Raises:
            TlguiError: it is missing or damaged.
        """
        try:
            return evaluation_from_json(self.report()["validation"])
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self.folder / REPORT, str(error)) from error


def check_new_run(folder: Path) -> None:
    """Makes sure that a run can be written there, before any work is done.

    Leaves nothing behind.

    Raises:
        TlguiError: the folder exists, cannot be written or its disk is full.
    """
    if folder.exists():
        raise TlguiError(
            f"Expected a new folder for the run, but {folder} exists already. "
            "Choose another name, so that nothing there is lost."
        )
    parent = _nearest_folder(folder)
    try:
        free = shutil.disk_usage(parent).free
        probe = folder
        while probe.parent != parent:
            probe = probe.parent
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise cannot_write(folder, error) from error
    if free < _ROOM:
        raise TlguiError(
            f"Expected at least {_ROOM // 1_000_000} MB free for the run in {parent}, "
            f"but found {free // 1_000_000} MB. Free some space, or choose "
            "another disk."
        )


def create_run(
    folder: Path,
    spec: TrainingSpec,
    class_names: Sequence[str],
    fill: Callable[[Path], None] = lambda folder: None,
) -> Run:
    """Makes the folder of a new run with its spec and labels.

    The spec comes last: a folder that has one is a run. The folder of checkpoints is
    there from the beginning to the end of a run: one that has it was interrupted.

    Args:
        folder: must not exist.
        spec: decides the run.
        class_names: in index order.
        fill: puts into the folder what must be there before it is a run.

    Raises:
        TlguiError: the folder exists or cannot be written; nothing is left behind.
    """
    try:
        storage.make_folder(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        fill(folder)
        _make_inside(folder / CHECKPOINTS)
        storage.write_json(folder / LABELS, list(class_names))
        write_history(folder / HISTORY, ())
        storage.write_json(folder / SPEC, spec.to_json())
    except TlguiError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Run(folder, spec, tuple(class_names))


def _make_inside(folder: Path) -> None:
    try:
        storage.make_folder(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error


def open_run(folder: Path) -> Run:
    """Opens a run folder.

    Raises:
        TlguiError: it is not one.
    """
    if not (folder / SPEC).is_file() or not (folder / LABELS).is_file():
        found = "there is no such folder"
        if folder.is_dir():
            found = f"{SPEC} or {LABELS} is missing"
        raise TlguiError(
            f"Expected a run folder at {folder}, but {found}. "
            "Choose a folder that `tlgui train` or the window has made."
        )
    spec = read_spec(folder / SPEC)
    labels = _read_json(folder / LABELS)
    if not isinstance(labels, list) or not all(isinstance(n, str) for n in labels):
        raise _damaged(folder / LABELS, "expected a list of class names")
    return Run(folder, spec, tuple(labels), _sentences(folder / AUTOMATIC))


def open_finished_run(folder: Path) -> Run:
    """Opens a run folder that has a model to use.

    Raises:
        TlguiError: it is none, or has no model.
    """
    run = open_run(folder)
    if not run.model_file.is_file():
        raise TlguiError(
            f"The run {folder} has no finished model ({MODEL} is missing): it was "
            "stopped before one was kept. Train again, or choose another run."
        )
    return run


def new_run_name(existing: Path, stem: str) -> Path:
    """A free folder name: `stem`, or `stem 2`, `stem 3`, ….

    Args:
        existing: the folder in which the run will lie.
        stem: the wished name.
    """
    path, number = existing / stem, 2
    while path.exists():
        path, number = existing / f"{stem} {number}", number + 1
    return path


def _nearest_folder(path: Path) -> Path:
    for parent in path.absolute().parents:
        if parent.exists():
            return parent
    return path.absolute()


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(file, str(error)) from error


def _sentences(file: Path) -> tuple[str, ...]:
    """What an automatic training noted; a damaged note is none."""
    if not is_plain_file(file):
        return ()
    try:
        found = read_json(file)["sentences"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    whole = isinstance(found, list) and all(isinstance(one, str) for one in found)
    return tuple(one[:_LONGEST] for one in found[:_MOST_SENTENCES]) if whole else ()


def _read_object(file: Path) -> dict[str, Any]:
    value = _read_json(file)
    if not isinstance(value, dict):
        raise _damaged(file, "expected a JSON object")
    return value


def _damaged(file: Path, reason: str) -> TlguiError:
    return TlguiError(f"{file} cannot be read ({reason}). Choose another run folder.")
