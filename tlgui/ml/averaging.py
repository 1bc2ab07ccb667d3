"""Answers with the average of the weights that training went through."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from tlgui.core.checkpoint import Array
from tlgui.core.types import Floats
from tlgui.ml.learners import Learner, Weights
from tlgui.ml.steps import PredictStep, TrainStep

_AVERAGE, _STEPS = "average/", "average-steps"
Result = TypeVar("Result")


class Movable(Learner, Protocol):
    """A learner whose moving weights can be looked at and changed."""

    def moving(self) -> list[Floats]:
        """Copies of the weights that change."""
        ...

    def put(self, weights: Sequence[Floats]) -> None:
        """Sets them; the optimiser goes on with its own state."""
        ...


class AveragedLearner:
    """Trains as another learner does, and answers with an average of its weights.

    An exponential moving average, the more steps there were the slower it follows, up
    to a limit (as `tf.train.ExponentialMovingAverage` with `num_updates` does). It
    forgets chance moves of the last steps. Statistics of normalisation layers are
    those of the last step.
    """

    def __init__(self, learner: Movable, momentum: float) -> None:
        """Begins with the present weights.

        Args:
            learner: does the work.
            momentum: how much of the average stays at each step in the end, 0..1.
        """
        self._learner = learner
        self._momentum = momentum
        self._average = learner.moving()
        self._steps = 0
        self.train: TrainStep = self._learn
        self.predict: PredictStep = self._answer

    @property
    def learning_rate(self) -> float:
        """Of the coming step."""
        return self._learner.learning_rate

    @property
    def notice(self) -> str:
        """What went otherwise than planned, in a sentence; empty if nothing."""
        return self._learner.notice

    def slow_down(self, share: float) -> None:
        """Takes a share of the learning rate from now on."""
        self._learner.slow_down(share)

    def _learn(self, inputs: Any, labels: Floats, weights: Floats) -> tuple[float, int]:
        told = self._learner.train(inputs, labels, weights)
        self._steps += 1
        stays = min(self._momentum, (1 + self._steps) / (10 + self._steps))
        for average, now in zip(self._average, self._learner.moving(), strict=True):
            average += np.float32(1.0 - stays) * (now - average)
        return told

    def _answer(self, inputs: Any) -> Floats:
        return self._averaged(lambda: self._learner.predict(inputs))

    def loss_of(self, one_hot: Floats, probabilities: Floats) -> float:
        """The mean loss of answers, as trained."""
        return self._learner.loss_of(one_hot, probabilities)

    def weights(self) -> Weights:
        """A copy of everything, with the average in place of what moved."""
        return self._averaged(self._learner.weights)

    def get_state(self) -> dict[str, Array]:
        """Copies of everything that decides the steps to come."""
        kept = {f"{_AVERAGE}{k}": one.copy() for k, one in enumerate(self._average)}
        steps = {_STEPS: np.array(self._steps)}
        return {**self._learner.get_state(), **kept, **steps}

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Goes on exactly where another learner of the same make was.

        Raises:
            ValueError, KeyError: the state is of another make.
        """
        own = {name for name in state if name.startswith(_AVERAGE) or name == _STEPS}
        self._steps = int(state[_STEPS])
        for number, average in enumerate(self._average):
            average[...] = state[f"{_AVERAGE}{number}"]
        rest = {name: array for name, array in state.items() if name not in own}
        self._learner.set_state(rest)

    def _averaged(self, work: Callable[[], Result]) -> Result:
        present = self._learner.moving()
        self._learner.put(self._average)
        try:
            return work()
        finally:
            self._learner.put(present)


def averaged(learner: Movable, momentum: float) -> Learner:
    """The learner itself, or one that answers with the average of its weights."""
    return AveragedLearner(learner, momentum) if momentum else learner
