"""Has a child process open the weights, and trusts nothing of what it says."""

import contextlib
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tlgui.ml.foreign import CHILD_ARGUMENT, limits
from tlgui.ml.foreign.child import LENGTH, READY, Window
from tlgui.ml.foreign.refusal import GET_AGAIN, Refusal

Array = np.ndarray[Any, np.dtype[Any]]
Notes = Mapping[str, Mapping[str, tuple[str, ...]]]

_READER_FAILED = "its weights made their reader fail, so they are damaged"
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from tlgui.ml.foreign import child; child.main()"
)
_TYPES = {
    *("bool", "bfloat16", "float16", "float32", "float64"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
}
# What a program needs to start at all; nothing else of the person's is handed on.
_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG")


@dataclass(frozen=True)
class Weights:
    """What the HDF5 part of a file holds.

    Attributes:
        arrays: by path, in the file's order.
        notes: the texts of each group (`layer_names`, `name`, …), by its path.
    """

    arrays: Mapping[str, Array]
    notes: Notes


def read_weights(stream: BinaryIO, window: Window) -> Weights:
    """Opens the HDF5 part of a file in a child process.

    Args:
        stream: the whole file, opened for reading; its position is moved.
        window: where in it the HDF5 part lies.

    Returns:
        The arrays, in this machine's byte order, and the texts that name them.

    Raises:
        Refusal: the child refused the file, took too long, died, or answered with
            something else than it may.
    """
    with _child(stream, window) as process:
        assert process.stdout is not None
        with _killed_after(process, limits.CHILD_START_SECONDS):
            if process.stdout.read(len(READY)) != READY:
                raise RuntimeError("the process that opens foreign models cannot start")
        with _killed_after(process, limits.CHILD_CHECK_SECONDS + _reading_time(window)):
            answer = _read_answer(process.stdout)
        listed, notes = _checked(answer, window)
        with _killed_after(process, limits.CHILD_CHECK_SECONDS + _reading_time(window)):
            arrays = {
                path: _read_array(process.stdout, kind, shape, path)
                for path, kind, shape in listed
            }
            if process.stdout.read(1):
                raise Refusal(_READER_FAILED)
    return Weights(arrays, notes)


def command(window: Window) -> list[str]:
    """The command that starts the child.

    A frozen program has no Python to start, so it starts itself.
    """
    argument = json.dumps(dataclasses.asdict(window))
    if getattr(sys, "frozen", False):
        return [sys.executable, CHILD_ARGUMENT, argument]
    root = str(Path(__file__).resolve().parents[3])
    return [sys.executable, "-I", "-c", _START, root, argument]


@contextlib.contextmanager
def _child(stream: BinaryIO, window: Window) -> Iterator[subprocess.Popen[bytes]]:
    environment = {k: os.environ[k] for k in _ENVIRONMENT if k in os.environ}
    environment |= {
        "OPENBLAS_NUM_THREADS": "1",  # each thread takes address space
        "HDF5_PLUGIN_PRELOAD": "::",  # no filters from the disk
        "HDF5_USE_FILE_LOCKING": "FALSE",
    }
    process = subprocess.Popen(
        command(window),
        stdin=stream,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
        env=environment,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def _killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """Ends the child when its time is over, so that reading from it ends."""
    over = threading.Event()

    def end() -> None:
        over.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield
    except Refusal:
        if over.is_set():
            raise Refusal(
                f"looking through it takes longer than {seconds:.0f} seconds"
            ) from None
        raise
    finally:
        timer.cancel()
        timer.join()


def _reading_time(window: Window) -> float:
    return window.size / limits.CHILD_BYTES_PER_SECOND


# -- what the child says -------------------------------------------------------


def _read_exactly(pipe: Any, count: int) -> bytes:
    data: bytes = pipe.read(count)
    if len(data) != count:
        raise Refusal(_READER_FAILED)
    return data


def _read_answer(pipe: Any) -> dict[str, Any]:
    (length,) = LENGTH.unpack(_read_exactly(pipe, LENGTH.size))
    if length > limits.MANIFEST_BYTES:
        raise Refusal(_READER_FAILED)
    try:
        answer = json.loads(_read_exactly(pipe, length))
    except (ValueError, RecursionError) as error:
        raise Refusal(_READER_FAILED) from error
    if not isinstance(answer, dict):
        raise Refusal(_READER_FAILED)
    return answer


def _checked(
    answer: dict[str, Any], window: Window
) -> tuple[list[tuple[str, str, tuple[int, ...]]], Notes]:
    """Checks the list of arrays again, before memory is set aside for them."""
    if "refused" in answer:
        raise Refusal(str(answer["refused"]), str(answer.get("advice", GET_AGAIN)))
    try:
        listed = [_listed(entry) for entry in answer["arrays"]]
        notes = {
            _text(path): {_text(k): tuple(map(_text, v)) for k, v in texts.items()}
            for path, texts in answer["groups"].items()
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Refusal(_READER_FAILED) from error
    total = sum(_size(kind, shape) for _, kind, shape in listed)
    if total > limits.most_numbers(window.size):
        raise Refusal(f"it would need {total:,} bytes of memory")
    return listed, notes


def _text(value: Any) -> str:
    """A text that can be written; bytes that are no UTF-8 cannot."""
    if not isinstance(value, str):
        raise TypeError
    value.encode("utf-8")
    return value


def _listed(entry: Any) -> tuple[str, str, tuple[int, ...]]:
    path, kind, shape = entry["path"], entry["dtype"], tuple(entry["shape"])
    plain = all(type(side) is int and side >= 0 for side in shape)
    if not isinstance(path, str) or kind not in _TYPES or not plain:
        raise Refusal(_READER_FAILED)
    return path, kind, shape


def _size(kind: str, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * (2 if kind == "bfloat16" else np.dtype(kind).itemsize)


def _read_array(pipe: Any, kind: str, shape: tuple[int, ...], path: str) -> Array:
    stored = np.dtype("uint16" if kind == "bfloat16" else kind).newbyteorder("<")
    array = np.empty(shape, stored)
    rest = array.reshape(-1).view(np.uint8).data
    while rest:
        count = pipe.readinto(rest)
        if not count:
            raise Refusal(_READER_FAILED)
        rest = rest[count:]
    if kind == "bfloat16":  # the upper half of a float32
        array = (array.astype(np.uint32) << 16).view(np.float32)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise Refusal(
            f"the weights {path!a:.100} in it are not numbers (NaN or infinite), so "
            "every answer of the model would be meaningless",
            "Its training went wrong; ask for an earlier version of the model",
        )
    return array
