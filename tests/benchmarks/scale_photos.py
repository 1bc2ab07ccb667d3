"""Makes data sets of any size out of a few real photos.

Small crops of real photos, each file with a JPEG comment of its own. Plain hard
links of the same few files would be made faster and take no room, but they would
flatter us: what frozen layers make of a photo is kept under its content, so that of
100,000 links to 2,000 files only 2,000 would be computed.
"""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 64
DISTINCT = 2_000
MOST_CLASSES = 1_000
_QUALITY = 85
_START_OF_IMAGE = b"\xff\xd8"
_COMMENT = b"\xff\xfe"
_COMMENT_BYTES = 8


def class_count(photos: int) -> int:
    """How many classes so many photos have: ten photos a class, or more."""
    return max(2, min(MOST_CLASSES, photos // 10))


def make_photos(source: Path, folder: Path, photos: int) -> Path:
    """Writes a data set, one sub-folder a class, unless it is there already.

    Args:
        source: a folder with real JPEG photos, at any depth.
        folder: where data sets are made.
        photos: how many.

    Returns:
        The data set's folder.
    """
    target = folder / f"photos-{photos}"
    done = folder / f"photos-{photos}.done"
    if done.exists():
        return target
    crops = list(itertools.islice(_crops(source), min(DISTINCT, photos)))
    classes = class_count(photos)
    for label in range(classes):
        (target / f"class {label:04}").mkdir(parents=True, exist_ok=True)
    for number in range(photos):
        file = target / f"class {number % classes:04}" / f"{number:06}.jpg"
        file.write_bytes(with_comment(crops[number % len(crops)], number))
    done.touch()
    return target


def with_comment(jpeg: bytes, number: int) -> bytes:
    """The same picture in another file: a comment segment behind the first marker.

    Raises:
        ValueError: it is no JPEG.
    """
    if not jpeg.startswith(_START_OF_IMAGE):
        raise ValueError("expected a JPEG, which begins with FF D8")
    length = (2 + _COMMENT_BYTES).to_bytes(2, "big")
    comment = _COMMENT + length + number.to_bytes(_COMMENT_BYTES, "big")
    return _START_OF_IMAGE + comment + jpeg[2:]


def _crops(source: Path) -> Iterator[bytes]:
    """Endless random squares of the photos, as small JPEG files.

    Raises:
        FileNotFoundError: there are no photos.
    """
    files = sorted(source.rglob("*.jpg")) + sorted(source.rglob("*.JPG"))
    if not files:
        raise FileNotFoundError(f"expected JPEG photos in {source}, found none")
    generator = np.random.default_rng(0)
    for file in itertools.cycle(files):
        with Image.open(file) as image:
            image.draft("RGB", (4 * SIDE, 4 * SIDE))
            upright = image.convert("RGB")
        side = int(min(upright.size) * generator.uniform(0.4, 0.9))
        left = int(generator.integers(0, upright.width - side + 1))
        top = int(generator.integers(0, upright.height - side + 1))
        crop = upright.resize((SIDE, SIDE), box=(left, top, left + side, top + side))
        written = io.BytesIO()
        crop.save(written, "JPEG", quality=_QUALITY)
        yield written.getvalue()
