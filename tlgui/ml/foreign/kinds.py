"""Says what a file is by its first bytes, before anything opens it."""

import enum
import os
import stat
from pathlib import Path
from typing import BinaryIO

from tlgui.ml.foreign import limits
from tlgui.ml.foreign.refusal import GET_AGAIN, SAVE_AGAIN, Refusal

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGIC = b"PK\x03\x04"
_AS_KERAS = (
    "In the program that made it, save the model as a Keras file (.keras or .h5) "
    "and choose that one"
)
_WANTED = "expected a Keras file (.keras, .weights.h5 or .h5)"


class Kind(enum.Enum):
    """The two containers that are opened."""

    KERAS = "keras archive"
    HDF5 = "hdf5"


# What other endings mean, and why they are no way in.
_OTHER_FORMATS = {
    ".pkl": "a pickle, and opening a pickle runs whatever its author wrote into it",
    ".pickle": "a pickle, and opening a pickle runs whatever its author wrote into it",
    ".joblib": "a pickle, and opening a pickle runs whatever its author wrote into it",
    ".pt": "a PyTorch file, which is a pickle and can run code when it is opened",
    ".pth": "a PyTorch file, which is a pickle and can run code when it is opened",
    ".ckpt": "a checkpoint of another program, which can be a pickle",
    ".npz": "a numpy archive, which can hold Python objects that run code",
    ".npy": "a numpy file, which can hold Python objects that run code",
    ".pb": "part of a SavedModel, whose functions can read and write files",
    ".onnx": "an ONNX model, which has no layers that could be trained here",
    ".tflite": "a TFLite model, which was made for predicting and cannot be trained",
}


def open_regular(path: Path) -> BinaryIO:
    """Opens an ordinary file for reading; never waits for a pipe or a device.

    Raises:
        Refusal: it is a folder, a device, empty or too large.
        OSError: the system refuses.
    """
    if path.is_dir():
        _refuse_folder(path)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    stream = os.fdopen(os.open(path, flags), "rb")
    status = os.fstat(stream.fileno())
    try:
        if not stat.S_ISREG(status.st_mode):
            raise Refusal(f"{_WANTED}, but it is a device or a pipe")
        if status.st_size == 0:
            raise Refusal(f"{_WANTED}, but it is empty", GET_AGAIN)
        if status.st_size > limits.FILE_BYTES:
            raise Refusal(
                f"it has {status.st_size:,} bytes, and at most "
                f"{limits.FILE_BYTES:,} are allowed",
                "Save the model without its optimizer, or choose a smaller one",
            )
    except Refusal:
        stream.close()
        raise
    return stream


def kind_of(path: Path, stream: BinaryIO) -> Kind:
    """Decides by name and first bytes how a file may be opened.

    Args:
        path: only its ending is looked at.
        stream: the file, opened by `open_regular`.

    Raises:
        Refusal: it is none of ours; says what it is and what to do.
    """
    start = stream.read(16)
    suffix = path.suffix.lower()
    if suffix in _OTHER_FORMATS:
        raise Refusal(f"it is {_OTHER_FORMATS[suffix]}", _AS_KERAS)
    if suffix not in (".keras", ".h5", ".hdf5"):
        raise Refusal(f"{_WANTED}, but its name ends in {suffix or 'nothing'!r}")
    if suffix == ".keras" and start.startswith(ZIP_MAGIC):
        return Kind.KERAS
    if start.startswith(HDF5_MAGIC):
        # TensorFlow before 2.12 wrote HDF5 whatever the name.
        return Kind.HDF5
    raise _unlike_its_name(suffix, start)


def _unlike_its_name(suffix: str, start: bytes) -> Refusal:
    found, advice = "its first bytes are those of something else", GET_AGAIN
    if start[:1] == b"\x80" and 2 <= start[1] <= 5:
        found = f"it is {_OTHER_FORMATS['.pkl']}"
        advice = _AS_KERAS
    elif start.startswith(ZIP_MAGIC):
        found, advice = "it is a zip archive", SAVE_AGAIN
    elif start[4:8] == b"TFL3":
        found, advice = f"it is {_OTHER_FORMATS['.tflite']}", _AS_KERAS
    elif start.startswith(b"version https://"):
        found = "it is only the pointer that Git LFS leaves in place of a large file"
    elif start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        found = "it is a web page, so the download went wrong"
    return Refusal(f"its name ends in {suffix}, but {found}", advice)


def _refuse_folder(path: Path) -> None:
    if (path / "saved_model.pb").exists():
        raise Refusal(
            "it is a SavedModel folder, whose functions can read and write files "
            "when they are called",
            _AS_KERAS,
        )
    raise Refusal(f"{_WANTED}, but it is a folder", "Choose the file itself")
