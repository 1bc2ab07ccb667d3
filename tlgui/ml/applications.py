"""The backbones of `keras.applications`, as flat models of ours.

Adding one is a line below: who builds it, how it wants its pixels, and how its layers
are grouped into blocks that a person can switch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tlgui.ml import runtime
from tlgui.ml.flat_copy import FlatCopy, Group, copy_flat


class Scaling(StrEnum):
    """How a model was trained to see its pixels (`imagenet_utils.preprocess_input`)."""

    INSIDE = "inside"  # it takes 0..255 and has the layers for it
    SYMMETRIC = "symmetric"  # -1..1, Keras' mode "tf"
    STANDARD = "standard"  # mean and deviation of ImageNet, Keras' mode "torch"
    BLUE_FIRST = "blue first"  # the mean subtracted, blue before red: "caffe"


# In the order red, green, blue; of the values 0..1 and 0..255.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN = (123.68, 116.779, 103.939)
_DENSE_LAYERS_A_BLOCK = 6


@dataclass(frozen=True)
class Application:
    """How a backbone of `keras.applications` is made.

    Attributes:
        factory: its name there.
        scaling: how it wants its pixels.
        groups: a pattern for names of layers, and the block that begins with the
            first of them; `{0}` is what the pattern's group has matched.
    """

    factory: str
    scaling: Scaling
    groups: tuple[tuple[str, str], ...]

    def group(self, name: str) -> str:
        """The block that a layer of the original begins or goes on with."""
        for pattern, block in self.groups:
            if found := re.match(pattern, name):
                return block.format(*found.groups())
        return ""


def _dense(stages: int) -> tuple[tuple[str, str], ...]:
    """Some layers of a dense block together: each hands on all that came before."""
    rules = [(r"(?:conv1|pool1)", "stem")]
    for stage in range(2, 2 + stages):
        for part, letter in enumerate("abcdefgh"):
            first = part * _DENSE_LAYERS_A_BLOCK + 1
            numbers = range(first, first + _DENSE_LAYERS_A_BLOCK)
            which = "|".join(map(str, numbers))
            rules.append((rf"conv{stage}_block(?:{which})_", f"dense{stage}{letter}"))
        rules.append((rf"pool{stage}_", f"transition{stage}"))
    return (*rules, (r"bn$", "top"))


_MOBILE_V3 = (
    (r"conv_1", "top"),
    (r"conv", "stem"),
    (r"expanded_conv_(\d+)_", "block{0}"),
    (r"expanded_conv_", "block0"),
)
_EFFICIENT = ((r"stem_", "stem"), (r"(block\d+[a-z])_", "{0}"), (r"top_", "top"))
_RESIDUAL = (
    (r"(?:conv1|pool1)_", "stem"),
    (r"conv(\d)_block(\d+)_", "stage{0}block{1}"),
    (r"post_", "top"),
)
_CONVNEXT = (
    (r"convnext_\w+_stem", "stem"),
    (r"convnext_\w+_stage_(\d)_block_(\d+)_", "stage{0}block{1}"),
    (r"convnext_\w+_downsampling_block_(\d)", "down{0}"),
    (r"layer_normalization", "top"),
)
_INSIDE, _SYMMETRIC = Scaling.INSIDE, Scaling.SYMMETRIC

APPLICATIONS: Mapping[str, Application] = {
    "mobilenet-v2": Application(
        "MobileNetV2",
        _SYMMETRIC,
        (
            (r"Conv1", "stem"),
            (r"expanded_conv_", "block0"),
            (r"block_(\d+)_", "block{0}"),
            (r"Conv_1", "top"),
        ),
    ),
    "mobilenet-v3-small": Application("MobileNetV3Small", _INSIDE, _MOBILE_V3),
    "mobilenet-v3-large": Application("MobileNetV3Large", _INSIDE, _MOBILE_V3),
    "efficientnet-v2-b0": Application("EfficientNetV2B0", _INSIDE, _EFFICIENT),
    "efficientnet-v2-b1": Application("EfficientNetV2B1", _INSIDE, _EFFICIENT),
    "efficientnet-v2-b2": Application("EfficientNetV2B2", _INSIDE, _EFFICIENT),
    "efficientnet-v2-b3": Application("EfficientNetV2B3", _INSIDE, _EFFICIENT),
    "efficientnet-v2-s": Application("EfficientNetV2S", _INSIDE, _EFFICIENT),
    "resnet-50-v2": Application("ResNet50V2", _SYMMETRIC, _RESIDUAL),
    "resnet-101-v2": Application("ResNet101V2", _SYMMETRIC, _RESIDUAL),
    "densenet-121": Application("DenseNet121", Scaling.STANDARD, _dense(4)),
    "densenet-201": Application("DenseNet201", Scaling.STANDARD, _dense(4)),
    "inception-v3": Application(
        "InceptionV3",
        _SYMMETRIC,
        # Layer behind layer without names; `mixed0` to `mixed10` end their blocks.
        (
            (r"conv2d$", "stem"),
            (r"conv2d_5$", "mixed0"),
            *(
                (rf"conv2d_{n}$", f"mixed{k}")
                for k, n in enumerate((12, 19, 26, 30, 40, 50, 60, 70, 76, 85), 1)
            ),
        ),
    ),
    "xception": Application("Xception", _SYMMETRIC, ((r"block(\d+)_", "block{0}"),)),
    # A cell takes what the two before it hand on: it can be divided at the stem only.
    "nasnet-mobile": Application(
        "NASNetMobile", _SYMMETRIC, ((r"stem_", "stem"), (r"\w", "cells"))
    ),
    "convnext-tiny": Application("ConvNeXtTiny", _INSIDE, _CONVNEXT),
    "convnext-small": Application("ConvNeXtSmall", _INSIDE, _CONVNEXT),
    "vgg-16": Application("VGG16", Scaling.BLUE_FIRST, ((r"block(\d)_", "block{0}"),)),
}


def build_original(name: str, input_size: int) -> Any:
    """Builds Keras' own model up to its last feature map, with random weights."""
    runtime.tensorflow()
    import keras

    factory = getattr(keras.applications, APPLICATIONS[name].factory)
    shape = (input_size, input_size, 3)
    return factory(include_top=False, weights=None, input_shape=shape)


