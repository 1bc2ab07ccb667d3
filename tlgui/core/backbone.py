"""A pretrained backbone, and what a person should know of it."""

import functools
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlgui import paths
from tlgui.core.layers import Block
from tlgui.core.network import blocks_from_json, find_network, is_network
from tlgui.core.settings import weights_dir

_BYTES_A_NUMBER = 4


@dataclass(frozen=True)
class WeightsFile:
    """A file of pretrained weights that can be downloaded.

    Attributes:
        name: of the file.
        address: where it is.
        checksums: from the name of a hash function to the digest, in hexadecimal;
            empty where the publisher gives none.
    """

    name: str
    address: str
    checksums: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Backbone:
    """One pretrained backbone of the catalogue.

    Attributes:
        name: as typed and saved.
        title: as shown.
        task: the task it serves.
        good_for: what it is good for, in plain words.
        input_size: side of the square it sees, in pixels.
        features: length of the vector it hands to the head.
        top1: ImageNet top-1 accuracy, 0..1.
        top1_source: where that number was published.
        download_bytes: size of the weights file; 0 if its publisher does not say.
        weights_package: the installed package that brings the weights; "" if they
            are downloaded.
        weights_file: the file inside that package.
        weights_id: names the weights, in hexadecimal: the SHA-256 checksum of that
            file, or of other weights in its place; of a file that is downloaded, the
            checksum that its publisher gives.
        licence: of the weights.
        source: where the weights come from.
        own_weights: a file of ours whose weights take the place of the catalogue's;
            then `weights_id` names them, wherever they lie.
        published: the file that is downloaded, if no package brings it.
    """

    name: str
    title: str
    task: str
    good_for: str
    input_size: int
    features: int
    top1: float
    top1_source: str
    download_bytes: int
    weights_package: str
    weights_file: str
    weights_id: str
    licence: str
    source: str
    own_weights: Path | None = None
    published: WeightsFile | None = None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its blocks from input to head."""
        if self.is_network:
            return find_network(self.name).blocks
        return _read_blocks(self.name)

    @property
    def is_network(self) -> bool:
        """Whether it is a network of one's own, which has no pretrained weights."""
        return is_network(self.name)

    @property
    def parameters(self) -> int:
        """How many numbers it holds, without any head."""
        return sum(block.parameters for block in self.blocks)

    @property
    def weights_digest(self) -> str:
        """The digest of the catalogue's weights, as `start_file.digest_of` gives it."""
        if self.is_network:
            return ""
        return str(_read_table(self.name).get("weights_digest", ""))

    @property
    def size_to_download(self) -> int:
        """Bytes of the weights file, as far as they are known beforehand."""
        return self.download_bytes or _BYTES_A_NUMBER * self.parameters

    @property
    def weights_path(self) -> Path | None:
        """The weights file on this computer, or None if it is not here."""
        if self.published is not None:
            file = weights_dir() / self.published.name
            return file if file.is_file() else None
        if not self.weights_package:
            return None
        spec = importlib.util.find_spec(self.weights_package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            file = Path(folder) / self.weights_file
            if file.is_file():
                return file
        return None


@functools.cache
def _read_table(name: str) -> dict[str, Any]:
    file = paths.resource_dir() / "backbones" / f"{name}.json"
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


@functools.cache
def _read_blocks(name: str) -> tuple[Block, ...]:
    return blocks_from_json(_read_table(name)["blocks"])
