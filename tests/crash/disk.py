"""A model of a disk that loses everything that was not flushed.

What a file holds is safe once the file is flushed, and its name once its folder is;
until then, each may be there or not, in any combination. A renaming happens as one,
and is safe once the folder of the new name is flushed. This is what POSIX promises
(https://pubs.opengroup.org/onlinepubs/9799919799/functions/fsync.html), and less than
what file systems with a journal keep.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.calls import Call, Kind

# Paths and contents; None for a folder.
State = Mapping[Path, bytes | None]
_MOST_COMBINED = 6


@dataclass
class _File:
    content: bytes = b""
    safe: bytes | None = None


@dataclass
class _Folder:
    names: dict[str, "_File | _Folder"] = field(default_factory=dict)
    safe: dict[str, "_File | _Folder"] = field(default_factory=dict)


_Names = dict[str, _File | _Folder]


@dataclass(frozen=True)
class _Change:
    """A change of names that is not safe yet: `thing` appears, or what was there goes.

    Attributes:
        folder: whose name changes.
        name: the name.
        thing: what it stands for from now on; None if it goes.
        source: where a renamed thing was before.
    """

    folder: _Folder
    name: str
    thing: _File | _Folder | None
    source: tuple[_Folder, str] | None = None


class Disk:
    """Takes calls in and answers what a power cut may leave."""

    def __init__(self, root: Path) -> None:
        """Args: root: a folder whose present content is safe."""
        self._root = root
        self._top = _read(root)
        self._changes: list[_Change] = []

    def take(self, call: Call) -> None:
        """Takes in a call that was made; one that the system refused is left out."""
        if not self._is_there(call.path.parent):
            return  # `mkdir` with parents tries the last one first
        folder, name = self._folder(call.path.parent), call.path.name
        thing = self._top if call.path == self._root else folder.names.get(name)
        match call.kind:
            case Kind.OPEN if call.is_new:
                if isinstance(thing, _File):
                    thing.content = b""
                else:
                    self._change(_Change(folder, name, _File()))
            case Kind.FOLDER if thing is None:
                self._change(_Change(folder, name, _Folder()))
            case Kind.WRITE:
                assert isinstance(thing, _File)
                before, after = thing.content[: call.at], thing.content[call.at :]
                thing.content = before + call.data + after[len(call.data) :]
            case Kind.FLUSH:
                self._flush(thing, call)
            case Kind.RENAME:
                assert call.target is not None
                assert thing is not None
                target = self._folder(call.target.parent)
                self._change(_Change(target, call.target.name, thing, (folder, name)))
            case Kind.REMOVE:
                self._change(_Change(folder, name, None))

    def after_power_cut(self) -> Iterator[State]:
        """Everything that may be left now."""
        for done in _choices(self._changes):
            names = _names_after(done)
            for share in (0.0, 0.5, 1.0):
                found: dict[Path, bytes | None] = {}
                _collect(self._top, Path(), names, share, found)
                yield found

    def _change(self, change: _Change) -> None:
        _apply(change, lambda of: of.names)
        self._changes.append(change)

    def _flush(self, thing: _File | _Folder | None, call: Call) -> None:
        if isinstance(thing, _File):
            assert call.data == thing.content, "everything that was written is known"
            thing.safe = thing.content
            return
        safe = [change for change in self._changes if change.folder is thing]
        self._changes = [c for c in self._changes if c.folder is not thing]
        for change in safe:
            _apply(change, lambda of: of.safe)

    def _is_there(self, path: Path) -> bool:
        try:
            self._folder(path)
        except KeyError:
            return False
        return True

    def _folder(self, path: Path) -> _Folder:
        found = self._top
        if path != self._root and self._root in path.parents:
            for part in path.relative_to(self._root).parts:
                below = found.names[part]
                assert isinstance(below, _Folder)
                found = below
        return found


def _names_after(done: Sequence[_Change]) -> Mapping[int, _Names]:
    """The names in every folder that some changes on top of what is safe leave."""
    names: dict[int, _Names] = {}
    for change in done:
        _apply(change, lambda of: names.setdefault(id(of), dict(of.safe)))
    return names


def _apply(change: _Change, names_of: Callable[[_Folder], _Names]) -> None:
    if change.source is not None:
        folder, name = change.source
        names_of(folder).pop(name, None)
    if change.thing is None:
        names_of(change.folder).pop(change.name, None)
    else:
        names_of(change.folder)[change.name] = change.thing


def _choices(changes: list[_Change]) -> Iterator[list[_Change]]:
    """Which of the changes have reached the disk; of many, those that harm the most."""
    if len(changes) <= _MOST_COMBINED:
        for kept in itertools.product((False, True), repeat=len(changes)):
            yield list(itertools.compress(changes, kept))
        return
    for place in range(len(changes) + 1):
        yield changes[:place]
        yield changes[place:]
        yield changes[:place] + changes[place + 1 :]


def _collect(
    folder: _Folder,
    path: Path,
    names: Mapping[int, _Names],
    share: float,
    found: dict[Path, bytes | None],
) -> None:
    """Puts everything below a folder into a state."""
    for name, thing in names.get(id(folder), folder.safe).items():
        if isinstance(thing, _Folder):
            found[path / name] = None
            _collect(thing, path / name, names, share, found)
        elif thing.safe == thing.content:
            found[path / name] = thing.content
        else:
            part = thing.content[: int(len(thing.content) * share)]
            found[path / name] = part if share or thing.safe is None else thing.safe


def _read(path: Path) -> _Folder:
    found: _Names = {}
    for below in path.iterdir():
        if below.is_dir():
            found[below.name] = _read(below)
        else:
            content = below.read_bytes()
            found[below.name] = _File(content, content)
    return _Folder(found, dict(found))
