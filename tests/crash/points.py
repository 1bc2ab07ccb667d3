"""Ends or disturbs writers at every call that they make to the system, in turn.

    python -m tests.crash.points FOLDER kill|ENOSPC|EIO|full WRITER…

For each point a folder is prepared, a writer let loose in it, and what is left is
looked at; for kills these are processes of their own. `ENOSPC` and `EIO` are answered
once, `full` is a disk that has no room from that point on. The answer is a line of
JSON for each point; the last point of a writer is the one that it did not reach.
"""

import dataclasses
import errno
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash.calls import Call, Calls, Kind
from tests.crash.forks import Told, in_fork
from tests.crash.keras_writers import KERAS_WRITERS
from tests.crash.project_writers import PROJECT_WRITERS
from tests.crash.run_writers import RUN_WRITERS, get_ready
from tests.crash.writer import Writer
from tlgui.core.errors import TlguiError

WRITERS = PROJECT_WRITERS | RUN_WRITERS | KERAS_WRITERS
_MOST = 1_000
_KINDS = frozenset(kind.value for kind in Kind)
_NEEDS_ROOM = (Kind.WRITE, Kind.FLUSH, Kind.FOLDER)
# How a writer ended: all went well; a person was told, and read of the folder; was
# told but not where; a call failed and nobody was told.
DONE, TOLD, SILENT, SWALLOWED = 0, 3, 4, 6


@dataclass(frozen=True)
class Point:
    """What came of one point.

    Attributes:
        writer: its name.
        number: counted from 1.
        kind: of the call; "" if the writer did not get that far.
        code: how the writer ended; negative for a signal.
        left: what was found then; begins with "!" if that is wrong.
        drafts: half-written files that lie about.
    """

    writer: str
    number: int
    kind: str
    code: int
    left: str
    drafts: int


class Disturbance:
    """Counts calls and acts at one of them."""

    def __init__(self, how: str, at: int, tell: Told) -> None:
        self._how, self._at, self._tell = how, at, tell
        self._count = 0

    @property
    def is_over(self) -> bool:
        """Whether the point was reached."""
        return self._count >= self._at

    def __call__(self, call: Call) -> None:
        """One more call is about to be made."""
        self._count += 1
        if self._count == self._at:
            self._tell(call.kind)
            self._act()
        elif self._how == "full" and self.is_over:
            makes = call.kind is Kind.OPEN and call.is_new
            if makes or call.kind in _NEEDS_ROOM:
                self._act()

    def _act(self) -> None:
        if self._how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        number = errno.ENOSPC if self._how == "full" else getattr(errno, self._how)
        raise OSError(number, os.strerror(number))


class Killing:
    """Kills writers, and looks once at what several kills leave alike."""

    def __init__(self) -> None:
        self._looked_at: dict[tuple[object, ...], str] = {}

    def killed_at(self, folder: Path, name: str, number: int) -> Point:
        """Kills a writer at a point."""
        writer = WRITERS[name]
        folder.mkdir()
        in_fork(lambda told: writer.prepare(folder))

        def write(told: Told) -> int:
            disturbance = Disturbance("kill", number, told)
            Calls(folder, disturbance)
            return _write(folder, writer, disturbance, told)

        code, told = in_fork(write)
        mark, drafts = _mark(told), _drafts(folder)
        key = name, mark, drafts > 0, _contents(folder)
        if key not in self._looked_at:
            _, left = in_fork(lambda say: say(writer.look(folder, mark)))
            self._looked_at[key] = left[-1]
        return Point(name, number, _kind(told), code, self._looked_at[key], drafts)


def _contents(folder: Path) -> frozenset[tuple[str, bytes | None]]:
    """All files and folders but the drafts, whose content nobody reads."""
    return frozenset(
        (str(path.relative_to(folder)), path.read_bytes() if path.is_file() else None)
        for path in folder.rglob("*")
        if not path.name.startswith(".")
    )


class Failing:
    """Has calls of writers fail. They must live on, so one process serves them all."""

    def __init__(self, work: Path, how: str) -> None:
        self._how = how
        self._calls = Calls(work, _let_pass)

    def failed_at(self, folder: Path, name: str, number: int) -> Point:
        """Has one call fail."""
        writer, told = WRITERS[name], list[str]()
        folder.mkdir()
        writer.prepare(folder)
        disturbance = Disturbance(self._how, number, told.append)
        self._calls.folder = str(folder)
        self._calls.announce = disturbance
        code = _write(folder, writer, disturbance, told.append)
        self._calls.announce = _let_pass
        drafts = _drafts(folder)
        left = writer.look(folder, _mark(told))
        return Point(name, number, _kind(told), code, left, drafts)


def _let_pass(call: Call) -> None:
    """Does nothing at any point."""


def _write(folder: Path, writer: Writer, disturbance: Disturbance, told: Told) -> int:
    """Writes, and answers how that went."""
    try:
        sentence = writer.write(folder, lambda mark: told(str(mark)))
    except TlguiError as error:
        return TOLD if str(folder) in str(error) else SILENT
    told(str(writer.done))
    if sentence:
        return TOLD if str(folder) in sentence else SILENT
    return SWALLOWED if disturbance.is_over else DONE


def _drafts(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob(".*"))


def _mark(told: Sequence[str]) -> int:
    return max((int(text) for text in told if text.isdecimal()), default=0)


def _kind(told: Sequence[str]) -> str:
    return "".join(text for text in told if text in _KINDS)


def _points(
    try_point: Callable[[Path, str, int], Point], work: Path, name: str
) -> Iterator[Point]:
    for number in range(1, _MOST):
        point = try_point(work / f"{name}-{number}", name, number)
        yield point
        if not point.kind:
            return


def main() -> None:
    """Tries every point until a writer gets by them all."""
    work, how, names = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    os.fsync = lambda fd: None  # nobody cuts the power here
    if RUN_WRITERS.keys() & set(names):
        get_ready()
    gc.freeze()  # so that forks share what is there
    try_point = Killing().killed_at if how == "kill" else Failing(work, how).failed_at
    for name in names:
        for point in _points(try_point, work, name):
            sys.stdout.write(json.dumps(dataclasses.asdict(point)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
