"""Finds the files that a table names, and what each of them shows."""

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from tlgui.core.dataset import (
    NOTHING,
    TRAIN,
    Problem,
    Sample,
    ShouldStop,
    files_below,
    split_folders,
    subfolders,
)
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.label_table import (
    TableRow,
    is_label_table,
    read_label_table,
)
from tlgui.core.task import Task

ENDINGS = (".csv", ".tsv")
_SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
# What people and other programs call such a table in a folder of photos.
_NAMES = frozenset({"labels", "annotations", "classes", "_classes", "metadata"})


@dataclass(frozen=True)
class Listing:
    """The files of a data set, before anybody has looked into them.

    Attributes:
        root: the folder.
        class_names: in index order.
        found: split and sample of each.
        splits: those that there are, perhaps with nothing in them.
        problems: what is left out already.
        table: the file that said it, relative to the root; "" if folders did.
        multilabel: whether a file may show several classes, or none.
    """

    root: Path
    class_names: tuple[str, ...]
    found: list[tuple[str, Sample]]
    splits: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    table: str = ""
    multilabel: bool = False


def find_table(path: Path) -> Path | None:
    """The table of a data set; None where folders say what the samples show.

    Args:
        path: a table itself, or a folder. In a folder a table counts if it is called
            as such tables are, or if it is the only one and there are no class folders.

    Raises:
        TlguiError: it is a file of another kind.
    """
    if path.is_file():
        _check_ending(path)
        return path
    if not path.is_dir():
        return None
    tables = sorted(
        file
        for file in path.iterdir()
        if file.suffix.casefold() in ENDINGS
        and not file.name.startswith(".")
        and file.is_file()
    )
    if not tables:
        return None
    folders = [] if split_folders(path) else subfolders(path)
    has_classes = bool(split_folders(path)) or len(folders) > 1
    for table in tables:
        is_named = table.stem.casefold() in _NAMES
        if (is_named or (len(tables) == 1 and not has_classes)) and is_label_table(
            table
        ):
            return table
    return tables[0] if len(tables) == 1 and not folders and not has_classes else None


def list_table(
    file: Path, task: Task, should_stop: ShouldStop, *, strays: bool
) -> Listing:
    """Lists the samples that a table names.

    Args:
        file: the table; the files lie in its folder or below.
        task: says which files are samples.
        should_stop: asked between lines.
        strays: whether to tell which samples in the folder the table does not name.

    Raises:
        TlguiError: the table cannot be used.
        Stopped: `should_stop` said so.
    """
    table = read_label_table(file)
    finder = _Finder(file.parent, should_stop)
    label_of = {name: label for label, name in enumerate(table.class_names)}
    found: list[tuple[str, Sample]] = []
    problems = list(table.problems)
    lines: dict[str, TableRow] = {}
    for row in table.rows:
        if should_stop():
            raise Stopped
        path, reason = finder.find(row.file)
        if not reason and path in lines:
            reason = _repeated(row, lines[path])
        if reason:
            where = f"line {row.number} of {table.name} names it, but {reason}"
            problems.append(Problem(path or row.file, where))
            continue
        lines[path] = row
        labels = sorted(label_of[name] for name in row.labels)
        first, *also = labels or [NOTHING]
        found.append((row.split, Sample(path, first, tuple(also))))
    if strays:
        problems += _strays(file, task, lines.keys() | {p.path for p in problems})
    return Listing(
        file.parent,
        table.class_names,
        found,
        tuple(dict.fromkeys((TRAIN, *(split for split, _ in found)))),
        tuple(problems),
        table.name,
        table.is_multilabel,
    )


class _Finder:
    """Finds what a table calls a file."""

    def __init__(self, root: Path, should_stop: ShouldStop) -> None:
        self._root = root
        self._should_stop = should_stop
        self._by_name: dict[str, list[str]] | None = None

    def find(self, name: str) -> tuple[str, str]:
        """A file by what is written.

        Args:
            name: with any kind of slashes. A file that is not there is looked for by
                its mere name in the folders below.

        Returns:
            Its path relative to the root and "", or any text and why it is left out.
        """
        path = name.replace("\\", "/")
        if PureWindowsPath(path).anchor:
            try:
                path = Path(path).relative_to(self._root).as_posix()
            except ValueError:
                return name, f"it lies outside the folder {self._root}"
        path = posixpath.normpath(path)
        if path.startswith("../") or path in ("..", "."):
            return name, f"it lies outside the folder {self._root}"
        if os.path.isfile(self._root / path):  # noqa: PTH113 - no error for any text
            return path, ""
        same = self._named(posixpath.basename(path))
        if len(same) == 1:
            return same[0], ""
        if same:
            return name, f"there are {len(same)} files of that name in other folders"
        return name, "there is no such file"

    def _named(self, name: str) -> list[str]:
        if self._by_name is None:
            self._by_name = {}
            for file in files_below(self._root):
                if self._should_stop():
                    raise Stopped
                path = file.relative_to(self._root).as_posix()
                self._by_name.setdefault(file.name.casefold(), []).append(path)
        return self._by_name.get(name.casefold(), [])


def _repeated(row: TableRow, first: TableRow) -> str:
    same = sorted(row.labels) == sorted(first.labels)
    how = "already does" if same else "says something else, and comes first"
    return f"line {first.number} {how}"


def _strays(file: Path, task: Task, known: set[str]) -> Iterator[Problem]:
    for path in files_below(file.parent):
        name = path.relative_to(file.parent).as_posix()
        if name not in known and task.refusal(path) is None:
            yield Problem(name, f"{file.name} does not name it")


def _check_ending(file: Path) -> None:
    ending = file.suffix.casefold()
    if ending in ENDINGS or (ending == ".txt" and is_label_table(file)):
        return
    if ending in _SHEETS:
        raise TlguiError(
            f"Expected a folder or a CSV table, but {file} is a spreadsheet. Save it "
            "as CSV (in the program that made it: Save as), and choose that."
        )
    raise TlguiError(
        f"Expected a folder, but {file} is a file. Choose the folder that holds one "
        "sub-folder for each class, or a CSV table that names each photo and its "
        "classes."
    )
