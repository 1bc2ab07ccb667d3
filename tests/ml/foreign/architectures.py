"""Every architecture that the gate must let through, small enough for a test."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tlgui.core.catalogue import find_backbone
from tlgui.ml.foreign.allowed import Identity
from tlgui.ml.models import build_classifier

OURS = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2")
# Names in keras.applications, and the smallest input that each takes.
QUICK = {"MobileNetV3Small": 32, "ConvNeXtTiny": 32}
SLOW = {
    "MobileNetV2": 32,
    "VGG16": 32,
    "MobileNetV3Large": 32,
    "EfficientNetV2B0": 32,
    "EfficientNetV2S": 32,
    "ResNet50V2": 32,
    "ResNet101V2": 32,
    "DenseNet121": 32,
    "DenseNet201": 32,
    "InceptionV3": 75,
    "Xception": 71,
    "NASNetMobile": 224,
    "ConvNeXtSmall": 32,
}


def build_application(name: str) -> Any:
    """A model of keras.applications for three classes, with random weights."""
    import keras

    size = (QUICK | SLOW)[name]
    build: Callable[..., Any] = getattr(keras.applications, name)
    if name != "VGG16":
        return build(weights=None, input_shape=(size, size, 3), classes=3)
    # Its own head has 120 million weights.
    base = build(weights=None, input_shape=(size, size, 3), include_top=False)
    x = keras.layers.Flatten()(base.output)
    return keras.Model(base.input, keras.layers.Dense(3)(x))


def build_ours(name: str) -> Any:
    """A classifier of ours, with random weights."""
    return build_classifier(find_backbone(name), 3, pretrained=False)


def identities(model: Any) -> set[Identity]:
    """Every class that a model names when it is saved."""
    return set(_identities(json.loads(model.to_json())))


def _identities(value: Any) -> Iterator[Identity]:
    if isinstance(value, dict):
        if "class_name" in value:
            yield value.get("module"), value["class_name"]
        for part in value.values():
            yield from _identities(part)
    elif isinstance(value, list):
        for part in value:
            yield from _identities(part)
