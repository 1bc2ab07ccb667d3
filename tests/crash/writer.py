"""What writes something into a folder, and how it is looked at afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Mark = Callable[[int], None]
OLD, NEW = "old", "new"


@dataclass(frozen=True)
class Writer:
    """Something that writes.

    Attributes:
        prepare: makes what is there before.
        write: writes into the folder; tells how far it is, and answers what it told a
            person, or "".
        look: answers what is there, given how far the writer told it was; begins with
            "!" if that must not be.
        done: how far it is when all is written.
    """

    prepare: Callable[[Path], None]
    write: Callable[[Path, Mark], str]
    look: Callable[[Path, int], str]
    done: int = 1


def plain_writer(
    prepare: Callable[[Path], None],
    write: Callable[[Path], None],
    read: Callable[[Path], str],
) -> Writer:
    """A writer that replaces something old by something new, whole or not at all."""

    def write_once(folder: Path, mark: Mark) -> str:
        write(folder)
        return ""

    def look(folder: Path, done: int) -> str:
        found = read(folder)
        if found not in (OLD, NEW):
            return f"!neither old nor new: {found}"
        return "!the old one is back" if done and found == OLD else found

    return Writer(prepare, write_once, look)