def copy_application(name: str, original: Any) -> FlatCopy:
    """Builds the flat model that has the same layers as Keras' own.

    Args:
        name: as above.
        original: from `build_original`.

    Returns:
        The copy, from RGB values 0..255 to the last feature map; `take_weights_of`
        fills it.
    """
    application = APPLICATIONS[name]
    group: Group = application.group
    return copy_flat(original, name, group, _scaling(application.scaling))


def take_weights_of(name: str, copy: FlatCopy) -> None:
    """Copies all weights over from the original.

    A model that was trained on blue before red takes red before blue once the input
    channels of its first layer are turned round.
    """
    copy.take_weights()
    if APPLICATIONS[name].scaling is Scaling.BLUE_FIRST:
        _, first = copy.pairs[0]
        kernel, *rest = first.get_weights()
        first.set_weights([kernel[:, :, ::-1, :], *rest])


def _scaling(scaling: Scaling) -> Any:
    import keras

    match scaling:
        case Scaling.SYMMETRIC:
            factors: tuple[Any, Any] = (1 / 127.5, -1.0)
        case Scaling.STANDARD:
            factors = (
                [1 / (255 * deviation) for deviation in _DEVIATION],
                [-m / d for m, d in zip(_MEAN, _DEVIATION, strict=True)],
            )
        case Scaling.BLUE_FIRST:
            factors = (1.0, [-mean for mean in _CAFFE_MEAN])
        case _:
            return None
    return keras.layers.Rescaling(*factors, name="input_rescaling")
