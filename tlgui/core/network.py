"""Networks of one's own: architectures that are not in the catalogue.

A network is described in one JSON file, `network.json`: its layers, as Keras writes
them, and the table of its blocks. Its name is made of the checksum of that file, so
that one name means one architecture everywhere. What uses it brings the file along
(an imported model, a run); whoever reads such a folder adopts it into a folder of this
computer, where every process finds it by its name.
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui import paths
from tlgui.core import storage
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.layers import Block, Layer
from tlgui.core.project_paths import is_plain_file

NETWORK = "network.json"
PREFIX = "own-"
_VERSION = 1
_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")
_TITLE = re.compile(r"[\w ,.×-]{1,100}")  # nothing that a window takes for formatting
_MOST_BYTES, _MOST_SIDE, _MOST_BLOCKS = 2**23, 2_048, 200


@dataclass(frozen=True)
class Network:
    """An architecture of one's own, without weights and without its head.

    Attributes:
        name: by which it is found, made of its content.
        title: as shown.
        input_size: side of the square it sees, in pixels.
        features: length of the vector it hands to the head.
        blocks: from input to head.
        model: its layers, as Keras describes them; from RGB values 0..255, shape
            `(batch, size, size, 3)`, to a feature map.
        content: the bytes of its file.
        digest: their SHA-256 checksum, in hexadecimal.
    """

    name: str
    title: str
    input_size: int
    features: int
    blocks: tuple[Block, ...]
    model: Mapping[str, Any]
    content: bytes
    digest: str

    @property
    def parameters(self) -> int:
        """How many numbers its layers hold."""
        return sum(block.parameters for block in self.blocks)


def make_network(
    title: str,
    input_size: int,
    features: int,
    blocks: list[dict[str, Any]],
    model: Mapping[str, Any],
) -> Network:
    """Puts a network together.

    Args:
        title: as shown.
        input_size: side of the square it sees, in pixels.
        features: length of the vector it hands to the head.
        blocks: as in the tables of `resources/backbones`.
        model: as Keras describes it.

    Raises:
        ValueError: a value is out of bounds.
    """
    values = {
        "version": _VERSION,
        "title": title,
        "input_size": input_size,
        "features": features,
        "blocks": blocks,
        "model": model,
    }
    return _from_content(json.dumps(values, separators=(",", ":")).encode())


def is_network(name: str) -> bool:
    """Whether a backbone of that name is a network of one's own."""
    return _NAME.fullmatch(name) is not None


def find_network(name: str) -> Network:
    """A network that this computer knows.

    Raises:
        TlguiError: it does not know it.
    """
    try:
        return _read(_known(name), name)
    except FileNotFoundError as error:
        raise TlguiError(
            f"The network {name} is not known on this computer. Import its model file, "
            "or open a run that was trained with it."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise TlguiError(
            f"The network {name} cannot be read: {_known(name)} is damaged ({error}). "
            "Delete this file and import the model file again."
        ) from error


def adopt_network(name: str, folders: Iterable[Path]) -> None:
    """Makes a network known that a folder brings along; nothing where it is known.

    Args:
        name: of any backbone.
        folders: where its file may lie. One that is damaged or of another network is
            passed over: `find_network` says that it is not known.

    Raises:
        TlguiError: it cannot be kept.
    """
    if not is_network(name) or _known(name).is_file():
        return
    for folder in folders:
        if not is_plain_file(folder / NETWORK):
            continue
        try:
            network = _read(folder / NETWORK, name)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        keep_network(network)
        return


def keep_network(network: Network) -> None:
    """Makes a network known on this computer.

    Raises:
        TlguiError: it cannot be written.
    """
    file = _known(network.name)
    if file.is_file():
        return
    try:
        storage.make_folder(file.parent, exist_ok=True)
    except OSError as error:
        raise cannot_write(file, error) from error
    storage.write_bytes(file, network.content)


def write_network(name: str, folder: Path) -> None:
    """Puts the file of a network into a folder that needs it.

    Args:
        name: of any backbone; nothing is done for one of the catalogue.
        folder: of a run or of an imported model.

    Raises:
        TlguiError: it is not known, or cannot be written.
    """
    if is_network(name):
        storage.write_bytes(folder / NETWORK, find_network(name).content)


def blocks_from_json(blocks: Any) -> tuple[Block, ...]:
    """Reads a table of blocks, as `resources/backbones` has them."""
    return tuple(
        Block(
            block["name"],
            tuple(
                Layer(
                    layer["name"],
                    layer["kind"],
                    layer["parameters"],
                    layer["trainable_parameters"],
                    tuple(layer["output_shape"]),
                )
                for layer in block["layers"]
            ),
        )
        for block in blocks
    )


def _known(name: str) -> Path:
    return paths.models_dir() / ".networks" / f"{name}.json"


def _read(file: Path, name: str) -> Network:
    """Reads a file whose content must make the name.

    Raises:
        OSError: it cannot be read.
        ValueError, KeyError, TypeError, RecursionError: it is none, or of another.
    """
    status = file.stat()
    if status.st_size > _MOST_BYTES:
        raise ValueError("its file is too large")
    network = _read_once(file, status.st_mtime_ns, status.st_size)
    if network.name != name:
        raise ValueError("its file was changed")
    return network


@functools.lru_cache(maxsize=32)
def _read_once(file: Path, changed: int, size: int) -> Network:
    return _from_content(file.read_bytes())


def _from_content(content: bytes) -> Network:
    values = json.loads(content)
    if values["version"] != _VERSION:
        raise ValueError(f"its version is {values['version']!r:.20}")
    title = values["title"]
    if not isinstance(title, str) or not _TITLE.fullmatch(title):
        raise ValueError("it has no proper title")
    blocks = blocks_from_json(values["blocks"])
    _check_blocks(blocks)
    digest = hashlib.sha256(content).hexdigest()
    return Network(
        f"{PREFIX}{digest[:16]}",
        title,
        _whole(values["input_size"], _MOST_SIDE),
        _whole(values["features"], 2**24),
        blocks,
        dict(values["model"]),
        content,
        digest,
    )


def _check_blocks(blocks: tuple[Block, ...]) -> None:
    if not 0 < len(blocks) <= _MOST_BLOCKS:
        raise ValueError("it has no blocks, or too many")
    for block in blocks:
        _check_name(block.name)
        if not block.layers:
            raise ValueError("it has a block without layers")
        for layer in block.layers:
            _check_name(layer.name)
            _check_name(layer.kind)
            counts = (layer.parameters, layer.trainable_parameters)
            if not all(type(n) is int and 0 <= n < 2**40 for n in counts):
                raise ValueError("a layer of it has a strange size")
            if not layer.output_shape:
                raise ValueError("a layer of it has no shape")
            for side in layer.output_shape:
                _whole(side, 2**24)


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"[\w.\-]{1,200}", name, re.ASCII):
        raise ValueError("a part of it has no proper name")


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"expected a whole number from 1 to {most}")
    return value
