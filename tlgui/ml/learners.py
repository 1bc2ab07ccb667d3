"""What moves the weights in one phase of a run: numpy for a head, Keras for blocks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from tlgui.core.backbone import Backbone
from tlgui.core.checkpoint import Array
from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import find_task
from tlgui.core.types import Floats
from tlgui.ml import models
from tlgui.ml.cuts import Cut, cut_output
from tlgui.ml.devices import Devices, find_devices
from tlgui.ml.dropout import dropout_of
from tlgui.ml.head_solver import HeadSolver
from tlgui.ml.pulls import pulls_of
from tlgui.ml.rates import make_schedule, rates_of
from tlgui.ml.steps import KerasTrainStep, PredictStep, TrainStep, make_predict_step


class Learner(Protocol):
    """Trains on the batches of a phase's source, and answers for them."""

    train: TrainStep
    predict: PredictStep

    @property
    def learning_rate(self) -> float:
        """Of the coming step."""
        ...

    @property
    def notice(self) -> str:
        """What went otherwise than planned, in a sentence; empty if nothing."""
        ...

    def slow_down(self, share: float) -> None:
        """Takes a share of the learning rate from now on."""
        ...

    def loss_of(self, one_hot: Floats, probabilities: Floats) -> float:
        """The mean loss of answers, as trained."""
        ...

    def weights(self) -> "Weights":
        """A copy of everything that may have changed."""
        ...

    def get_state(self) -> dict[str, Array]:
        """Copies of everything that decides the steps to come."""
        ...

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Goes on exactly where another learner of the same make was.

        Raises:
            ValueError, KeyError: the state is of another make.
        """
        ...


class Weights:
    """The state of a classifier: its head, and its backbone if that changed too.

    Attributes:
        head: kernel `(features, classes)` and bias `(classes,)`.
        whole: all weights of the Keras model, head included; None while the backbone
            is as it was when the run began.
    """

    def __init__(
        self, head: Sequence[Floats], whole: Sequence[Floats] | None = None
    ) -> None:
        self.head = list(head)
        self.whole = None if whole is None else list(whole)

    def classifier(
        self, backbone: Backbone, classes: int, activation: str = "softmax"
    ) -> Any:
        """Puts everything together again into one ordinary Keras model.

        Args:
            backbone: which one, with the weights that it started from.
            classes: the number of classes.
            activation: of the head.
        """
        pretrained = self.whole is None
        keras_model = models.build_classifier(
            backbone, classes, pretrained=pretrained, activation=activation
        )
        if self.whole is not None:
            keras_model.set_weights(self.whole)
        else:
            keras_model.get_layer(models.HEAD_OUTPUT).set_weights(self.head)
        return keras_model


class HeadLearner:
    """Trains the head alone, on pooled features, without TensorFlow."""

    notice = ""

    def __init__(
        self,
        spec: TrainingSpec,
        phase: Phase,
        steps: int,
        features: int,
        classes: int,
        head: list[Floats] | None = None,
    ) -> None:
        self._solver = HeadSolver(
            features,
            classes,
            optimizer=spec.optimizer,
            learning_rate=phase.learning_rate,
            schedule=phase.schedule,
            steps=phase.epochs * steps,
            loss=spec.loss,
            label_smoothing=spec.label_smoothing,
            focal_gamma=spec.focal_gamma,
            decay=spec.head_decay,
            dropout=dropout_of(spec, phase),
            weights=head,
        )
        self.train: TrainStep = self._solver.step
        self.predict: PredictStep = self._solver.predict

    @property
    def learning_rate(self) -> float:
        """Of the coming step."""
        return self._solver.learning_rate

    def slow_down(self, share: float) -> None:
        """Takes a share of the learning rate from now on."""
        self._solver.share = share

    def loss_of(self, one_hot: Floats, probabilities: Floats) -> float:
        """The mean loss of answers, as trained."""
        return self._solver.loss_of(one_hot, probabilities)

    def moving(self) -> list[Floats]:
        """Copies of the weights that change."""
        return self._solver.get_weights()

    def put(self, weights: Sequence[Floats]) -> None:
        """Sets them; the optimiser goes on with its own state."""
        self._solver.set_weights(list(weights))

    def weights(self) -> Weights:
        """A copy of the head."""
        return Weights(self._solver.get_weights())

    def get_state(self) -> dict[str, Array]:
        """Copies of the head and of its optimiser's memory."""
        return self._solver.get_state()

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Goes on exactly where another head was."""
        self._solver.set_state(state)


class BlockLearner:
    """Trains blocks and the head with Keras: what follows the cut, or everything."""

    def __init__(
        self,
        spec: TrainingSpec,
        phase: Phase,
        steps: int,
        keras_model: Any,
        cut: Cut | None,
        devices: Devices | None = None,
        at_once: int = 0,
        pretrained: Callable[[], Any] | None = None,
    ) -> None:
        """Freezes what must not change and prepares both computations.

        Args:
            spec: decides loss and optimiser.
            phase: decides what changes.
            steps: steps an epoch.
            keras_model: the whole classifier; what it knows is where training begins.
            cut: the batches are activations of this cut; None for decoded samples.
            devices: those to train on; chosen here if not given.
            at_once: the most samples that are seen at once; 0 for whole batches.
            pretrained: builds the backbone as the run began with it, where blocks of
                the model have learned already.
        """
        import keras

        devices = devices or find_devices()
        self._whole = devices.place(keras_model)
        models.set_trainable(self._whole, phase.trainable)
        part, dtype = self._whole, "uint8"
        if cut is not None:
            # Shares its layers with the whole, which so is trained as well.
            part = keras.Model(cut_output(self._whole, cut), self._whole.output)
            dtype = "float32"
        devices.lower_precision(part)
        self._loss = models.make_loss(spec)
        replicas = devices.strategy.num_replicas_in_sync
        rates = rates_of(part, phase, replicas)
        pulls = pulls_of(part, spec, phase, pretrained or (lambda: keras_model))
        with devices.strategy.scope():
            self._schedule = make_schedule(
                phase.schedule, phase.learning_rate, phase.epochs * steps
            )
            self._optimizer = devices.scale_losses(
                models.make_optimizer(
                    spec.optimizer, self._schedule, differs_by_weight=rates is not None
                )
            )
            self._step = KerasTrainStep(
                *(part, self._loss, self._optimizer, dtype),
                *(devices.strategy, at_once, rates, pulls),
                dropout=dropout_of(spec, phase),
                multilabel=find_task(spec.task).multilabel,
            )
        self.train: TrainStep = self._step
        self.predict: PredictStep = make_predict_step(part, dtype)

    @property
    def notice(self) -> str:
        """What went otherwise than planned, in a sentence; empty if nothing."""
        return self._step.notice

    @property
    def learning_rate(self) -> float:
        """Of the coming step."""
        return float(self._optimizer.learning_rate)

    def slow_down(self, share: float) -> None:
        """Takes a share of the learning rate from now on."""
        self._schedule.share.assign(share)

    def loss_of(self, one_hot: Floats, probabilities: Floats) -> float:
        """The mean loss of answers, as trained."""
        return float(self._loss(one_hot, probabilities))

    def moving(self) -> list[Floats]:
        """Copies of the weights that change."""
        return [weight.numpy() for weight in self._whole.trainable_weights]

    def put(self, weights: Sequence[Floats]) -> None:
        """Sets them; the optimiser goes on with its own state."""
        own = self._whole.trainable_weights
        for weight, values in zip(own, weights, strict=True):
            weight.assign(values)

    def weights(self) -> Weights:
        """A copy of everything."""
        whole = self._whole.get_weights()
        head = self._whole.get_layer(models.HEAD_OUTPUT).get_weights()
        return Weights(head, whole)

    def get_state(self) -> dict[str, Array]:
        """Copies of the layers that change and of the optimiser's memory."""
        return {name: variable.numpy() for name, variable in self._state_variables()}

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Goes on exactly where another learner of the same layers was."""
        variables = dict(self._state_variables())
        if variables.keys() != state.keys():
            raise ValueError("expected the state of the same layers")
        for name, variable in variables.items():
            variable.assign(state[name])

    def _state_variables(self) -> Iterator[tuple[str, Any]]:
        for layer in self._whole.layers:
            if layer.trainable:
                for number, weight in enumerate(layer.weights):
                    yield f"{layer.name}/{number}", weight
        for number, variable in enumerate(self._optimizer.variables):
            yield f"optimizer/{number}", variable
