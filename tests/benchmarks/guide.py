"""The plain way: the code of Keras' own transfer-learning guide.

    python -m tests.benchmarks.guide DATA [--epochs 10] [--xla] [--augment]

https://keras.io/guides/transfer_learning/: `image_dataset_from_directory`,
`prefetch`, a frozen backbone that runs in every epoch, a new head, Adam, `fit`. It
gets the backbone, batch size, epochs and learning rate of ours. `--xla` leaves
Keras' own choice of compilation, which is XLA; without it, XLA is off, which on a
CPU is the faster. Prints the seconds since it began as one line of JSON.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.layers import parse_trainable

BATCH_SIZE = 32
LEARNING_RATE = 1e-3


def run_guide(
    data: Path,
    trainable: str = "head",
    epochs: int = 10,
    *,
    xla: bool = False,
    augment: bool = False,
) -> dict[str, Any]:
    """Trains the guide's way and saves the result.

    Args:
        data: with `train/` and `val/`, or one sub-folder a class.
        trainable: which blocks may change, as on our command line.
        epochs: how many.
        xla: whether Keras chooses the compilation.
        augment: whether photos are changed at random, by layers in the model.

    Returns:
        `ends`: seconds to the end of each epoch; `first_batch`: to that of the first
        batch; `seconds`: to the saved model. The pretrained backbone is built before
        the clock starts, as a warm engine of ours has it.
    """
    from tlgui.ml.backbones import build_backbone

    base = build_backbone(find_backbone(DEFAULT_BACKBONE))
    began = time.perf_counter()
    train, validation, classes = _read(data, base.input_shape[1:3])
    keras_model = _build(base, trainable, classes, augment=augment)
    keras_model.compile(**_compilation(xla))
    ends: list[float] = []
    firsts: list[float] = []
    keras_model.fit(
        train,
        epochs=epochs,
        validation_data=validation,
        callbacks=[
            _clock(
                lambda: firsts.append(time.perf_counter() - began),
                lambda: ends.append(time.perf_counter() - began),
            )
        ],
        verbose=0,
    )
    with tempfile.TemporaryDirectory() as folder:
        keras_model.save(Path(folder) / "model.keras")
        seconds = time.perf_counter() - began
    return {"ends": ends, "first_batch": firsts[0], "seconds": seconds}


def _read(data: Path, size: tuple[int, int]) -> tuple[Any, Any, int]:
    """Training and validation batches, and the number of classes."""
    import keras

    def read(folder: Path, **options: Any) -> Any:
        return keras.utils.image_dataset_from_directory(
            folder,
            image_size=size,
            batch_size=BATCH_SIZE,
            seed=0,
            verbose=False,
            **options,
        )

    if (data / "train").is_dir():
        train, validation = read(data / "train"), read(data / "val")
    else:
        train, validation = read(data, validation_split=0.2, subset="both")
    return train.prefetch(2), validation.prefetch(2), len(train.class_names)


def _build(base: Any, trainable: str, classes: int, *, augment: bool) -> Any:
    """The backbone with a new head, and random layers in front if asked for."""
    import keras

    from tlgui.ml.backbones import block_of

    unfrozen = parse_trainable(trainable, find_backbone(DEFAULT_BACKBONE).blocks)
    for layer in base.layers:
        layer.trainable = block_of(layer.name) in unfrozen
    x = inputs = keras.Input(base.input_shape[1:])
    for layer in _random_layers() if augment else ():
        x = layer(x)
    # The guide's training=False keeps BatchNormalization in inference mode; blocks
    # that learn here train theirs, as ours do.
    x = base(x, training=None if unfrozen else False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    outputs = keras.layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs)


def _random_layers() -> list[Any]:
    """The same kinds and sizes of changes as our light augmentation."""
    import keras

    return [
        keras.layers.RandomFlip("horizontal", seed=0),
        keras.layers.RandomRotation(10 / 360, "reflect", seed=1),
        keras.layers.RandomTranslation(0.06, 0.06, "reflect", seed=2),
        keras.layers.RandomZoom((-0.19, 0.0), fill_mode="reflect", seed=3),
    ]


def _compilation(xla: bool) -> dict[str, Any]:
    import keras

    return {
        "optimizer": keras.optimizers.Adam(LEARNING_RATE),
        "loss": keras.losses.SparseCategoricalCrossentropy(),
        "metrics": ["accuracy"],
        "jit_compile": "auto" if xla else False,
    }


def _clock(on_batch: Callable[[], None], on_epoch: Callable[[], None]) -> Any:
    """A callback of `fit` that calls back."""
    import keras

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            on_batch()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            on_epoch()

    return Clock()


def main() -> None:
    """Runs it once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--trainable", default="head")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--xla", action="store_true")
    parser.add_argument("--augment", action="store_true")
    chosen = parser.parse_args()
    found = run_guide(
        chosen.data,
        chosen.trainable,
        chosen.epochs,
        xla=chosen.xla,
        augment=chosen.augment,
    )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
