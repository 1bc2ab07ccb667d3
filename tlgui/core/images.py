"""Pictures: the one place where a picture file becomes numbers.

Training, preview, thumbnails and prediction all decode here, so that what a
person sees is what the model sees.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tlgui.core.types import Pixels

EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff"}
)
_REFUSED = {
    ".gif": "GIF files are drawings or animations of at most 256 colours, "
    "not photos; save it as PNG if it belongs here",
    ".heic": "HEIC photos cannot be read yet; save it as JPEG",
    ".heif": "HEIF photos cannot be read yet; save it as JPEG",
    ".svg": "SVG files are drawings, not photos; save it as PNG",
    ".psd": "Photoshop files cannot be read; save it as PNG or JPEG",
    ".dcm": "DICOM files cannot be read yet; save it as PNG",
    ".pdf": "PDF files are documents; save the picture in it as PNG or JPEG",
}
_KNOWN = "expected a picture (JPEG, PNG, WebP, BMP or TIFF)"
# Pillow opens MPO, the JPEG of some cameras, as JPEG and knows no opener for it.
_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF")
MAX_PIXELS = 400_000_000
# Changes when the same file is decoded to other pixels than before.
DECODER_VERSION = 1
_ORIENTATION = 0x0112

# We refuse by our own limit below, with a sentence of our own.
Image.MAX_IMAGE_PIXELS = None


class UnreadableError(Exception):
    """A file that is no usable picture; the text is the reason, in plain words."""


@dataclass(frozen=True)
class InspectedPicture:
    """What a scan learns of a picture.

    Attributes:
        width: pixels, after turning the picture upright.
        height: pixels, after turning the picture upright.
    """

    width: int
    height: int


def refusal(path: Path) -> str | None:
    """Says why a file of this ending is never a sample, or None if it may be."""
    suffix = path.suffix.lower()
    if suffix in EXTENSIONS:
        return None
    found = f"found a file ending in “{suffix}”" if suffix else "found no file ending"
    return _REFUSED.get(suffix, f"{_KNOWN}, {found}")


def decode(source: Path | bytes, size: int) -> Pixels:
    """Reads a picture as the models see it.

    The picture is turned upright (EXIF orientation), brought to 8-bit RGB and
    squeezed to a square; nothing is cut off, since what matters may lie at the
    edge.

    Args:
        source: a file, or its bytes.
        size: the side of the square in pixels.

    Returns:
        A `uint8` array of shape `(size, size, 3)`.

    Raises:
        UnreadableError: the file is missing, damaged or no picture.
    """
    image = _open(source, size, size)
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(image)


def thumbnail(source: Path | bytes, side: int) -> Pixels:
    """Reads a picture small, in its own proportions, as people see it.

    Args:
        source: a file, or its bytes.
        side: the longer side in pixels; smaller pictures keep their size.

    Returns:
        A `uint8` array of shape `(height, width, 3)`.

    Raises:
        UnreadableError: the file is missing, damaged or no picture.
    """
    image = _open(source, side, side)
    image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(image)


def inspect(path: Path) -> InspectedPicture:
    """Decodes a picture at its smallest scale to learn whether it is whole.

    Raises:
        UnreadableError: the file is missing, damaged or no picture.
    """
    reason = refusal(path)
    if reason:
        raise UnreadableError(reason)
    try:
        with Image.open(path, formats=_FORMATS) as image:
            _check_size(image)
            width, height = image.size
            image.draft("RGB", (1, 1))
            image.load()
            turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    except Exception as error:  # Pillow raises a dozen kinds
        raise UnreadableError(_explain(path, error)) from error
    return InspectedPicture(*((height, width) if turned else (width, height)))


def _open(source: Path | bytes, width: int, height: int) -> Image.Image:
    """Opens a picture upright in 8-bit RGB, at least `width` by `height` if it can."""
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(file, formats=_FORMATS) as image:
            _check_size(image)
            # JPEG decodes at 1/2, 1/4, 1/8 scale at a fraction of the cost.
            image.draft("RGB", (2 * width, 2 * height))
            image.load()
            return _to_rgb(_turned(image))
    except UnreadableError:
        raise
    except Exception as error:  # Pillow raises a dozen kinds
        raise UnreadableError(_explain(source, error)) from error


def _turned(image: Image.Image) -> Image.Image:
    """Turns a picture upright; one that is gets no copy."""
    if image.getexif().get(_ORIENTATION, 1) == 1:
        return image
    return ImageOps.exif_transpose(image)


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableError(
            f"it has {width} x {height} pixels, more than the "
            f"{MAX_PIXELS // 1_000_000} million that can be read; save it smaller"
        )


def _to_rgb(image: Image.Image) -> Image.Image:
    """Brings any Pillow mode to RGB without turning 16-bit pictures black or white."""
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _stretch(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, layered).convert("RGB")
    return image.convert("RGB")


def _stretch(image: Image.Image) -> Image.Image:
    """Maps a picture of more than 8 bits from its own darkest..brightest to 0..255."""
    values = np.asarray(image, dtype=np.float32)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    grey = ((values - low) * scale + 0.5).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _explain(source: Path | bytes, error: Exception) -> str:
    if isinstance(error, UnreadableError):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return "the file is no longer there"
    if isinstance(error, PermissionError):
        return "you have no permission to read it"
    if isinstance(source, Path) and source.is_file() and source.stat().st_size == 0:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "its contents are not a picture that can be read"
    if isinstance(error, OSError | SyntaxError) and "truncated" in str(error).lower():
        return "the file is cut off: its end is missing"
    return f"it is damaged ({_short(error)})"


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (text or type(error).__name__)[:120]
