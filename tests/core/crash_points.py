"""Ends or disturbs a writer at every call that it makes to the system, in turn.

    python -m tests.core.crash_points FOLDER kill|ENOSPC|EIO

For each point a fork of this process writes a manifest and a project once and moves
a run into the bin and out of it; then this process looks at what is left. The answer
is a line of JSON for each point.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tlgui.core.dataset import Dataset
from tlgui.core.errors import TlguiError
from tlgui.core.manifest import FileState, Manifest, read_manifest, write_manifest
from tlgui.core.project import Project
from tlgui.core.project_folder import create_project, read_project, write_project
from tlgui.core.project_runs import bin_run, restore_run
from tlgui.core.run import create_run
from tlgui.core.spec import TrainingSpec

_WATCHED = frozenset({"open", "os.rename", "os.chmod", "os.mkdir", "tempfile.mkstemp"})
_DONE, _TOLD, _SILENT = 0, 3, 4
_MOST = 500
_ROOT = Path("/photos")
_OLD, _NEW = (
    Manifest(
        Dataset(_ROOT, "image-classification", ("a", "b"), {}),
        {f"a/{index}.jpg": FileState(index, 1) for index in range(count)},
    )
    for count in (3, 4)
)


class Points:
    """Counts calls, and acts at one of them."""

    def __init__(self, folder: Path, at: int, act: Callable[[], None]) -> None:
        self._folder, self._at, self._act = str(folder), at, act
        self.count = 0

    def watch(self) -> None:
        """Begins to count, for as long as this process lives."""
        fsync = os.fsync

        def counted_fsync(descriptor: int) -> None:
            self.pass_by()
            fsync(descriptor)
            self.pass_by()

        def write_in_pieces(path: Path, data: bytes) -> int:
            third = len(data) // 3 + 1
            with path.open("wb", buffering=0) as stream:
                for start in range(0, len(data), third):
                    self.pass_by()
                    stream.write(data[start : start + third])
            self.pass_by()
            return len(data)

        os.fsync = counted_fsync  # type: ignore[assignment]
        Path.write_bytes = write_in_pieces  # type: ignore[assignment,method-assign]
        sys.addaudithook(self._on_call)

    def _on_call(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in _WATCHED and str(arguments[0]).startswith(self._folder):
            self.pass_by()

    def pass_by(self) -> None:
        """One more point."""
        self.count += 1
        if self.count == self._at:
            self._act()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fail(number: int) -> Callable[[], None]:
    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


def _write_once(folder: Path, point: int, act: Callable[[], None]) -> int:
    """In a process of its own: writes, and says in its exit code how that went."""
    points = Points(folder, point, act)
    points.watch()
    try:
        write_manifest(folder / "manifest.json", _NEW)
        write_project(folder, Project(best=0.9))
        bin_run(folder, "one")
        restore_run(folder, "one")
    except TlguiError as error:
        return _TOLD if str(folder) in str(error) else _SILENT
    return _DONE if points.count < point else _TOLD


def _is_whole(folder: Path) -> bool:
    """Whether manifest and run are there, each old or new and at one place."""
    manifest = read_manifest(folder / "manifest.json", _ROOT)
    places = [folder / room / "one" for room in ("runs", "bin")]
    there = [place for place in places if place.is_dir()]
    files = sorted(path.name for path in there[0].iterdir())
    return (
        manifest in (_OLD, _NEW)
        and len(there) == 1
        and files == ["history.csv", "labels.json", "spec.json"]
    )


def _start_over(folder: Path) -> None:
    write_project(folder, Project(best=0.1))
    write_manifest(folder / "manifest.json", _OLD)
    if (folder / "bin" / "one").is_dir():
        restore_run(folder, "one")
    if (folder / "bin").is_dir():
        (folder / "bin").rmdir()


def main() -> None:
    """Tries every point until a writer gets by them all."""
    folder, how = Path(sys.argv[1]) / "crash.tlgui", sys.argv[2]
    act = _kill if how == "kill" else _fail(getattr(errno, how))
    create_project(folder, Project(best=0.1))
    create_run(folder / "runs" / "one", TrainingSpec(data="/photos"), ["a", "b"])
    for point in range(1, _MOST):
        _start_over(folder)
        child = os.fork()
        if not child:
            os._exit(_write_once(folder, point, act))
        status = os.waitpid(child, 0)[1]
        code = os.waitstatus_to_exitcode(status)
        read = read_project(folder)
        left = [p.name for p in folder.iterdir() if p.name.startswith(".")]
        is_sound = not read.damaged and _is_whole(folder)
        told = [point, code, read.project.best, is_sound, len(left)]
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        for name in left:
            (folder / name).unlink()
        if code == _DONE:
            return


if __name__ == "__main__":
    main()
