"""Reads a CSV file as programs for tables write it, whatever its signs."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tlgui.core.errors import TlguiError

IsHead = Callable[[Sequence[str]], bool]
# The number of a line in the file, counted from 1, and its cells.
Line = tuple[int, list[str]]

_DELIMITERS = ",;\t"
_MOST_BYTES = 256_000_000


def read_csv(file: Path, is_head: IsHead) -> list[Line]:
    """Reads all lines that are not blank, with their numbers; the head first.

    Args:
        file: the table.
        is_head: tells a head by its cells, which decides what divides them.

    Raises:
        TlguiError: it cannot be read, or is too large.
    """
    try:
        size = file.stat().st_size
        if size > _MOST_BYTES:
            raise TlguiError(
                f"Expected a table of photos in {file}, but it has {size:,} bytes: "
                "too many for one. Choose another file."
            )
        return list(csv_lines(file.read_bytes(), is_head))
    except OSError as error:
        raise TlguiError(
            f"The table {file} cannot be read ({error.strerror}). Check its "
            "permissions, close the program that has it open, or choose another one."
        ) from error
    except csv.Error as error:
        raise TlguiError(
            f"The table {file} cannot be read ({error}). Save it as CSV again, or "
            "choose another one."
        ) from error


def _decoded(content: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def csv_lines(content: bytes, is_head: IsHead) -> Iterator[Line]:
    """The same of what is in a file, or in its beginning.

    Raises:
        csv.Error: it is no table.
    """
    text = _decoded(content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    skipped = first.casefold().startswith("sep=")  # Excel's own hint
    if skipped:
        text = text[text.index(first) + len(first) :].lstrip("\r\n")
        first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(first, is_head)
    )
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num + skipped, cells


def _delimiter(head: str, is_head: IsHead) -> str:
    """What divides the columns: what makes most of the head, files among them."""

    def worth(delimiter: str) -> tuple[bool, int]:
        cells = next(csv.reader([head], delimiter=delimiter), [])
        return is_head(cells), len(cells)

    return max(_DELIMITERS, key=worth)
