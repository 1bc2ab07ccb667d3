"""The backbones of `keras.applications`: what they are, and how they are divided.

Adding one is an entry below, and its table of blocks
(`python -m tests.ml.make_block_tables NAME`). Addresses and checksums of the weights
are those of the source code of Keras 3.15; accuracies those of
https://keras.io/api/applications, and of `keras/src/applications/mobilenet_v3.py`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tlgui.core import application_blocks as blocks
from tlgui.core.application_blocks import Groups
from tlgui.core.backbone import Backbone, WeightsFile

_PLACE = "https://storage.googleapis.com/tensorflow/keras-applications/"
_TOP1 = "https://keras.io/api/applications"
# Digests in hexadecimal are told apart by their length.
_HASHES = {32: "md5", 64: "sha256"}


class Scaling(StrEnum):
    """How a model was trained to see its pixels (`imagenet_utils.preprocess_input`)."""

    INSIDE = "inside"  # it takes 0..255 and has the layers for it
    SYMMETRIC = "symmetric"  # -1..1, Keras' mode "tf"
    STANDARD = "standard"  # mean and deviation of ImageNet, Keras' mode "torch"
    BLUE_FIRST = "blue first"  # the mean subtracted, blue before red: "caffe"


@dataclass(frozen=True)
class Application:
    """How a backbone of `keras.applications` is made.

    Attributes:
        factory: its name there.
        scaling: how it wants its pixels.
        groups: a pattern for names of layers, and the block that begins with the
            first of them; `{0}` is what the pattern's group has matched.
        backbone: what a person should know of it.
    """

    factory: str
    scaling: Scaling
    groups: Groups
    backbone: Backbone

    def group(self, name: str) -> str:
        """The block that a layer of the original begins or goes on with."""
        for pattern, block in self.groups:
            if found := re.match(pattern, name):
                return block.format(*found.groups())
        return ""


def _entry(
    name: str,
    factory: str,
    scaling: Scaling,
    groups: Groups,
    size: tuple[int, int],
    top1: float,
    weights: tuple[str, str],
    licence: str,
    good_for: str,
) -> tuple[str, Application]:
    """One backbone.

    Args:
        name: as typed and saved.
        factory: its name in `keras.applications`, and its title.
        scaling: how it wants its pixels.
        groups: as in `Application`.
        size: side of the square it sees, in pixels, and length of its features.
        top1: ImageNet top-1 accuracy, 0..1.
        weights: path of the file below `_PLACE`, and its checksum or "".
        licence: of the weights.
        good_for: in plain words.
    """
    path, digest = weights
    address = _PLACE + path
    file = path.rpartition("/")[2]
    checksums = {_HASHES[len(digest)]: digest} if digest else {}
    return name, Application(
        factory,
        scaling,
        groups,
        Backbone(
            name=name,
            title=factory,
            task="image-classification",
            good_for=good_for,
            input_size=size[0],
            features=size[1],
            top1=top1,
            top1_source=_TOP1,
            download_bytes=0,
            weights_package="",
            weights_file=file,
            # Without a checksum the address names them; the store remembers the rest.
            weights_id=digest or hashlib.sha256(address.encode()).hexdigest(),
            licence=licence,
            source="Keras, keras.applications",
            published=WeightsFile(file, address, checksums),
        ),
    )


_INSIDE, _SYMMETRIC, _STANDARD = Scaling.INSIDE, Scaling.SYMMETRIC, Scaling.STANDARD
_APACHE, _MIT, _BSD, _CC = "Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0"
_KERNELS = "weights_tf_dim_ordering_tf_kernels"

APPLICATIONS: Mapping[str, Application] = MappingProxyType(
    dict(
        (
            _entry(
                "mobilenet-v2",
                "MobileNetV2",
                _SYMMETRIC,
                blocks.MOBILE_V2,
                (224, 1280),
                0.713,
                (f"mobilenet_v2/mobilenet_v2_{_KERNELS}_1.0_224_no_top.h5", ""),
                _APACHE,
                "Small and widely used; many phones run it.",
            ),
            _entry(
                "mobilenet-v3-small",
                "MobileNetV3Small",
                _INSIDE,
                blocks.MOBILE_V3,
                (224, 576),
                0.681,
                (
                    "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
                    "d3e8ec802a04aa4fc771ee12a9a9b836",
                ),
                _APACHE,
                "The smallest and quickest of all, for very weak computers.",
            ),
            _entry(
                "mobilenet-v3-large",
                "MobileNetV3Large",
                _INSIDE,
                blocks.MOBILE_V3,
                (224, 960),
                0.756,
                (
                    "mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
                    "07fb09a5933dd0c8eaafa16978110389",
                ),
                _APACHE,
                "Quick, and made for phones.",
            ),
            _entry(
                "efficientnet-v2-b0",
                "EfficientNetV2B0",
                _INSIDE,
                blocks.EFFICIENT,
                (224, 1280),
                0.787,
                (
                    "efficientnet_v2/efficientnetv2-b0_notop.h5",
                    "893217f2bb855e2983157299931e43ff",
                ),
                _APACHE,
                "More accurate than its size suggests. A good next step.",
            ),
            _entry(
                "efficientnet-v2-b1",
                "EfficientNetV2B1",
                _INSIDE,
                blocks.EFFICIENT_PAIRS,
                (240, 1280),
                0.798,
                (
                    "efficientnet_v2/efficientnetv2-b1_notop.h5",
                    "0e80663031ca32d657f9caa404b6ec37",
                ),
                _APACHE,
                "A little finer than B0, and a little slower.",
            ),
            _entry(
                "efficientnet-v2-b2",
                "EfficientNetV2B2",
                _INSIDE,
                blocks.EFFICIENT_PAIRS,
                (260, 1408),
                0.805,
                (
                    "efficientnet_v2/efficientnetv2-b2_notop.h5",
                    "1dfe2e7a5d45b6632553a8961ea609eb",
                ),
                _APACHE,
                "Finer still, for photos with small details.",
            ),
            _entry(
                "efficientnet-v2-b3",
                "EfficientNetV2B3",
                _INSIDE,
                blocks.EFFICIENT_PAIRS,
                (300, 1536),
                0.820,
                (
                    "efficientnet_v2/efficientnetv2-b3_notop.h5",
                    "f6abf7b5849ac99a89b50dd3fd532856",
                ),
                _APACHE,
                "Accurate, with larger pictures; takes several times as long as B0.",
            ),
            _entry(
                "efficientnet-v2-s",
                "EfficientNetV2S",
                _INSIDE,
                blocks.EFFICIENT_PAIRS,
                (384, 1280),
                0.839,
                (
                    "efficientnet_v2/efficientnetv2-s_notop.h5",
                    "af0682fb74e8c54910f2d4393339c070",
                ),
                _APACHE,
                "The most accurate here, and slow without a graphics card.",
            ),
            _entry(
                "resnet-50-v2",
                "ResNet50V2",
                _SYMMETRIC,
                blocks.RESIDUAL,
                (224, 2048),
                0.760,
                (
                    f"resnet/resnet50v2_{_KERNELS}_notop.h5",
                    "fac2f116257151a9d068a22e544a4917",
                ),
                _MIT,
                "The classic that most papers compare with.",
            ),
            _entry(
                "resnet-101-v2",
                "ResNet101V2",
                _SYMMETRIC,
                blocks.RESIDUAL_DEEP,
                (224, 2048),
                0.772,
                (
                    f"resnet/resnet101v2_{_KERNELS}_notop.h5",
                    "c0ed64b8031c3730f411d2eb4eea35b5",
                ),
                _MIT,
                "The same with twice the depth.",
            ),
            _entry(
                "densenet-121",
                "DenseNet121",
                _STANDARD,
                blocks.DENSE,
                (224, 1024),
                0.750,
                (
                    f"densenet/densenet121_{_KERNELS}_notop.h5",
                    "30ee3e1110167f948a6b9946edeeb738",
                ),
                _BSD,
                "Often used for X-rays and other medical pictures.",
            ),
            _entry(
                "densenet-201",
                "DenseNet201",
                _STANDARD,
                blocks.DENSE,
                (224, 1920),
                0.773,
                (
                    f"densenet/densenet201_{_KERNELS}_notop.h5",
                    "c13680b51ded0fb44dff2d8f86ac8bb1",
                ),
                _BSD,
                "The same with more layers; slower.",
            ),
            _entry(
                "inception-v3",
                "InceptionV3",
                _SYMMETRIC,
                blocks.INCEPTION,
                (299, 2048),
                0.779,
                (
                    f"inception_v3/inception_v3_{_KERNELS}_notop.h5",
                    "bcbd6486424b2319ff4ef7d526e38f63",
                ),
                _APACHE,
                "Known from studies of skin and eyes; sees larger pictures.",
            ),
            _entry(
                "xception",
                "Xception",
                _SYMMETRIC,
                blocks.BLOCKS,
                (299, 2048),
                0.790,
                (
                    f"xception/xception_{_KERNELS}_notop.h5",
                    "b0042744bf5b25fce3cb969f33bebb97",
                ),
                _MIT,
                "A finer relative of Inception, slower.",
            ),
            _entry(
                "nasnet-mobile",
                "NASNetMobile",
                _SYMMETRIC,
                blocks.NASNET,
                (224, 1056),
                0.744,
                (
                    "nasnet/NASNet-mobile-no-top.h5",
                    "1ed92395b5b598bdda52abe5c0dbfd63",
                ),
                _APACHE,
                "Small; found by a search. It can be divided in one place only.",
            ),
            _entry(
                "convnext-tiny",
                "ConvNeXtTiny",
                _INSIDE,
                blocks.CONVNEXT,
                (224, 768),
                0.813,
                (
                    "convnext/convnext_tiny_notop.h5",
                    "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
                ),
                _MIT,
                "A modern network; accurate, and slow without a graphics card.",
            ),
            _entry(
                "convnext-small",
                "ConvNeXtSmall",
                _INSIDE,
                blocks.CONVNEXT_DEEP,
                (224, 768),
                0.823,
                (
                    "convnext/convnext_small_notop.h5",
                    "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
                ),
                _MIT,
                "The same with more layers.",
            ),
            _entry(
                "vgg-16",
                "VGG16",
                Scaling.BLUE_FIRST,
                blocks.BLOCKS,
                (224, 512),
                0.713,
                (
                    f"vgg16/vgg16_{_KERNELS}_notop.h5",
                    "6d6bbae143d832006294945121d1f1fc",
                ),
                _CC,
                "Old and slow; to compare with older work.",
            ),
        )
    )
)
