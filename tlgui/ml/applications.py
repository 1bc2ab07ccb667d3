"""The backbones of `keras.applications`, as flat models of ours."""

from pathlib import Path
from typing import Any

from tlgui.core.applications import APPLICATIONS, Scaling
from tlgui.ml import runtime
from tlgui.ml.flat_copy import FlatCopy, Group, copy_flat

# In the order red, green, blue; of the values 0..1 and 0..255.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN = (123.68, 116.779, 103.939)


def build_features(name: str, input_size: int) -> Any:
    """Builds the flat model up to its last feature map, with random weights."""
    return copy_application(name, build_original(name, input_size)).keras_model


def build_pretrained(name: str, input_size: int, file: Path) -> Any:
    """Builds the flat model up to its last feature map, with its weights.

    Args:
        name: as in `APPLICATIONS`.
        input_size: side of the square it sees, in pixels.
        file: as Keras publishes it, without the top.

    Raises:
        ValueError: the file does not fit.
        OSError: it cannot be read.
    """
    original = build_original(name, input_size)
    original.load_weights(file)
    copy = copy_application(name, original)
    take_weights_of(name, copy)
    return copy.keras_model


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
    turn_channels(name, copy.keras_model)


def turn_channels(name: str, keras_model: Any) -> None:
    """Makes weights that saw blue before red see red before blue.

    Args:
        name: of any backbone; nothing is done where it is not needed.
        keras_model: the flat model with weights as Keras has them.
    """
    application = APPLICATIONS.get(name)
    if application is not None and application.scaling is Scaling.BLUE_FIRST:
        first = next(layer for layer in keras_model.layers if layer.weights)
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
