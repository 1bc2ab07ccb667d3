"""A project: photos, choices and all runs, as one folder."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlgui.core.project_paths import is_plain_name
from tlgui.core.spec import TrainingSpec

PROJECT_VERSION = 1


@dataclass(frozen=True)
class DataPlace:
    """The data set of a project.

    Attributes:
        root: its folder.
        relative: the same as seen from the project's folder, with forward slashes,
            for projects that move together with their data.
        manifest: the hash of its manifest; "" while there is none.
        samples: how many usable files there are.
        classes: how many classes.
        table: the file in it that says what the samples show; "" where folders do.
    """

    root: str
    relative: str = ""
    manifest: str = ""
    samples: int = 0
    classes: int = 0
    unknown: Mapping[str, Any] = field(default_factory=dict)
    table: str = ""

    @property
    def source(self) -> Path:
        """What was scanned: the table if there is one, or else the folder."""
        root = Path(self.root)
        return root / self.table if is_plain_name(self.table) else root


@dataclass(frozen=True)
class RunEntry:
    """What a project adds to a run folder.

    Attributes:
        folder: its name in `runs/`.
        name: as the person calls it; "" for the folder's name.
        starred: whether it is a favourite.
        created: when it began, in ISO 8601; "" if that is not known.
    """

    folder: str
    name: str = ""
    starred: bool = False
    created: str = ""
    unknown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """What the window showed last.

    Attributes:
        page: the step.
        run: the run's folder name; "" for none.
        compared: folder names of the runs laid over each other.
        sorted_by: the column by which runs are sorted.
        descending: whether the largest stands first.
        result: the view of the result.
        unfolded: whether the further settings are shown.
        layers: whether the layers of the chosen block are shown.
    """

    page: str = "photos"
    run: str = ""
    compared: tuple[str, ...] = ()
    sorted_by: str = "date"
    descending: bool = True
    result: str = ""
    unfolded: bool = False
    layers: bool = False
    unknown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Project:
    """What `project.json` holds.

    Attributes:
        created: when, in ISO 8601.
        data: where the data set is; None before one is chosen.
        spec: the present choices.
        view: what the window showed.
        runs: what is noted of runs; run folders that are not listed count, too.
        bin: what is noted of deleted runs, the latest last.
        best: the best validation accuracy of its runs, 0..1; -1 for none.
        unknown: fields of another version, kept as they were found.
        spec_unknown: the same of the spec.
    """

    created: str = ""
    data: DataPlace | None = None
    spec: TrainingSpec = field(default_factory=lambda: TrainingSpec(data=""))
    view: View = field(default_factory=View)
    runs: tuple[RunEntry, ...] = ()
    bin: tuple[RunEntry, ...] = ()
    best: float = -1.0
    unknown: Mapping[str, Any] = field(default_factory=dict)
    spec_unknown: Mapping[str, Any] = field(default_factory=dict)

    def entry(self, folder: str) -> RunEntry:
        """What is noted of a run."""
        for entry in self.runs:
            if entry.folder == folder:
                return entry
        return RunEntry(folder)

    def with_entry(self, changed: RunEntry) -> "Project":
        """The same with another note of one run."""
        others = tuple(e for e in self.runs if e.folder != changed.folder)
        return dataclasses.replace(self, runs=(*others, changed))

    def without_entry(self, folder: str) -> "Project":
        """The same without the note of one run."""
        others = tuple(e for e in self.runs if e.folder != folder)
        return dataclasses.replace(self, runs=others)

    def next_run_name(self, pattern: str) -> str:
        """The first of `Run 1`, `Run 2`, … behind all that were ever given.

        Args:
            pattern: with `{0}` for the number.
        """
        used = {entry.name for entry in (*self.runs, *self.bin)}
        numbers = range(1, len(used) + 2)
        last = max((n for n in numbers if pattern.format(n) in used), default=0)
        return pattern.format(last + 1)
