"""Announces every call to the system by which this process changes a folder."""

import builtins
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any


class Kind(StrEnum):
    """What a call does."""

    OPEN = "open"
    WRITE = "write"
    FLUSH = "flush"
    RENAME = "rename"
    MODE = "mode"
    FOLDER = "folder"
    REMOVE = "remove"


@dataclass(frozen=True)
class Call:
    """A call that is about to be made.

    Attributes:
        kind: what it does.
        path: to which file or folder.
        target: the new name, if it renames.
        data: what is written; for a flush, all that the file holds.
        at: where it is written, in bytes from the beginning.
        is_new: whether it makes or empties a file.
    """

    kind: Kind
    path: Path
    target: Path | None = None
    data: bytes = b""
    at: int = 0
    is_new: bool = False


class Calls:
    """Watches one folder for as long as this process lives.

    Files are written in three pieces each, so that there are points between them.
    Nothing is really flushed: a process that is killed loses nothing by that.
    """

    def __init__(self, folder: Path, announce: Callable[[Call], None]) -> None:
        """Begins to watch.

        Args:
            folder: calls elsewhere are not announced.
            announce: told before a call is made; what it raises, the call raises.
        """
        self.folder = str(folder)
        self.announce = announce
        self._open = io.open
        sys.addaudithook(self._on_event)
        builtins.open = io.open = self.open  # type: ignore[assignment]
        os.fsync = self._flush  # type: ignore[assignment]

    def open(self, file: Any, mode: str = "r", *rest: Any, **named: Any) -> IO[Any]:
        """Opens a file of the folder so that its writes are announced."""
        is_ours = isinstance(file, str | Path) and str(file).startswith(self.folder)
        if not is_ours or not set(mode) & set("wxa+"):
            return self._open(file, mode, *rest, **named)
        raw = _InPieces(Path(file), mode.replace("b", "").replace("t", ""), self)
        buffer = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return buffer
        encoding, errors = named.get("encoding"), named.get("errors")
        return io.TextIOWrapper(buffer, encoding, errors, named.get("newline"))

    def _flush(self, descriptor: int) -> None:
        path = path_of(descriptor)
        if not str(path).startswith(self.folder):
            return
        data = b"" if path.is_dir() else path.read_bytes()
        self.announce(Call(Kind.FLUSH, path, data=data))

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        call = _call_of(event, arguments)
        if call is not None and str(call.path).startswith(self.folder):
            self.announce(call)


class _InPieces(io.FileIO):
    """A file that takes what it is given in three pieces."""

    def __init__(self, path: Path, mode: str, calls: Calls) -> None:
        super().__init__(str(path), mode)
        self._path = path
        self._calls = calls
        self._piece = self._left = 0

    def write(self, data: Any) -> int:
        view = memoryview(data)
        if len(view) != self._left:  # not the rest of what was given before
            self._piece = len(view) // 3 + 1
        part = bytes(view[: self._piece])
        self._left = len(view) - len(part)
        self._calls.announce(Call(Kind.WRITE, self._path, data=part, at=self.tell()))
        return super().write(part) or 0


def path_of(descriptor: int) -> Path:
    """The path of an open file."""
    if sys.platform == "darwin":
        import fcntl

        found = fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024))
        return Path(os.fsdecode(found.rstrip(b"\0")))
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def _call_of(event: str, arguments: tuple[Any, ...]) -> Call | None:
    """The call behind an event of the interpreter, if it changes a folder."""
    match event, arguments:
        case "open", (str() | bytes() as name, mode, int(flags)):
            return _opening(Path(os.fsdecode(name)), mode, flags)
        case "os.rename", (source, target, *_):
            return Call(Kind.RENAME, Path(source), Path(target))
        case "os.chmod", (str() | Path() as path, *_):
            return Call(Kind.MODE, Path(path))
        case "os.mkdir", (path, *_):
            return Call(Kind.FOLDER, Path(path))
        case "os.remove" | "os.rmdir", (path, folder):
            base = path_of(folder) if folder != -1 else Path()
            return Call(Kind.REMOVE, base / path)
    return None


def _opening(path: Path, mode: object, flags: int) -> Call | None:
    """The opening of a file for writing, or of a folder."""
    is_new = bool(flags & (os.O_TRUNC | os.O_CREAT))
    writes = flags & (os.O_WRONLY | os.O_RDWR)
    is_folder = mode is None and not writes and path.is_dir()
    return Call(Kind.OPEN, path, is_new=is_new) if writes or is_folder else None
