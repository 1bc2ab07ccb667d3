"""Reads the table that says which classes each sample shows: a CSV file.

One column names the files. Either another one holds the class names of each, or there
is one column of 0 and 1 for each class.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tlgui.core.csv_file import csv_lines, read_csv
from tlgui.core.dataset import SPLIT_NAMES, TRAIN, Problem, natural_key
from tlgui.core.errors import TlguiError

_FILE = frozenset(
    (
        *("file", "filename", "file_name", "filepath", "file_path", "path", "photo"),
        *("image", "imagename", "image_name", "image_path", "picture", "foto"),
        *("img", "img_name", "img_path", "datei", "dateiname", "bild"),
    )
)
_LABELS = frozenset(
    (
        *("labels", "label", "classes", "class", "class_names", "tags", "tag"),
        *("categories", "category", "klassen", "klasse"),
    )
)
_SPLIT = frozenset({"split", "set", "subset", "partition"})
_YES = frozenset({"1", "1.0", "1,0", "true", "yes", "y", "x", "ja", "wahr"})
_NO = frozenset({"", "0", "0.0", "0,0", "false", "no", "n", "nein", "falsch"})
_SEPARATORS = ";|,"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table.

    Attributes:
        number: of the line in the file, counted from 1.
        file: as it is written there.
        labels: names of the classes that it shows.
        split: one of `dataset.SPLITS`.
    """

    number: int
    file: str
    labels: tuple[str, ...]
    split: str


@dataclass(frozen=True)
class LabelTable:
    """What a table says.

    Attributes:
        name: of its file.
        class_names: in index order.
        rows: in the order of the file.
        problems: lines and columns that are left out.
    """

    name: str
    class_names: tuple[str, ...]
    rows: tuple[TableRow, ...]
    problems: tuple[Problem, ...]

    @property
    def is_multilabel(self) -> bool:
        """Whether some line has several classes, or none."""
        return any(len(row.labels) != 1 for row in self.rows)


@dataclass(frozen=True)
class _Columns:
    """Which column is which.

    Attributes:
        file: of the files' names.
        labels: of the class names; None if there are columns of 0 and 1.
        split: of the splits; None if there is none.
    """

    file: int
    labels: int | None
    split: int | None


def is_label_table(file: Path) -> bool:
    """Whether the first line of a file promises a table of files and classes."""
    try:
        with file.open("rb") as stream:
            lines = list(csv_lines(stream.read(65_536), _is_head))
    except (OSError, csv.Error):
        return False
    columns = _columns(lines[0][1]) if lines else None
    if columns is None:
        return False
    return columns.labels is not None or len(lines[0][1]) > 1


def read_label_table(file: Path) -> LabelTable:
    """Reads a table.

    UTF-8 and UTF-16 are known by their marks, anything else is taken for Latin-1 as
    Windows writes it. Commas, semicolons or tabs divide the columns.

    Args:
        file: a CSV file with names of columns in its first line.

    Raises:
        TlguiError: it cannot be read, has no such columns, or no line that can be
            used.
    """
    lines = read_csv(file, _is_head)
    columns = _columns(lines[0][1]) if lines else None
    if columns is None:
        found = ", ".join(f"“{name}”" for name in lines[0][1][:8]) if lines else "none"
        raise TlguiError(
            f"Expected names of columns in the first line of {file}, one of them "
            f"“file”, but found {found}. Name the column of the photos “file”, and "
            "that of their classes “labels”."
        )
    head, *body = lines
    table = _Reader(file.name, columns, head[1], body)
    rows = tuple(table.rows())
    if not rows:
        reasons = [f"; the first is left out: {p.reason}" for p in table.problems]
        raise TlguiError(
            f"Expected a line for each photo in {file}, but found none that can be "
            f"used{reasons[0] if reasons else ''}. Check the table."
        )
    names = {name for row in rows for name in row.labels}
    if not names:
        raise TlguiError(
            f"Expected classes of the photos in {file}, but found none: no line names "
            "a class. Add a column “labels”, or one column of 0 and 1 for each class."
        )
    for name in table.class_columns.values():
        if name not in names:
            table.tell(f"its column “{name}” has no 1, so nothing shows that class")
    ordered = tuple(sorted(names, key=natural_key))
    return LabelTable(file.name, ordered, rows, tuple(table.problems))


