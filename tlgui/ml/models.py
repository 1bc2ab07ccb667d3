"""Puts a backbone and a head together, and freezes what must not change."""

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlgui.core import storage
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.run import Run
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import find_task
from tlgui.ml import runtime
from tlgui.ml.backbones import block_of, build_backbone
from tlgui.ml.native_adam import with_native_step
from tlgui.ml.rates import with_shares

HEAD = "head"
HEAD_OUTPUT = "head_output"
_MOMENTUM = 0.9
_WEIGHT_DECAY = 0.01


def build_classifier(
    backbone: Backbone,
    classes: int,
    *,
    pretrained: bool = True,
    activation: str = "softmax",
) -> Any:
    """Builds a classifier: a backbone with a new head for the person's classes.

    The head begins at zero, as in BiT (https://arxiv.org/abs/1912.11370): every class
    is equally probable at first, and no random head has to be unlearned.

    Args:
        backbone: which one, and with which weights.
        classes: the number of classes; the head's output layer is sized for it.
        pretrained: whether the backbone gets these weights, or random ones.
        activation: of the head; see `head_activation`.

    Returns:
        A flat functional `keras.Model` from RGB values 0..255, shape
        `(batch, size, size, 3)`, to probabilities, shape `(batch, classes)`.
    """
    runtime.tensorflow()
    import keras

    base = build_backbone(backbone, pretrained=pretrained)
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(base.output)
    outputs = keras.layers.Dense(
        classes,
        activation=activation,
        kernel_initializer="zeros",
        name=HEAD_OUTPUT,
    )(x)
    return keras.Model(base.input, outputs, name=f"{backbone.name}-classifier")


def head_activation(spec: TrainingSpec) -> str:
    """What turns the head's logits to probabilities.

    `softmax` where exactly one class is shown; `sigmoid`, for each class by itself,
    where several may be.
    """
    return "sigmoid" if find_task(spec.task).multilabel else "softmax"


def set_trainable(keras_model: Any, blocks: Sequence[str]) -> None:
    """Unfreezes the named blocks and the head, and freezes everything else.

    A frozen BatchNormalization stays in inference mode, whatever it is told.

    Args:
        keras_model: made by `build_classifier`.
        blocks: the names of the backbone's blocks that may change.
    """
    unfrozen = {*blocks, HEAD}
    for layer in keras_model.layers:
        layer.trainable = block_of(layer.name) in unfrozen


def count_parameters(keras_model: Any) -> tuple[int, int]:
    """Keras' own count of (trainable, total) parameters."""
    trainable = sum(math.prod(weight.shape) for weight in keras_model.trainable_weights)
    return trainable, int(keras_model.count_params())


def make_loss(spec: TrainingSpec) -> Any:
    """The loss of a spec, for one-hot (or multi-hot) labels and probabilities."""
    import keras

    if spec.loss == "binary-cross-entropy":
        return keras.losses.BinaryCrossentropy(label_smoothing=spec.label_smoothing)
    if spec.loss == "focal":
        # https://arxiv.org/abs/1708.02002; alpha 1, since classes are weighted apart.
        return keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=spec.focal_gamma, label_smoothing=spec.label_smoothing
        )
    return keras.losses.CategoricalCrossentropy(label_smoothing=spec.label_smoothing)


def make_optimizer(
    name: str, learning_rate: Any, *, differs_by_weight: bool = False
) -> Any:
    """An optimiser.

    Args:
        name: one of `spec.OPTIMIZERS`.
        learning_rate: a number or a schedule of Keras.
        differs_by_weight: whether each weight gets a share of the rate
            (`rates.with_shares`).
    """
    import keras

    def made(optimizer: Any, **settings: Any) -> Any:
        kind = with_shares(optimizer) if differs_by_weight else optimizer
        return kind(learning_rate, **settings)

    match name:
        case "sgd":
            return made(keras.optimizers.SGD, momentum=_MOMENTUM, nesterov=True)
        case "adamw":
            adamw = with_native_step(keras.optimizers.AdamW)
            return made(adamw, weight_decay=_WEIGHT_DECAY)
        case "rmsprop":
            return made(keras.optimizers.RMSprop)
        case _:
            return made(with_native_step(keras.optimizers.Adam))


def prepare_saving(keras_model: Any, spec: TrainingSpec) -> None:
    """Freezes and compiles a finished model, so that others can go on with it."""
    import keras

    set_trainable(keras_model, spec.trainable)
    # Plain SGD has no state, which others could not read back.
    keras_model.compile(
        optimizer=keras.optimizers.SGD(name="sgd"),
        loss=make_loss(spec),
        metrics=[metric_name(spec)],
        jit_compile=False,
    )


def metric_name(spec: TrainingSpec) -> str:
    """The metric that Keras shows to those who go on with a finished model.

    It has none for exact matches; its usual one counts each class by itself.
    """
    return "binary_accuracy" if find_task(spec.task).multilabel else "accuracy"


def save_model(keras_model: Any, file: Path) -> None:
    """Writes `model.keras`, whole or not at all.

    Raises:
        TlguiError: the file cannot be written.
    """
    storage.write_whole(file, keras_model.save)


def save_weights(keras_model: Any, file: Path) -> None:
    """Writes a checkpoint, whole or not at all.

    Raises:
        TlguiError: the file cannot be written.
    """
    storage.write_whole(file, keras_model.save_weights)


def load_finished(run: Run) -> Any:
    """Loads the finished model of a run.

    The architecture is built anew from the names in the run and only weights are
    read from the file, so that nothing in it can run code.

    Raises:
        TlguiError: the model file does not fit the run.
    """
    keras_model = build_classifier(
        find_backbone(run.spec.backbone),
        len(run.class_names),
        pretrained=False,
        activation=head_activation(run.spec),
    )
    try:
        keras_model.load_weights(run.model_file)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())[:200]
        raise TlguiError(
            f"The model {run.model_file} does not fit its run or is damaged "
            f"({reason}). Choose another run, or train again."
        ) from error
    return keras_model
