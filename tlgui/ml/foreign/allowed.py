"""The classes that a model from somebody else may name.

`FROM_ARCHITECTURES` is generated: it is exactly what the supported architectures
name when they are saved (a test builds them and compares). The other tables add
plain layers that hold only numbers, the same classes as older versions of Keras
called them, and what a compiled model adds, which is read and never used.
"""

from collections.abc import Mapping

Identity = tuple[str | None, str]  # module, class

FROM_ARCHITECTURES: frozenset[Identity] = frozenset(
    {
        (None, "__keras_tensor__"),
        ("keras", "DTypePolicy"),
        ("keras", "Sequential"),
        ("keras.initializers", "Constant"),
        ("keras.initializers", "GlorotUniform"),
        ("keras.initializers", "HeNormal"),
        ("keras.initializers", "Ones"),
        ("keras.initializers", "VarianceScaling"),
        ("keras.initializers", "Zeros"),
        ("keras.layers", "Activation"),
        ("keras.layers", "Add"),
        ("keras.layers", "AveragePooling2D"),
        ("keras.layers", "BatchNormalization"),
        ("keras.layers", "Concatenate"),
        ("keras.layers", "Conv2D"),
        ("keras.layers", "Cropping2D"),
        ("keras.layers", "Dense"),
        ("keras.layers", "DepthwiseConv2D"),
        ("keras.layers", "Dropout"),
        ("keras.layers", "Flatten"),
        ("keras.layers", "GlobalAveragePooling2D"),
        ("keras.layers", "InputLayer"),
        ("keras.layers", "LayerNormalization"),
        ("keras.layers", "MaxPooling2D"),
        ("keras.layers", "Multiply"),
        ("keras.layers", "Normalization"),
        ("keras.layers", "ReLU"),
        ("keras.layers", "Rescaling"),
        ("keras.layers", "Reshape"),
        ("keras.layers", "SeparableConv2D"),
        ("keras.layers", "ZeroPadding2D"),
        ("keras.src.applications.convnext", "LayerScale"),
        ("keras.src.models.functional", "Functional"),
        ("keras.src.ops.numpy", "Add"),
        ("keras.src.ops.numpy", "Multiply"),
    }
)

_PLAIN: Mapping[str, tuple[str, ...]] = {
    "keras.layers": (
        "Average",
        "Conv2DTranspose",
        "ELU",
        "GaussianNoise",
        "GlobalMaxPooling2D",
        "LeakyReLU",
        "Maximum",
        "PReLU",
        "RandomBrightness",
        "RandomContrast",
        "RandomFlip",
        "RandomRotation",
        "RandomTranslation",
        "RandomZoom",
        "Softmax",
        "SpatialDropout2D",
        "Subtract",
        "UpSampling2D",
    ),
    "keras.initializers": (
        "GlorotNormal",
        "HeUniform",
        "LecunNormal",
        "LecunUniform",
        "Orthogonal",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
    ),
    "keras.regularizers": ("L1", "L2", "L1L2"),
    "keras.constraints": ("MaxNorm", "NonNeg", "UnitNorm"),
}
_COMPILED: Mapping[str, tuple[str, ...]] = {
    "keras.optimizers": (
        "SGD",
        "RMSprop",
        "Adam",
        "AdamW",
        "Adamax",
        "Nadam",
        "Adagrad",
        "Adadelta",
        "Ftrl",
        "Lion",
        "Adafactor",
    ),
    "keras.optimizers.schedules": (
        "CosineDecay",
        "CosineDecayRestarts",
        "ExponentialDecay",
        "InverseTimeDecay",
        "PiecewiseConstantDecay",
        "PolynomialDecay",
    ),
    "keras.losses": (
        "BinaryCrossentropy",
        "BinaryFocalCrossentropy",
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "MeanAbsoluteError",
        "MeanSquaredError",
        "SparseCategoricalCrossentropy",
    ),
    "keras.metrics": (
        "AUC",
        "Accuracy",
        "BinaryAccuracy",
        "CategoricalAccuracy",
        "F1Score",
        "Mean",
        "Precision",
        "Recall",
        "SparseCategoricalAccuracy",
        "SparseTopKCategoricalAccuracy",
        "TopKCategoricalAccuracy",
    ),
}
# Where earlier versions kept the two kinds of models.
_OLD_MODELS: frozenset[Identity] = frozenset(
    {
        ("keras", "Functional"),
        ("keras", "Model"),
        ("keras.models", "Functional"),
        ("keras.models", "Model"),
        ("keras.models", "Sequential"),
        ("keras.engine.functional", "Functional"),
        ("keras.engine.sequential", "Sequential"),
        ("keras.src.engine.functional", "Functional"),
        ("keras.src.engine.sequential", "Sequential"),
        ("keras.src.models.model", "Model"),
        ("keras.src.models.sequential", "Sequential"),
        ("keras.mixed_precision", "Policy"),
    }
)


def _identities(table: Mapping[str, tuple[str, ...]]) -> frozenset[Identity]:
    return frozenset(
        (module, name) for module, names in table.items() for name in names
    )


_MODERN = FROM_ARCHITECTURES | _identities(_PLAIN) | _OLD_MODELS
# Files of Keras 2 name classes without their modules.
ARCHITECTURE = _MODERN | {(None, name) for _, name in _MODERN}
COMPILED = ARCHITECTURE | _identities(_COMPILED)

# Functions that Keras names by a word. None of them does more than arithmetic.
ACTIVATIONS = frozenset(
    {
        "elu",
        "exponential",
        "gelu",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "leaky_relu",
        "linear",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "softmax",
        "softplus",
        "softsign",
        "swish",
        "tanh",
    }
)
_LOSS_AND_METRIC_FUNCTIONS = frozenset(
    {
        "accuracy",
        "binary_accuracy",
        "binary_crossentropy",
        "categorical_accuracy",
        "categorical_crossentropy",
        "mean_absolute_error",
        "mean_squared_error",
        "sparse_categorical_accuracy",
        "sparse_categorical_crossentropy",
    }
)
FUNCTIONS = ACTIVATIONS | _LOSS_AND_METRIC_FUNCTIONS
