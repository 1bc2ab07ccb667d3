"""The two computations of a run, each traced once: a training step, an answer."""

import logging
from collections.abc import Callable
from typing import Any

from tlgui.core.errors import TlguiError
from tlgui.core.types import Floats
from tlgui.ml import runtime
from tlgui.ml.dropout import Dropout
from tlgui.ml.forward import run_layers
from tlgui.ml.models import HEAD_OUTPUT
from tlgui.ml.pulls import Pulls
from tlgui.ml.rates import BlockRates

_log = logging.getLogger(__name__)

TrainStep = Callable[[Any, Floats, Floats], tuple[float, int]]
PredictStep = Callable[[Any], Floats]


class KerasTrainStep:
    """Moves the trainable weights once a call.

    A plain graph without XLA: on a CPU Keras' default takes 18-68 s to its first
    batch. The batch axis is open, so that the smaller last batch needs no second
    tracing.

    A batch that does not fit in memory is seen in halves from then on, with the
    gradient of the whole. What differs then is that a BatchNormalization which
    learns sees the statistics of a half.

    Attributes:
        notice: what went otherwise than planned, in a sentence; empty if nothing.
    """

    def __init__(
        self,
        keras_model: Any,
        loss: Any,
        optimizer: Any,
        dtype: str = "uint8",
        strategy: Any = None,
        at_once: int = 0,
        rates: BlockRates | None = None,
        pulls: Pulls | None = None,
        dropout: Dropout | None = None,
        *,
        multilabel: bool = False,
    ) -> None:
        """Prepares the step; it is traced by the first call.

        Args:
            keras_model: made by `models.build_classifier`, frozen as wished, or the
                part of one behind a cut.
            loss: for one-hot labels and probabilities.
            optimizer: moves the weights.
            dtype: of the inputs: `uint8` for decoded samples, `float32` for
                activations.
            strategy: a `tf.distribute.Strategy` in whose scope model and optimiser
                were made; every replica sees its share of the batch.
            at_once: the most samples that are seen at once; 0 for whole batches.
            rates: each block's share of the learning rate; the optimiser then is
                made for that. None if all learn alike.
            pulls: what draws weights back; None if nothing does.
            dropout: what the head must do without; None if nothing.
            multilabel: whether a row of labels may have several ones, or none; an
                answer is right then if all of it is.
        """
        tf = runtime.tensorflow()
        self.notice = ""
        self._strategy = strategy or tf.distribute.get_strategy()
        replicas = self._strategy.num_replicas_in_sync
        # Samples at a time in each replica.
        self._most = -(-at_once // replicas) if at_once else None
        self._gradients = _Gradients(keras_model, loss, optimizer)
        self._gradients.rates, self._gradients.pulls = rates, pulls
        self._gradients.share, self._gradients.dropout = 1.0 / replicas, dropout
        self._gradients.multilabel = multilabel
        signature = [
            tf.TensorSpec([None, *keras_model.input_shape[1:]], dtype),
            tf.TensorSpec([None, keras_model.output_shape[-1]], tf.float32),
            tf.TensorSpec([None], tf.float32),
        ]

        def traced(function: Any, *more: Any) -> Any:
            return tf.function(
                function,
                input_signature=[*signature, *more],
                jit_compile=False,
                autograph=False,
            )

        self._whole = traced(self._step)
        self._in_parts = traced(self._step, tf.TensorSpec([], tf.int32))

    def __call__(
        self, inputs: Any, labels: Floats, weights: Floats
    ) -> tuple[float, int]:
        """Sees a batch.

        Args:
            inputs: shape `(n, …)`.
            labels: one-hot, shape `(n, classes)`.
            weights: how much each sample counts, shape `(n,)`.

        Returns:
            The weighted losses' sum over n, and the number of right answers, both
            before the move.

        Raises:
            TlguiError: not even a single sample fits in memory.
        """
        while True:
            try:
                return self._run(inputs, labels, weights)
            except runtime.tensorflow().errors.ResourceExhaustedError as error:
                _log.info("A batch does not fit: %s", str(error)[:500])
                self._halve(len(labels))

    def _run(self, *batch: Any) -> tuple[float, int]:
        step = self._whole
        if self._most is not None:
            step, batch = self._in_parts, (*batch, self._most)
        value, right = step(*batch)
        return float(value), int(right)

    def _halve(self, count: int) -> None:
        replicas = self._strategy.num_replicas_in_sync
        most = min(self._most or count, -(-count // replicas))
        if most == 1:
            raise TlguiError(
                "There is not enough memory to train these layers, not even with one "
                "sample at a time. Let fewer blocks change, or choose a smaller model."
            )
        self._most = -(-most // 2)
        self.notice = (
            f"A batch of {count} does not fit in memory, so it is seen in parts of "
            f"{self._most}: as good, but a little slower. A smaller batch size would "
            "avoid it."
        )

    def _step(
        self, inputs: Any, labels: Any, weights: Any, most: Any = None
    ) -> tuple[Any, Any]:
        tf, strategy = runtime.tensorflow(), self._strategy
        count = tf.shape(labels)[0]

        def replica() -> tuple[Any, Any]:
            batch = (inputs, labels, weights)
            if strategy.num_replicas_in_sync > 1:
                batch = _share(*batch, strategy.num_replicas_in_sync)
            if most is None:
                return self._gradients.apply(*self._gradients.of(*batch, count))
            return self._gradients.apply(*self._gradients.in_parts(*batch, count, most))

        value, right = strategy.run(replica)
        total = tf.distribute.ReduceOp.SUM
        return (
            strategy.reduce(total, value, axis=None),
            strategy.reduce(total, right, axis=None),
        )


class _Gradients:
    """What a replica computes of its share of a batch.

    Attributes:
        rates: as in `KerasTrainStep`.
        pulls: as in `KerasTrainStep`.
        share: of a pull that is this replica's; their sum is the whole.
        dropout: as in `KerasTrainStep`.
        multilabel: as in `KerasTrainStep`.
    """

    rates: BlockRates | None = None
    pulls: Pulls | None = None
    share = 1.0
    dropout: Dropout | None = None
    multilabel = False

    def __init__(self, keras_model: Any, loss: Any, optimizer: Any) -> None:
        self._keras_model = keras_model
        self._loss = loss
        self._optimizer = optimizer
        self._variables = keras_model.trainable_variables
        optimizer.build(self._variables)

    def of(
        self, inputs: Any, labels: Any, weights: Any, count: Any, first: Any = 0
    ) -> tuple[list[Any], Any, Any]:
        """Gradients, loss and right answers of samples out of a batch of `count`.

        The first of them has the place `first` in what this replica sees.
        """
        tf = runtime.tensorflow()
        variables = [variable.value for variable in self._variables]
        with tf.GradientTape() as tape:
            x = tf.cast(inputs, tf.float32)
            probabilities = run_layers(
                self._keras_model, x, training=True, changed=self._dropped(first)
            )
            losses = self._loss.call(labels, probabilities)
            value = tf.reduce_sum(losses * weights) / tf.cast(count, tf.float32)
            scaled = self._optimizer.scale_loss(value)
        right = tf.reduce_sum(self._right(probabilities, labels, weights))
        return tape.gradient(scaled, variables), value, tf.cast(right, tf.int32)

    def _right(self, probabilities: Any, labels: Any, weights: Any) -> Any:
        """1 for every right answer, shape `(n,)`."""
        tf = runtime.tensorflow()
        if self.multilabel:
            same = tf.equal(probabilities > 0.5, labels > 0.5)
            # Samples that only fill up a share have no weight.
            return tf.cast(tf.reduce_all(same, 1) & (weights > 0), tf.float32)
        is_right = tf.equal(tf.argmax(probabilities, 1), tf.argmax(labels, 1))
        # Samples that only fill up a share have no label.
        is_real = tf.reduce_max(labels, 1) > 0
        return tf.cast(is_right & is_real, tf.float32)

    def _dropped(self, first: Any) -> dict[str, Callable[[Any], Any]]:
        """By the name of a layer, what changes its input."""
        if self.dropout is None:
            return {}
        tf, leave_out = runtime.tensorflow(), self.dropout.of_tensor
        context = tf.distribute.get_replica_context()
        step, offset = self._optimizer.iterations.value, first
        if context is not None and context.num_replicas_in_sync > 1:
            # Other features than those that another replica leaves out.
            offset -= (context.replica_id_in_sync_group + 1) * (tf.int32.max // 64)
        return {HEAD_OUTPUT: lambda features: leave_out(features, step, offset)}

    def in_parts(
        self, inputs: Any, labels: Any, weights: Any, count: Any, most: Any
    ) -> tuple[list[Any], Any, Any]:
        """The same with at most so many samples in memory at a time."""
        tf = runtime.tensorflow()
        total = tf.shape(labels)[0]

        def add(start: Any, sums: list[Any]) -> tuple[Any, list[Any]]:
            part = slice(start, start + most)
            found = self.of(inputs[part], labels[part], weights[part], count, start)
            flat = [*found[0], *found[1:]]
            return start + most, [a + b for a, b in zip(sums, flat, strict=True)]

        zeros = [tf.zeros(variable.shape) for variable in self._variables]
        _, sums = tf.while_loop(
            lambda start, _: start < total,
            add,
            (tf.constant(0), [*zeros, tf.constant(0.0), tf.constant(0)]),
            parallel_iterations=1,
        )
        return sums[:-2], sums[-2], sums[-1]

    def apply(self, gradients: list[Any], value: Any, right: Any) -> tuple[Any, Any]:
        """Moves the weights, and not one before memory sufficed for all."""
        with runtime.tensorflow().control_dependencies(gradients):
            values = [variable.value for variable in self._variables]
            if self.pulls is not None:
                scale = self._optimizer.scale_loss(self.share)
                gradients = self.pulls.added(gradients, values, scale)
            if self.rates is not None:
                # Loss scaling wraps the optimiser that moves the weights.
                inner = getattr(self._optimizer, "inner_optimizer", self._optimizer)
                inner.shares = self.rates.shares(gradients, values)
            self._optimizer.apply(gradients, self._variables)
        return value, right


def _share(
    inputs: Any, labels: Any, weights: Any, replicas: int
) -> tuple[Any, Any, Any]:
    """This replica's part of a batch; all are equally long.

    Where samples are missing the first ones are taken again, without labels and
    weights, so that batch statistics stay finite.
    """
    tf = runtime.tensorflow()
    context = tf.distribute.get_replica_context()
    count = tf.shape(labels)[0]
    length = (count + replicas - 1) // replicas
    places = context.replica_id_in_sync_group * length + tf.range(length)
    counts = tf.cast(places < count, tf.float32)
    places %= count
    return (
        tf.gather(inputs, places),
        tf.gather(labels, places) * counts[:, tf.newaxis],
        tf.gather(weights, places) * counts,
    )


def make_predict_step(keras_model: Any, dtype: str = "uint8") -> PredictStep:
    """Makes the step that answers.

    Args:
        keras_model: a classifier, or the part of one behind a cut.
        dtype: of the inputs: `uint8` for decoded samples, `float32` for activations.

    Returns:
        A function of inputs `(n, …)` to probabilities `(n, classes)`.
    """
    tf = runtime.tensorflow()
    signature = [tf.TensorSpec([None, *keras_model.input_shape[1:]], dtype)]

    @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
    def step(inputs: Any) -> Any:
        return run_layers(keras_model, tf.cast(inputs, tf.float32), training=False)

    def answer(inputs: Any) -> Floats:
        probabilities: Floats = step(inputs).numpy()
        return probabilities

    return answer
