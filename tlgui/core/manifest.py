"""Which files a data set is made of, so that it is known again elsewhere."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tlgui.core import storage
from tlgui.core.dataset import (
    NOTHING,
    SPLITS,
    Dataset,
    Problem,
    Sample,
    ShouldStop,
    files_below,
)
from tlgui.core.errors import Stopped
from tlgui.core.project_paths import read_json
from tlgui.core.task import TASKS, Task, find_task

MANIFEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class FileState:
    """How a file was when it was looked at.

    Attributes:
        size: in bytes.
        modified: nanoseconds since 1970.
        digest: SHA-256 of the content; "" where it was not read.
    """

    size: int
    modified: int
    digest: str = ""


@dataclass(frozen=True)
class Manifest:
    """A data set and the state of every file below its folder.

    Attributes:
        dataset: as it was scanned.
        files: by path relative to the root, with forward slashes.
    """

    dataset: Dataset
    files: Mapping[str, FileState] = field(repr=False)

    @property
    def hash(self) -> str:
        """SHA-256 over paths and sizes; the same wherever the folder lies."""
        total = hashlib.sha256()
        for path, state in sorted(self.files.items()):
            total.update(f"{path}\0{state.size}\n".encode())
        return total.hexdigest()


@dataclass(frozen=True)
class Comparison:
    """A folder beside a manifest.

    Attributes:
        same: files with the same path and size.
        unchanged: those of them with the same time of change.
        expected: files of the manifest.
        missing: files that are not there, or have another size.
        new: files that the manifest does not know.
    """

    same: int
    unchanged: int
    expected: int
    missing: tuple[str, ...]
    new: int

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was changed, so that nothing need be read again."""
        return self.unchanged == self.expected and not self.new

    @property
    def is_whole(self) -> bool:
        """Whether everything that is expected is there."""
        return self.same == self.expected


def list_files(
    root: Path, should_stop: ShouldStop = lambda: False, most: int | None = None
) -> dict[str, FileState]:
    """The state of all visible files below a folder, without reading them.

    Args:
        root: the folder.
        should_stop: asked between files.
        most: how many are looked at before it is left at that; None for all.

    Raises:
        TlguiError: the folder is missing or cannot be read.
        Stopped: `should_stop` said so.
    """
    found: dict[str, FileState] = {}
    for file in files_below(root):
        if should_stop():
            raise Stopped
        if most is not None and len(found) >= most:
            break
        try:
            state = file.stat()
        except OSError:  # a link to nothing, or gone since
            continue
        path = file.relative_to(root).as_posix()
        found[path] = FileState(state.st_size, state.st_mtime_ns)
    return found


def make_manifest(
    dataset: Dataset, should_stop: ShouldStop = lambda: False
) -> Manifest:
    """The manifest of a data set that was just scanned.

    Raises:
        TlguiError: its folder cannot be read any more.
        Stopped: `should_stop` said so.
    """
    return Manifest(dataset, list_files(dataset.root, should_stop))


def compare(manifest: Manifest, found: Mapping[str, FileState]) -> Comparison:
    """Sets what a folder holds beside what a manifest expects."""
    same = unchanged = 0
    missing: list[str] = []
    for path, state in manifest.files.items():
        there = found.get(path)
        if there is None or there.size != state.size:
            missing.append(path)
            continue
        same += 1
        unchanged += there.modified == state.modified
    new = len(found.keys() - manifest.files.keys())
    return Comparison(same, unchanged, len(manifest.files), tuple(missing), new)


def moved(manifest: Manifest, root: Path, found: Mapping[str, FileState]) -> Manifest:
    """The same data set at another place, with the state it has there."""
    old = manifest.dataset
    return Manifest(replace(old, root=root), found)


def write_manifest(file: Path, manifest: Manifest) -> None:
    """Writes `manifest.json`, whole or not at all.

    Raises:
        TlguiError: the system refused to write.
    """
    dataset = manifest.dataset
    storage.write_json_compact(
        file,
        {
            "version": MANIFEST_VERSION,
            "task": dataset.task,
            "class_names": dataset.class_names,
            "samples": {
                split: [[s.path, s.label, *s.also] for s in samples]
                for split, samples in dataset.samples.items()
            },
            **({"table": dataset.table} if dataset.table else {}),
            "problems": [[p.path, p.reason] for p in dataset.problems],
            "files": [
                [path, state.size, state.modified, state.digest]
                for path, state in sorted(manifest.files.items())
            ],
        },
    )


def read_manifest(file: Path, root: Path) -> Manifest | None:
    """Reads `manifest.json`.

    Args:
        file: where it lies.
        root: the data set's folder.

    Returns:
        None if it is missing, damaged or of another version: then the folder is
        scanned as if for the first time.
    """
    try:
        values = read_json(file)
        if values["version"] != MANIFEST_VERSION:
            return None
        files = {
            _text(path): FileState(_whole(size), _whole(modified), _text(digest))
            for path, size, modified, digest in values["files"]
        }
        return Manifest(_dataset(values, root, files), files)
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None


def _dataset(values: Any, root: Path, files: Mapping[str, FileState]) -> Dataset:
    names = tuple(_text(name) for name in values["class_names"])
    task = find_task(_one_of(values["task"], TASKS))
    samples = {
        _one_of(split, SPLITS): tuple(
            Sample(_one_of(path, files), *_labels(labels, len(names), task))
            for path, *labels in found
        )
        for split, found in values["samples"].items()
    }
    problems = tuple(
        Problem(_text(path), _text(reason)) for path, reason in values["problems"]
    )
    table = _text(values.get("table", ""))
    if table:
        _one_of(table, files)
    return Dataset(root, task.name, names, samples, problems, table)


def _labels(labels: list[Any], classes: int, task: Task) -> tuple[int, tuple[int, ...]]:
    """What a sample shows: exactly one class, unless the task allows for others."""
    if task.multilabel and labels == [NOTHING]:
        return NOTHING, ()
    first, *also = (_one_of(label, range(classes)) for label in labels)
    if (also and not task.multilabel) or len({first, *also}) != len(labels):
        raise ValueError
    return first, tuple(also)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _one_of(value: Any, known: Iterable[Any]) -> Any:
    if value not in known:
        raise ValueError
    return value
