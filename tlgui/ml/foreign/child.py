"""The child process that opens the HDF5 part of a foreign file.

HDF5 is read by a large C library, so it is read where little can go wrong: in a
process that may not use more than `limits.child_memory` of memory nor write a file,
and that, once its imports are done, can open nothing at all. Its standard input is
the file itself, opened by the parent; its standard output is the answer:

    a line, as soon as the imports are done
    the length of a JSON text (4 bytes, little-endian), and the text
    the numbers of every array that the text lists, little-endian, in C order

The parent checks the answer as it would a stranger's. Windows has no limits of this
kind for one process, and macOS none for memory; there the parent's clock and the
sizes that are checked before anything is read have to do.
"""

import codecs
import io
import json
import os
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from tlgui.ml.foreign import limits
from tlgui.ml.foreign.refusal import SAVE_AGAIN, Refusal

READY = b"ready\n"
LENGTH = struct.Struct("<I")
TEXTS = ("model_config", "keras_version", "backend", "name", "layer_names")
_WEIGHT_NAMES = ("layer_names", "weight_names")
# What h5py raises for files that are broken, one way or another.
_DAMAGED = (OSError, ValueError, KeyError, RuntimeError, TypeError)
_OPTIMIZERS = ("optimizer", "optimizer_weights", "_optimizer")


@dataclass(frozen=True)
class Window:
    """The part of the file that is HDF5.

    Attributes:
        offset: of its first byte.
        stored: its bytes in the file.
        size: its bytes when unpacked.
        deflated: whether it must be unpacked.
        crc: checksum of the unpacked bytes; None if there is none.
    """

    offset: int
    stored: int
    size: int
    deflated: bool = False
    crc: int | None = None


def main() -> NoReturn:
    """Reads the window named by the last argument from standard input."""
    window = Window(**json.loads(sys.argv[-1]))
    seconds = int(limits.CHILD_CHECK_SECONDS + 1)
    seconds += window.size // limits.CHILD_BYTES_PER_SECOND
    answer = os.fdopen(1, "wb", buffering=0)
    _limit_memory(limits.child_memory(window.size))
    from tlgui.ml.foreign import hdf5_check

    _rehearse()
    _limit_time_and_files(seconds)
    _write(answer, READY)
    wanted: list[Any] = []
    try:
        file = hdf5_check.open_hdf5(io.BufferedReader(_opened(window), 1 << 16))
        found = hdf5_check.check_structure(file, window.size)
        wanted = [one for one in found.data_sets if not _of_optimizer(one.path)]
        message = {"arrays": _listed(wanted), "groups": _notes(found.groups)}
    except Refusal as refusal:
        message = {"refused": refusal.reason, "advice": refusal.advice}
    except (*_DAMAGED, MemoryError) as error:
        message = {"refused": _told(error)}
    _send(answer, message)
    if "refused" not in message:
        _send_numbers(answer, wanted)
    # HDF5's own tidying up at the end could still be made to fail.
    os._exit(0)


def _send_numbers(answer: Any, wanted: Sequence[Any]) -> None:
    """Sends the arrays; where that fails the answer ends early, and is refused."""
    try:
        for data_set in wanted:
            for part in _parts(data_set):
                _write(answer, part)
    except (*_DAMAGED, MemoryError):
        os._exit(1)


def _told(error: Exception) -> str:
    reason = " ".join(str(error).split())[:120]
    if isinstance(error, MemoryError) or "allocation failed" in reason:
        return "it asks for more memory than a model of its size"
    return f"its weights are damaged ({reason})"


def _rehearse() -> None:
    """Reads a file of our own once, so that every module it takes is imported."""
    import h5py
    import numpy as np

    from tlgui.ml.foreign import hdf5_check

    for encoding in ("ascii", "utf-8", "latin-1"):
        codecs.lookup(encoding)
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        group = file.create_group("vars")
        group.attrs["name"] = "layer"
        group.attrs["layer_names"] = np.array([b"layer"])
        group.create_dataset("0", data=np.ones((2, 2), "float32"), compression=1)
    with hdf5_check.open_hdf5(stream) as file:
        found = hdf5_check.check_structure(file, stream.tell() + 4096)
        _notes(found.groups)
        for data_set in found.data_sets:
            list(_parts(data_set))


# -- limits --------------------------------------------------------------------


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform != "darwin":  # macOS does not keep this limit
        _lower(resource.RLIMIT_AS, size)


