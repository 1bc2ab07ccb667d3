"""Which layers are built anew from a stranger's description, and from what.

Nothing of the description reaches Keras but the settings listed here, each checked.
Initializers, regularizers and constraints are left out: the weights come from the
file. Random augmentation is left out too, since it does nothing when predicting.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tlgui.ml.foreign.refusal import Refusal
from tlgui.ml.foreign.settings_check import (
    Check,
    activation,
    channels_last,
    count,
    either,
    flag,
    integer,
    listed,
    margin,
    maybe,
    number,
    only,
    sides,
    word,
)


@dataclass(frozen=True)
class Recipe:
    """How one class of layers is built.

    Attributes:
        settings: what it is given, each with its check.
        initializers: arguments that say how its weights are made.
        unused: settings that must hold too, but are not handed on.
        merges: whether it takes several inputs.
    """

    settings: Mapping[str, Check] = field(default_factory=dict)
    initializers: tuple[str, ...] = ()
    unused: Mapping[str, Check] = field(default_factory=dict)
    merges: bool = False


_PADDING = word("same", "valid")
_ACTIVATED: Mapping[str, Check] = {"activation": activation, "use_bias": flag}
_WINDOW: Mapping[str, Check] = {
    "strides": sides(count),
    "padding": _PADDING,
    "dilation_rate": sides(count),
}
_CONVOLUTION = {"filters": count, "kernel_size": sides(count), **_WINDOW, **_ACTIVATED}
_POOLING: Mapping[str, Check] = {
    "pool_size": sides(count),
    "strides": maybe(sides(count)),
    "padding": _PADDING,
}
_AXIS: Mapping[str, Check] = {"axis": either(integer, listed(integer))}
_AROUND: Check = either(sides(margin), listed(listed(margin, 2), 2))
_NUMBERS: Check = either(number, listed(number))
_NORM_INITIALIZERS = ("beta_initializer", "gamma_initializer")
_KERNEL = ("kernel_initializer", "bias_initializer")


def _first(value: Any) -> int:
    """An axis, which Keras 2 writes as a list of one."""
    return integer(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _last(value: Any) -> int:
    """The last axis of a picture or of a row of numbers."""
    if _first(value) not in (-1, 1, 3):
        raise ValueError("expected the last axis")
    return -1


RECIPES: Mapping[str, Recipe] = {
    "Activation": Recipe({"activation": activation}),
    "Add": Recipe(merges=True),
    "Average": Recipe(merges=True),
    "AveragePooling2D": Recipe(_POOLING),
    "BatchNormalization": Recipe(
        {
            "axis": _first,
            "momentum": number,
            "epsilon": number,
            "center": flag,
            "scale": flag,
        },
        (
            *_NORM_INITIALIZERS,
            "moving_mean_initializer",
            "moving_variance_initializer",
        ),
        {"renorm_momentum": number, "fused": flag},
    ),
    "Concatenate": Recipe(_AXIS, merges=True),
    "Conv2D": Recipe({**_CONVOLUTION, "groups": count}, _KERNEL),
    "Conv2DTranspose": Recipe(
        {**_CONVOLUTION, "output_padding": maybe(sides(margin))},
        _KERNEL,
        {"groups": only(1)},
    ),
    "Cropping2D": Recipe({"cropping": _AROUND}),
    "Dense": Recipe({"units": count, **_ACTIVATED}, _KERNEL),
    # Keras 2 writes `groups`, which Keras 3 does not take.
    "DepthwiseConv2D": Recipe(
        {
            "kernel_size": sides(count),
            "depth_multiplier": count,
            **_WINDOW,
            **_ACTIVATED,
        },
        ("depthwise_initializer", "bias_initializer"),
        {"groups": only(1)},
    ),
    "Dropout": Recipe(
        {"rate": number, "noise_shape": maybe(listed(maybe(integer)))},
    ),
    "ELU": Recipe({"alpha": number}),
    "Flatten": Recipe(),
    "GaussianNoise": Recipe({"stddev": number}),
    "GlobalAveragePooling2D": Recipe({"keepdims": flag}),
    "GlobalMaxPooling2D": Recipe({"keepdims": flag}),
    "LayerNormalization": Recipe(
        {**_AXIS, "epsilon": number, "center": flag, "scale": flag},
        _NORM_INITIALIZERS,
    ),
    "LayerScale": Recipe({"init_values": number, "projection_dim": count}),
    "LeakyReLU": Recipe({"negative_slope": number}),
    "MaxPooling2D": Recipe(_POOLING),
    "Maximum": Recipe(merges=True),
    "Multiply": Recipe(merges=True),
    "Normalization": Recipe(
        {
            "axis": _last,
            "mean": maybe(_NUMBERS),  # None where they are among the weights
            "variance": maybe(_NUMBERS),
            "invert": flag,
        }
    ),
    "PReLU": Recipe({"shared_axes": maybe(listed(count))}, ("alpha_initializer",)),
    "ReLU": Recipe(
        {"max_value": maybe(number), "negative_slope": number, "threshold": number}
    ),
    "Rescaling": Recipe({"scale": _NUMBERS, "offset": _NUMBERS}),
    "Reshape": Recipe({"target_shape": listed(integer)}),
    "SeparableConv2D": Recipe(
        {**_CONVOLUTION, "depth_multiplier": count},
        ("depthwise_initializer", "pointwise_initializer", "bias_initializer"),
        {"groups": only(1)},
    ),
    "Softmax": Recipe(_AXIS),
    "SpatialDropout2D": Recipe({"rate": number}),
    "Subtract": Recipe(merges=True),
    "UpSampling2D": Recipe(
        {"size": sides(count), "interpolation": word("nearest", "bilinear")}
    ),
    "ZeroPadding2D": Recipe({"padding": _AROUND}),
}
AUGMENTATION = frozenset(
    {
        "RandomBrightness",
        "RandomContrast",
        "RandomFlip",
        "RandomRotation",
        "RandomTranslation",
        "RandomZoom",
    }
)
_RENAMED = {("LeakyReLU", "alpha"): "negative_slope"}
_LEFT_OUT = ("_initializer", "_regularizer", "_constraint")
_OF_EVERY_LAYER = {
    *("name", "trainable", "dtype", "seed", "batch_input_shape", "batch_shape"),
    *("input_shape", "input_dtype"),
}


def build_layer(
    class_name: str,
    config: Mapping[str, Any],
    name: str,
    initializer: Callable[..., Any],
) -> Any:
    """Builds one layer by its recipe.

    Args:
        class_name: checked by `config_check`.
        config: its settings, as the file has them.
        name: what the layer is to be called.
        initializer: makes its weights.

    Raises:
        Refusal: there is no recipe, or a setting is unknown or strange.
    """
    import keras

    recipe = RECIPES.get(class_name)
    if recipe is None:
        raise Refusal(f"layers of the class {class_name!a:.80} cannot be built here")
    settings = _settings(class_name, recipe, config, name)
    made = dict.fromkeys(recipe.initializers, initializer)
    home = keras.layers
    if class_name == "LayerScale":
        from keras.src.applications import convnext

        home = convnext
    try:
        return getattr(home, class_name)(name=name, **settings, **made)
    except (ValueError, TypeError) as error:
        raise Refusal(f"the settings of its layer {name} are strange") from error


def _settings(
    class_name: str, recipe: Recipe, config: Mapping[str, Any], name: str
) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, value in config.items():
        used = _RENAMED.get((class_name, key), key)
        try:
            if used in recipe.settings:
                settings[used] = recipe.settings[used](value)
            else:
                _check_unused(recipe, key, value)
        except ValueError as error:
            raise Refusal(
                f"the setting {key!a:.60} of its layer {name} is strange ({error})"
            ) from error
    return settings


def _check_unused(recipe: Recipe, key: str, value: Any) -> None:
    if key in recipe.unused:
        recipe.unused[key](value)
    elif key == "data_format":
        channels_last(value)
    elif key not in _OF_EVERY_LAYER and not key.endswith(_LEFT_OUT):
        only(None, False, [], {})(value)
