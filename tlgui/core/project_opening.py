"""Opens a project: its lock, its data, its runs, and the run that was shown."""

import os
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from tlgui.core import storage
from tlgui.core.dataset import Dataset, ShouldStop
from tlgui.core.errors import TlguiError
from tlgui.core.manifest import compare, list_files, read_manifest
from tlgui.core.project import DataPlace, Project
from tlgui.core.project_folder import DAMAGED, keep_damaged, read_project, write_project
from tlgui.core.project_lock import CannotLockError, ProjectLock
from tlgui.core.project_paths import HOLDER, MANIFEST, PICTURE, PROJECT, RUNS, inside
from tlgui.core.project_runs import (
    RunSummary,
    binned,
    list_runs,
)
from tlgui.core.project_shown import ShownRun, read_shown_run
from tlgui.core.search import SearchState
from tlgui.core.search_file import last_search

_MORE = 1_000


@dataclass(frozen=True)
class Opened:
    """A project as it was found.

    Attributes:
        folder: where it is.
        project: what its file says.
        read_only: whether nothing of it may change.
        problems: whole sentences for the person.
        data: the folder of its data; None if it is missing or none was chosen.
        dataset: the data set, if nothing in its folder was changed.
        runs: its runs, in the order of their names.
        binned: names of the runs in its bin.
        shown: the run that was shown last.
        search: the file of the search that was begun last, and what it has found.
    """

    folder: Path
    project: Project
    read_only: bool
    problems: tuple[str, ...] = ()
    data: Path | None = None
    dataset: Dataset | None = None
    runs: tuple[RunSummary, ...] = ()
    binned: tuple[str, ...] = ()
    shown: ShownRun | None = None
    search: tuple[Path, SearchState] | None = None

    @property
    def misses_data(self) -> bool:
        """Whether its data are not where they were."""
        return self.project.data is not None and self.data is None


class OpenProject:
    """The project that is open now, with its lock if it may be written."""

    def __init__(self, folder: Path, lock: ProjectLock | None, *, damaged: bool):
        self.folder = folder
        self._lock = lock
        self._damaged = damaged

    @property
    def read_only(self) -> bool:
        """Whether it may not be written."""
        return self._lock is None

    def write(self, project: Project) -> None:
        """Writes `project.json`; what was damaged is put aside before.

        Raises:
            TlguiError: the system refused to write.
        """
        if self._damaged:
            keep_damaged(self.folder)
            self._damaged = False
        write_project(self.folder, project)

    def close(self) -> None:
        """Gives the project back."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def open_project(
    folder: Path,
    *,
    read_only: bool = False,
    trusted: bool = True,
    should_stop: ShouldStop = lambda: False,
) -> tuple[OpenProject, Opened]:
    """Opens a project.

    Args:
        folder: where it is.
        read_only: whether to leave the lock alone.
        trusted: whether it was open here before. Only then are its data looked for
            on another computer, and taken for them whatever is there.
        should_stop: asked while files are listed.

    Raises:
        HeldElsewhereError: another window has it open for writing.
        TlguiError: it is no project, or cannot be read.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - keeps links, drops ".."
    newer = read_project(folder).newer
    lock, problems = None, []
    if not read_only and not newer:
        try:
            lock = ProjectLock(folder)
            for name in (PROJECT, DAMAGED, MANIFEST, PICTURE, HOLDER):
                storage.drop_drafts(folder / name)
        except CannotLockError as error:
            problems.append(str(error))
    try:
        read = read_project(folder)
        runs, refused = list_runs(folder)
        problems += [*read.problems, *refused]
        project = read.project
        root, dataset = _look_at_data(
            folder, project.data, trusted=trusted, should_stop=should_stop
        )
        shown = _shown(folder, project, root, problems)
        search = _search(folder, problems)
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    opened = Opened(
        folder,
        project,
        lock is None,
        tuple(problems),
        root,
        dataset,
        runs,
        binned(folder),
        shown,
        search,
    )
    return OpenProject(folder, lock, damaged=read.damaged), opened


def _search(folder: Path, problems: list[str]) -> tuple[Path, SearchState] | None:
    try:
        return last_search(inside(folder, RUNS))
    except TlguiError as error:
        problems.append(str(error))
        return None


def find_data(
    folder: Path, place: DataPlace | None, *, trusted: bool = True
) -> Path | None:
    """Where the data of a project lie now.

    They may have moved together with the project, and are then found by themselves.
    """
    if place is None:
        return None
    tried = [Path(place.root)]
    if place.relative and not PureWindowsPath(place.relative).anchor:
        tried.append(Path(os.path.normpath(folder / place.relative)))
    for root in tried:
        if not root.is_absolute() or (_is_remote(root) and not trusted):
            continue
        try:
            if root.is_dir():
                return root
        except (OSError, ValueError):
            continue
    return None


def place_of(
    folder: Path, dataset: Dataset, manifest: str, old: DataPlace | None
) -> DataPlace:
    """How a project notes where its data set is."""
    try:
        relative = Path(os.path.relpath(dataset.root, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        relative = ""
    kept = old.unknown if old is not None else {}
    return DataPlace(
        str(dataset.root),
        relative,
        manifest,
        len(dataset),
        len(dataset.class_names),
        kept,
        dataset.table,
    )


def _is_remote(root: Path) -> bool:
    return PureWindowsPath(root).drive.startswith("\\\\") and os.name == "nt"


def _look_at_data(
    folder: Path, place: DataPlace | None, *, trusted: bool, should_stop: ShouldStop
) -> tuple[Path | None, Dataset | None]:
    """Where the data are, and the data set if nothing there was changed.

    A project from a stranger may name any folder: it is taken for that of its data
    only if some of them are there, and no more of it is looked at than is needed.
    """
    root = find_data(folder, place, trusted=trusted)
    if root is None:
        return None, None
    manifest = read_manifest(folder / MANIFEST, root)
    if manifest is None:
        return root if trusted else None, None
    most = None if trusted else 2 * len(manifest.files) + _MORE
    try:
        found = list_files(root, should_stop, most)
    except TlguiError:
        return root if trusted else None, None
    comparison = compare(manifest, found)
    if not trusted and not comparison.same:
        return None, None
    return root, manifest.dataset if comparison.is_untouched else None


def _shown(
    folder: Path, project: Project, root: Path | None, problems: list[str]
) -> ShownRun | None:
    if not project.view.run:
        return None
    try:
        place = inside(folder, RUNS, project.view.run)
        return read_shown_run(place, root) if place.is_dir() else None
    except TlguiError as error:
        problems.append(str(error))
        return None