class _Reader:
    """Turns lines into rows, and notes what is left out."""

    def __init__(
        self,
        name: str,
        columns: _Columns,
        head: Sequence[str],
        body: Sequence[tuple[int, list[str]]],
    ) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._columns = columns
        self._width = len(head)
        self._body = body
        self.class_columns = {} if columns.labels is not None else self._classes(head)
        self._separator = self._find_separator()

    def tell(self, reason: str) -> None:
        """Notes a problem of the table itself."""
        self.problems.append(Problem(self._name, reason))

    def rows(self) -> Iterable[TableRow]:
        """The lines that can be used."""
        for number, cells in self._body:
            file = _cell(cells, self._columns.file)
            reason = self._refusal(file, cells)
            if reason:
                where = f"line {number} of {self._name}"
                self.problems.append(Problem(file or self._name, f"{where} {reason}"))
            else:
                labels = tuple(self._labels(cells))
                yield TableRow(number, file, labels, self._split(cells) or TRAIN)

    def _refusal(self, file: str, cells: Sequence[str]) -> str:
        """Why a line cannot be used, or ""."""
        if not file:
            return "names no file"
        if any(cell.strip() for cell in cells[self._width :]):
            return (
                f"has {len(cells)} cells, but there are {self._width} columns; several "
                "classes in one cell are put in quotes"
            )
        if self._split(cells) is None:
            found = _cell(cells, self._columns.split or 0)
            return f"has the split “{found}”, but train, val or test was expected"
        for column, name in self.class_columns.items():
            value = _cell(cells, column)
            if value.casefold() not in _YES | _NO:
                return f"has “{value}” for “{name}”, but 0 or 1 was expected"
        return ""

    def _labels(self, cells: Sequence[str]) -> Iterable[str]:
        column = self._columns.labels
        if column is None:
            return [
                name
                for column, name in self.class_columns.items()
                if _cell(cells, column).casefold() in _YES
            ]
        parts = _cell(cells, column).split(self._separator)
        return dict.fromkeys(part.strip() for part in parts if part.strip())

    def _split(self, cells: Sequence[str]) -> str | None:
        """The split of a line; None if it is none."""
        if self._columns.split is None:
            return TRAIN
        found = _cell(cells, self._columns.split).casefold()
        return SPLIT_NAMES.get(found) if found else TRAIN

    def _find_separator(self) -> str:
        """What divides the class names in a cell: the same in every line."""
        if self._columns.labels is None:
            return _SEPARATORS[0]
        cells = [_cell(cells, self._columns.labels) for _, cells in self._body]
        return next((s for s in _SEPARATORS if any(s in c for c in cells)), ",")

    def _classes(self, head: Sequence[str]) -> dict[int, str]:
        """The columns of 0 and 1, by their place."""
        found: dict[int, str] = {}
        for column, title in enumerate(head):
            if column in (self._columns.file, self._columns.split):
                continue
            values = [_cell(cells, column).casefold() for _, cells in self._body]
            filled = [value for value in values if value]
            known = sum(value in _YES | _NO for value in filled)
            name = title.strip()
            if not filled:
                continue
            if not name or name in found.values():
                self.tell(f"column {column + 1} has no name of its own: it is left out")
            elif 2 * known < len(filled):
                self.tell(f"its column “{name}” holds neither 0 nor 1: it is left out")
            else:
                found[column] = name
        return found


def _columns(head: Sequence[str]) -> _Columns | None:
    """Finds the columns by their names; None if none names files."""
    names = [name.strip().casefold() for name in head]

    def find(known: frozenset[str]) -> int | None:
        return next((i for i, name in enumerate(names) if name in known), None)

    file = find(_FILE)
    return None if file is None else _Columns(file, find(_LABELS), find(_SPLIT))


def _is_head(cells: Sequence[str]) -> bool:
    return _columns(cells) is not None


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""
