"""What names a cache of features and a record in it, and how both lie on disk."""

import contextlib
import dataclasses
import hashlib
import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

DIGEST_BYTES = 16

_FORMAT = 1

_DTYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
}

ABOUT = "about.json"

OUR_FILES = re.compile(r"about\.json|\d+-\d+\.(index|data|lock)")


@dataclass(frozen=True)
class CacheKey:
    """What decides the numbers of a record, apart from the photo and its view.

    Attributes:
        backbone: its name in the catalogue.
        weights_id: of the file with its pretrained weights.
        cut: the name of the last frozen block.
        decoder_version: changes when the same file is decoded to other pixels.
        shape: of one record, without the batch axis.
        dtype: how it is kept, `float32` or `float16`; it is read as float32.
    """

    backbone: str
    weights_id: str
    cut: str
    decoder_version: int
    shape: tuple[int, ...]
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if self.dtype not in _DTYPES or not self.record_bytes:
            raise ValueError(f"expected a record of {list(_DTYPES)}, got {self}")

    @property
    def record_bytes(self) -> int:
        """The size of one record on disk."""
        return math.prod(self.shape) * self.stored.itemsize

    @property
    def stored(self) -> np.dtype[Any]:
        """How numpy calls the numbers on disk."""
        return _DTYPES[self.dtype]

    @property
    def folder(self) -> str:
        """The name of the folder: 16 hexadecimal digits."""
        text = json.dumps([_FORMAT, dataclasses.asdict(self)], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def record_digest(content: bytes, view: str | int) -> bytes:
    """The name of a record, 16 bytes.

    Args:
        content: the digest of the photo's file, as `ContentDigests.of` gives it.
        view: which view of the photo; 3 and "3" are the same.
    """
    return hashlib.blake2b(
        str(view).encode(), key=content, digest_size=DIGEST_BYTES
    ).digest()


def touch(folder: Path) -> None:
    """Notes that a cache is used."""
    with contextlib.suppress(OSError):  # deleted, or only readable: no use to note
        os.utime(folder / ABOUT)


def listed(folder: Path) -> list[Path]:
    """What is in a folder; nothing if there is none."""
    try:
        return list(folder.iterdir())
    except OSError:  # deleted, or never made
        return []
