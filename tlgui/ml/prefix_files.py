"""Converted frozen layers on the disk, and which of them were compared with Keras."""

import contextlib
import dataclasses
import hashlib
import json
import logging
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tlgui.core import storage
from tlgui.core.errors import TlguiError
from tlgui.ml.cuts import Part
from tlgui.ml.litert_prefix import Lanes
from tlgui.ml.prepared_room import make_room

_log = logging.getLogger(__name__)


def _files(cut: Part, folder: Path) -> tuple[Path, Path]:
    """The converted file, and the seal that says that it was compared."""
    return folder / f"{cut.name}.tflite", folder / f"{cut.name}.checked"


def read_converted(cut: Part, folders: Sequence[Path]) -> bytes | None:
    """What was converted before, if anything."""
    for folder in folders:
        with contextlib.suppress(OSError):
            return _files(cut, folder)[0].read_bytes()
    return None


@dataclass(frozen=True)
class Seal:
    """Says that a converted file was compared with Keras on this computer.

    Attributes:
        text: of which file, by which runtime, on which computer.
        lanes: with which it was fastest; None where LiteRT did not do.
    """

    text: str
    lanes: Lanes | None = None


def is_refused(cut: Part, folder: Path) -> bool:
    """Whether this runtime did not do for these layers before."""
    return _read_seal(cut, folder) == Seal(seal_of(cut, b""))


def sealed_lanes(cut: Part, folder: Path, content: bytes) -> Lanes | None:
    """How to run a converted file; None if it was never compared."""
    seal = _read_seal(cut, folder)
    return seal.lanes if seal and seal.text == seal_of(cut, content) else None


def _read_seal(cut: Part, folder: Path) -> Seal | None:
    """What the last comparison gave, if there was one."""
    try:
        value = json.loads(_files(cut, folder)[1].read_text(encoding="utf-8"))
        lanes = value["lanes"]
        if lanes is not None:
            lanes = Lanes(max(int(lanes["count"]), 1), max(int(lanes["threads"]), 1))
        return Seal(str(value["text"]), lanes)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep_converted(
    cut: Part, folder: Path, content: bytes | None, seal: Seal | None = None
) -> None:
    """Keeps a converted file; where that fails the next run converts again."""
    file, seal_file = _files(cut, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if content is not None:
            storage.write_bytes(file, content)
            make_room(folder)
        if seal is not None:
            storage.write_json(seal_file, dataclasses.asdict(seal))
    except (OSError, TlguiError) as error:
        _log.info("%s is converted again next time: %s", cut.name, error)


def seal_of(cut: Part, content: bytes) -> str:
    """Guards against damage and mix-ups, not against people."""
    import ai_edge_litert

    digest = hashlib.sha256(content).hexdigest()
    machine = f"{platform.machine()} {platform.processor()}"
    return f"{cut.name} {digest} {ai_edge_litert.__version__} {machine}"
