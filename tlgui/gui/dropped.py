"""What a drop or the clipboard brings."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, Qt
from PySide6.QtGui import QImage, QPixmap

MODEL_ENDINGS = (".keras", ".h5")
# Not to be used, but to be told why.
_REFUSED_ENDINGS = (
    ".hdf5",
    ".npz",
    ".onnx",
    ".pb",
    ".pickle",
    ".pkl",
    ".pt",
    ".pth",
    ".tflite",
)
# What a preset folder of keras-hub has.
_PRESET = ("config.json", "model.weights.h5")
_LARGEST = 1600


def has_photos(mime: QMimeData) -> bool:
    """Whether there may be something to look at; costs nothing to ask."""
    return mime.hasImage() or any(
        url.isLocalFile() and not _is_model(url.toLocalFile()) for url in mime.urls()
    )


def photos_in(mime: QMimeData) -> list[str] | QImage:
    """What a drop or the clipboard brings: files, or a picture without a file.

    Returns:
        The files; an empty list if there is nothing to look at.
    """
    files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
    if files:
        return files
    picture = mime.imageData() if mime.hasImage() else None
    if isinstance(picture, QPixmap):
        picture = picture.toImage()
    return picture if isinstance(picture, QImage) and not picture.isNull() else []


def png_bytes(picture: QImage) -> bytes:
    """A picture as a PNG file; very large ones are made smaller first."""
    if max(picture.width(), picture.height()) > _LARGEST:
        picture = picture.scaled(
            _LARGEST,
            _LARGEST,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def model_in(mime: QMimeData) -> Path | None:
    """The model that a drop brings; None if it brings something else or more."""
    files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
    return Path(files[0]) if len(files) == 1 and _is_model(files[0]) else None


def _is_model(file: str) -> bool:
    if file.lower().endswith((*MODEL_ENDINGS, *_REFUSED_ENDINGS)):
        return True
    return all((Path(file) / name).is_file() for name in _PRESET)
