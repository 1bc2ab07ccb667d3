"""Bounds what was prepared from models of people's own.

The catalogue has few backbones, and what is prepared from them stays. Every run can be
a starting point with weights of its own, and each prepares files as large as itself.
"""

import contextlib
import logging
import re
from collections.abc import Iterable
from pathlib import Path

from tlgui.core.catalogue import CATALOGUE

_log = logging.getLogger(__name__)

MOST_BYTES = 500_000_000
_OURS = re.compile(r"([a-z0-9-]+?)-([0-9a-f]{12})-.+\.(tflite|checked|keras)")


def make_room(folder: Path, most_bytes: int = MOST_BYTES) -> None:
    """Removes what was prepared longest ago, down to a size.

    Files of the catalogue's own weights are left alone.

    Args:
        folder: of prepared files.
        most_bytes: what may stay of models of people's own.
    """
    catalogued = {one.weights_id[:12] for one in CATALOGUE.values()}
    with contextlib.suppress(OSError):
        found = [
            (file.stat().st_mtime, file.stat().st_size, file)
            for file in folder.iterdir()
            if (match := _OURS.fullmatch(file.name)) and match[2] not in catalogued
        ]
        _remove_oldest(found, most_bytes)


def _remove_oldest(found: Iterable[tuple[float, int, Path]], most_bytes: int) -> None:
    total = 0
    for _, size, file in sorted(found, reverse=True):
        total += size
        if total > most_bytes:
            _log.info("%s is removed to make room", file.name)
            file.unlink(missing_ok=True)
