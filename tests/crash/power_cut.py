"""Cuts the power of a modelled disk after every call of a writer.

    python -m tests.crash.power_cut FOLDER nothing|files|folders WRITER…

What may be left then is put into a folder and looked at, each state once. The answer
is a line of JSON for each state. The flushes of files or of folders can be left out,
to show that this is noticed.
"""

import dataclasses
import gc
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crash.calls import Call, Calls, Kind
from tests.crash.disk import Disk, State
from tests.crash.points import WRITERS
from tests.crash.run_writers import RUN_WRITERS, get_ready
from tests.crash.writer import Writer
from tlgui.core.errors import TlguiError


@dataclass(frozen=True)
class Cut:
    """What a power cut left.

    Attributes:
        writer: its name.
        call: after which call; counted from 1.
        calls: how many there are.
        left: what was found; begins with "!" if that is wrong.
    """

    writer: str
    call: int
    calls: int
    left: str


def cuts(work: Path, calls: Calls, name: str, left_out: str) -> Iterator[Cut]:
    """Lets a writer write, and cuts the power after every call."""
    writer = WRITERS[name]
    folder = work / name
    folder.mkdir()
    writer.prepare(folder)
    disk, made, marks = Disk(folder), list[Call](), {0: 0}
    calls.folder, calls.announce = str(folder), made.append
    writer.write(folder, lambda mark: marks.update({len(made): mark}))
    calls.announce = lambda call: None
    marks[len(made)] = writer.done
    seen: set[tuple[int, frozenset[tuple[Path, bytes | None]]]] = set()
    mark = 0
    for number, call in enumerate([None, *made]):
        if call is not None and _flushed(call) != left_out:
            disk.take(call)
        mark = marks.get(number, mark)
        for state in disk.after_power_cut():
            key = mark, frozenset(state.items())
            if key not in seen:
                seen.add(key)
                place = work / f"{name}-{len(seen)}"
                _put(state, place)
                yield Cut(name, number, len(made), _left(writer, place, mark))


def _left(writer: Writer, place: Path, mark: int) -> str:
    try:
        return writer.look(place, mark)
    except TlguiError as error:
        return f"!{error}"


def _flushed(call: Call) -> str:
    if call.kind is not Kind.FLUSH:
        return ""
    return "folders" if call.path.is_dir() else "files"


def _put(state: State, place: Path) -> None:
    place.mkdir()
    for path, content in state.items():
        if content is None:
            (place / path).mkdir()
        else:
            (place / path).write_bytes(content)


def main() -> None:
    """Cuts the power of every writer."""
    work, left_out, names = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    os.fsync = lambda fd: None
    if RUN_WRITERS.keys() & set(names):
        get_ready()
    gc.freeze()
    calls = Calls(work, lambda call: None)
    for name in names:
        for cut in cuts(work, calls, name, left_out):
            sys.stdout.write(json.dumps(dataclasses.asdict(cut)) + "\n")


if __name__ == "__main__":
    main()
