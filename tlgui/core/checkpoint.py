"""A run's state in the middle of training, in files that survive any kill.

    <run>/checkpoint/000007.checkpoint        the seventh state
                     000008.checkpoint        and the one after it
                     best-000005.checkpoint   what the best epoch left, the fifth

A file is a line with a checksum of the rest, and a `.npz`. It is written whole or not
at all, and the last two are kept, each with the best epoch that it knows of: one that
a disk has damaged falls back to the one before.
"""

import contextlib
import hashlib
import io
import json
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgui.core import storage
from tlgui.core.errors import TlguiError, cannot_write

Array = NDArray[Any]
FOLDER = "checkpoint"
_SUFFIX, _ABOUT, _BEST, _KEPT = ".checkpoint", "about", "best-", 2
_VERSION, _DIGITS = 1, 6
_BEFORE = "the one before it is used, so a little is computed again"
_AGAIN = "there is none before it, so the run begins again"
# What numpy and zipfile raise for files that somebody else has made.
_FOREIGN = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
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


class CannotReadError(DamagedError):
    """The system did not give the checkpoint, which may be whole all the same."""


class Checkpoints:
    """The checkpoints of a run, for one writer at a time."""

    def __init__(self, run: Path) -> None:
        """Args: run: the run folder; nothing is made before something is written."""
        self.folder = run / FOLDER
        self._best_of: dict[int, int] = {}  # of those that this object has written
        self._damaged: list[Path] = []

    def write(self, checkpoint: Checkpoint, best: int = 0) -> None:
        """Writes the next one and removes what the last two do not need.

        Args:
            checkpoint: the state.
            best: the best epoch that it knows of, which is written already; 0 for
                none.

        Raises:
            TlguiError: it cannot be written; those before are untouched.
        """
        numbers = self._numbers("")
        number = max(numbers, default=0) + 1
        self._write(self._file(number), checkpoint)
        self._best_of[number] = best
        kept = sorted([*numbers, number])[-_KEPT:]
        self._remove([self._file(old) for old in numbers if old not in kept])
        if all(one in self._best_of for one in kept):
            needed = {self._best_of[one] for one in kept}
            bests = [epoch for epoch in self._numbers(_BEST) if epoch not in needed]
            self._remove([self._best_file(epoch) for epoch in bests])

    def write_best(self, epoch: int, checkpoint: Checkpoint) -> None:
        """Writes what the best epoch left; what earlier ones left stays for now.

        Raises:
            TlguiError: it cannot be written; those before are untouched.
        """
        self._write(self._best_file(epoch), checkpoint)

    def read_last(self) -> tuple[Checkpoint | None, list[str]]:
        """The last one that is whole.

        Returns:
            It, or None, and a sentence for every damaged one.

        Raises:
            TlguiError: there is none, but one that the system does not give.
        """
        sentences: list[str] = []
        hidden: list[str] = []
        numbers = sorted(self._numbers(""), reverse=True)
        for place, number in enumerate(numbers, start=1):
            file = self._file(number)
            try:
                return read_checkpoint(file), sentences
            except CannotReadError as error:
                hidden.append(f"{file} cannot be read ({error})")
                sentences.append(f"The checkpoint {hidden[-1]}; {_BEFORE}.")
            except DamagedError as error:
                self._damaged.append(file)
                instead = _AGAIN if place == len(numbers) else _BEFORE
                sentences.append(
                    f"The checkpoint {file} is damaged ({error}); {instead}."
                )
        if hidden:
            raise TlguiError(
                f"The run cannot go on now: {hidden[0]}. Check the disk and the "
                "computer's memory, and try again; nothing of the run is lost by that."
            )
        return None, sentences

    def read_best(self, epoch: int) -> Checkpoint | None:
        """What an epoch left; where that is damaged, what a best one before it left.

        Returns:
            None if there is nothing whole.
        """
        for found in sorted(self._numbers(_BEST), reverse=True):
            if found <= epoch:
                with contextlib.suppress(DamagedError):
                    return read_checkpoint(self._best_file(found))
        return None

    def tidy(self) -> None:
        """Removes what a kill left half written, and what was found to be damaged.

        For the one who goes on writing here: a damaged one would else be counted as
        one of the two that are kept.
        """
        self._remove([*self.folder.glob(f".*{_SUFFIX}"), *self._damaged])

    def clear(self) -> None:
        """Removes all of them: they are of use only until there is a model."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, file: Path, checkpoint: Checkpoint) -> None:
        try:
            storage.make_folder(self.folder, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        storage.write_whole(file, lambda draft: _fill(draft, checkpoint))

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:0{_DIGITS}}{_SUFFIX}"

    def _best_file(self, epoch: int) -> Path:
        return self.folder / f"{_BEST}{epoch:0{_DIGITS}}{_SUFFIX}"

    def _numbers(self, start: str) -> list[int]:
        """The numbers of the files whose names begin so and go on with digits."""
        names = (file.stem for file in self.folder.glob(f"{start}*{_SUFFIX}"))
        digits = (name.removeprefix(start) for name in names)
        return [int(found) for found in digits if found.isdecimal()]

    def _remove(self, files: Iterable[Path]) -> None:
        for file in files:
            with contextlib.suppress(OSError):  # one too many does no harm
                file.unlink()


def read_checkpoint(file: Path) -> Checkpoint:
    """Reads a checkpoint; nothing in it can run code.

    Raises:
        DamagedError: it is missing, damaged or something else.
        CannotReadError: the system refused, or memory is not enough.
    """
    try:
        first, _, body = file.read_bytes().partition(b"\n")
    except FileNotFoundError as error:
        raise DamagedError("it is missing") from error
    except OSError as error:
        raise CannotReadError(error.strerror or str(error)) from error
    except MemoryError as error:
        raise CannotReadError("the computer's memory is not enough") from error
    if first != _first_line(body):
        raise DamagedError("its checksum does not fit")
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            arrays: dict[str, Array] = {name: archive[name] for name in archive.files}
        about = json.loads(arrays.pop(_ABOUT).tobytes())
    except MemoryError as error:
        raise CannotReadError("the computer's memory is not enough") from error
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
