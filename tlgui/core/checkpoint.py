"""A run's state in the middle of training, in files that survive any kill.

    <run>/checkpoint/000007.checkpoint   the seventh state
                     000008.checkpoint   and the one after it
                     best.checkpoint     what the best epoch so far left

A file is a line with a checksum of the rest, and a `.npz`. It is written whole or not
at all, and the last two are kept: one that a disk has damaged falls back to the one
before.
"""

import contextlib
import hashlib
import io
import json
import shutil
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgui.core import storage
from tlgui.core.errors import cannot_write

Array = NDArray[Any]
FOLDER = "checkpoint"
_SUFFIX, _ABOUT, _BEST, _KEPT = ".checkpoint", "about", "best", 2
_VERSION, _DIGITS = 1, 6
# What numpy and zipfile raise for files that somebody else has made.
_FOREIGN = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    MemoryError,
    OverflowError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class Checkpoint:
    """A state.

    Attributes:
        about: what JSON can hold.
        arrays: the rest.
    """

    about: Mapping[str, Any]
    arrays: Mapping[str, Array]

    def part(self, name: str) -> dict[str, Array]:
        """The arrays called `name/…`, without that."""
        start = f"{name}/"
        return {
            key.removeprefix(start): array
            for key, array in self.arrays.items()
            if key.startswith(start)
        }


class DamagedError(Exception):
    """A checkpoint cannot be used; the text says why."""


class Checkpoints:
    """The checkpoints of a run."""

    def __init__(self, run: Path) -> None:
        """Args: run: the run folder; nothing is made before something is written."""
        self.folder = run / FOLDER

    def write(self, checkpoint: Checkpoint) -> None:
        """Writes the next one and removes those before the last two.

        Raises:
            TlguiError: it cannot be written; those before are untouched.
        """
        numbers = self._numbers()
        number = max(numbers, default=0) + 1
        self._write(self._file(number), checkpoint)
        for old in sorted([*numbers, number])[:-_KEPT]:
            with contextlib.suppress(OSError):  # one too many does no harm
                self._file(old).unlink()

    def write_best(self, checkpoint: Checkpoint) -> None:
        """Writes what the best epoch left.

        Raises:
            TlguiError: it cannot be written; the one before is untouched.
        """
        self._write(self.folder / (_BEST + _SUFFIX), checkpoint)

    def read_last(self) -> tuple[Checkpoint | None, list[str]]:
        """The last one that is whole.

        Returns:
            It, or None, and a sentence for every damaged one.
        """
        sentences: list[str] = []
        for number in sorted(self._numbers(), reverse=True):
            file = self._file(number)
            try:
                return read_checkpoint(file), sentences
            except DamagedError as error:
                sentences.append(
                    f"The checkpoint {file} is damaged ({error}); the one before it "
                    "is used, so a little is computed again."
                )
        return None, sentences

    def read_best(self) -> Checkpoint | None:
        """What the best epoch left; None if there is nothing whole."""
        try:
            return read_checkpoint(self.folder / (_BEST + _SUFFIX))
        except DamagedError:
            return None

    def clear(self) -> None:
        """Removes all of them: they are of use only until there is a model."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, file: Path, checkpoint: Checkpoint) -> None:
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        storage.write_whole(file, lambda draft: _fill(draft, checkpoint))

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:0{_DIGITS}}{_SUFFIX}"

    def _numbers(self) -> list[int]:
        files = self.folder.glob("[0-9]" * _DIGITS + _SUFFIX)
        return [int(file.stem) for file in files]


def read_checkpoint(file: Path) -> Checkpoint:
    """Reads a checkpoint; nothing in it can run code.

    Raises:
        DamagedError: it is missing, damaged or something else.
    """
    try:
        first, _, body = file.read_bytes().partition(b"\n")
    except FileNotFoundError as error:
        raise DamagedError("it is missing") from error
    except OSError as error:
        raise DamagedError(error.strerror or str(error)) from error
    if first != _first_line(body):
        raise DamagedError("its checksum does not fit")
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            arrays: dict[str, Array] = {name: archive[name] for name in archive.files}
        about = json.loads(arrays.pop(_ABOUT).tobytes())
    except _FOREIGN as error:
        raise DamagedError("it is no checkpoint of this program") from error
    if not isinstance(about, dict):
        raise DamagedError("it is no checkpoint of this program")
    return Checkpoint(about, arrays)


def _fill(file: Path, checkpoint: Checkpoint) -> None:
    text = json.dumps(dict(checkpoint.about)).encode()
    arrays: dict[str, Any] = {_ABOUT: np.frombuffer(text, np.uint8)}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays, **checkpoint.arrays)
    body = stream.getvalue()
    with file.open("wb") as target:
        target.write(_first_line(body) + b"\n")
        target.write(body)


def _first_line(body: bytes) -> bytes:
    digest = hashlib.blake2b(body, digest_size=32).hexdigest()
    return f"tlgui checkpoint {_VERSION} {digest}".encode()