def _limit_time_and_files(seconds: int) -> None:
    """Forbids opening any file from here on; those that are open stay usable."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _lower(resource.RLIMIT_CPU, seconds)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _lower(kind: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


# -- the file ------------------------------------------------------------------


class _Part(io.RawIOBase):
    """Part of standard input, as a file of its own."""

    def __init__(self, offset: int, size: int) -> None:
        self._file = io.FileIO(0, "r", closefd=False)
        self._offset, self._size, self._position = offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        self._position = max(0, start[whence] + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = max(0, min(len(buffer), self._size - self._position))
        self._file.seek(self._offset + self._position)
        count = self._file.readinto(memoryview(buffer)[:wanted]) if wanted else 0
        self._position += count or 0
        return count or 0


def _opened(window: Window) -> Any:
    part = _Part(window.offset, window.stored)
    if window.deflated:
        return _unpacked(part, window)
    if window.crc is not None:
        crc = 0
        while block := part.read(1 << 20):
            crc = zlib.crc32(block, crc)
        _check_crc(crc, window)
        part.seek(0)
    return part


def _unpacked(part: Any, window: Window) -> io.BytesIO:
    """Unpacks as many bytes as were promised, and one more to notice if it lies."""
    unpacker = zlib.decompressobj(-15)
    unpacked = io.BytesIO()
    room = window.size + 1
    while room and (block := part.read(1 << 16)):
        while block and room:
            piece = unpacker.decompress(block, min(room, 1 << 20))
            room -= unpacked.write(piece)
            block = unpacker.unconsumed_tail
    if unpacked.tell() != window.size:
        raise Refusal("its archive contradicts itself about a size")
    _check_crc(zlib.crc32(unpacked.getbuffer()), window)
    unpacked.seek(0)
    return unpacked


def _check_crc(crc: int, window: Window) -> None:
    if window.crc is not None and crc != window.crc:
        raise Refusal("its weights are damaged (their checksum differs)")


# -- the answer ----------------------------------------------------------------


def _listed(data_sets: Any) -> list[dict[str, Any]]:
    return [
        {"path": found.path, "dtype": found.dtype, "shape": list(found.shape)}
        for found in data_sets
    ]


def _of_optimizer(path: str) -> bool:
    return path.split("/", 1)[0] in _OPTIMIZERS


def _notes(groups: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """The texts that say what a group is, by the group's path."""
    import h5py

    notes: dict[str, dict[str, list[str]]] = {}
    room = limits.JSON_BYTES
    for path, handle in groups.items():
        attributes = h5py.Group(handle).attrs
        for name in filter(_is_wanted, attributes.keys()):
            texts = _texts(attributes[name])
            room -= sum(map(len, texts))
            if room < 0:
                raise Refusal("it holds more text than any model", SAVE_AGAIN)
            notes.setdefault(path, {})[name] = texts
    return notes


def _is_wanted(name: str) -> bool:
    return name in TEXTS or name.rstrip("0123456789") in _WEIGHT_NAMES


def _texts(value: Any) -> list[str]:
    """A text, or a row of texts, as HDF5's two kinds of texts come out of h5py."""
    import numpy as np

    values = np.asarray(value, dtype=object).reshape(-1).tolist()
    texts = [v.decode("utf-8") if isinstance(v, bytes) else v for v in values]
    if not all(isinstance(text, str) for text in texts):
        raise Refusal("it has numbers where names belong")
    "".join(texts).encode("utf-8")  # h5py hands on bytes that are no UTF-8
    return texts


def _parts(data_set: Any) -> Iterator[memoryview]:
    """The numbers of a data set, little by little if there are many."""
    import h5py
    import numpy as np

    numbers = h5py.Dataset(data_set.handle)
    raw = data_set.dtype == "bfloat16"
    kind = np.dtype("V2" if raw else data_set.dtype).newbyteorder("<")
    rows = numbers.shape[0] if numbers.shape else 0
    size = int(np.prod(numbers.shape, dtype=object)) * kind.itemsize
    if size <= limits.HDF5_READ_BYTES or not rows:
        slices: Iterator[Any] = iter([()])
    else:
        step = max(1, rows * limits.HDF5_READ_BYTES // size)
        slices = (slice(i, i + step) for i in range(0, rows, step))
    for where in slices:
        part = np.ascontiguousarray(numbers[where], dtype=kind)
        yield part.reshape(-1).view(np.uint8).data


def _send(answer: Any, message: dict[str, Any]) -> None:
    text = json.dumps(message).encode()
    if len(text) > limits.MANIFEST_BYTES:
        text = json.dumps({"refused": "it holds more names than any model"}).encode()
    _write(answer, LENGTH.pack(len(text)) + text)


def _write(answer: Any, data: bytes | memoryview) -> None:
    """Writes everything; a pipe takes less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[answer.write(rest) :]
