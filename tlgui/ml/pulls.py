"""What draws weights back while they learn: to zero, or to what they were."""

from collections.abc import Callable, Sequence
from typing import Any

from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec
from tlgui.ml import runtime
from tlgui.ml.backbones import block_of

_HEAD, _KERNEL = "head", "kernel"


class Pulls:
    """Adds the slope of a penalty to the gradients.

    The head's kernel is drawn to zero (`head_decay`), the backbone's kernels to what
    they were pretrained to (`l2_sp`; https://arxiv.org/abs/1802.01483): half the
    squared distance times its strength. The loss that is told does not contain it.
    """

    def __init__(
        self,
        keras_model: Any,
        spec: TrainingSpec,
        pretrained: Callable[[str], Sequence[Any]] | None = None,
    ) -> None:
        """Notes where weights are drawn to.

        Args:
            keras_model: whose trainable weights will be moved.
            spec: says how strongly.
            pretrained: gives the pretrained weights of a layer, in the order of
                `layer.weights`; those that the model has now if not given.
        """
        tf = runtime.tensorflow()
        self._targets: dict[int, tuple[float, Any]] = {}
        places = {id(w): k for k, w in enumerate(keras_model.trainable_weights)}
        for layer in keras_model.layers:
            is_head = block_of(layer.name) == _HEAD
            strength = spec.head_decay if is_head else spec.l2_sp
            for number, weight in enumerate(layer.weights if strength else ()):
                if id(weight) not in places or not weight.name.endswith(_KERNEL):
                    continue
                target: Any = 0.0
                if not is_head:
                    values = (
                        layer.get_weights()
                        if pretrained is None
                        else pretrained(layer.name)
                    )
                    target = tf.constant(values[number])
                self._targets[places[id(weight)]] = (strength, target)

    def added(
        self, gradients: Sequence[Any], weights: Sequence[Any], scale: Any = 1.0
    ) -> list[Any]:
        """The gradients with the penalty's slope.

        Args:
            gradients: of the trainable weights.
            weights: their present values.
            scale: by which the gradients are multiplied.
        """
        found = list(gradients)
        for place, (strength, target) in self._targets.items():
            found[place] += scale * strength * (weights[place] - target)
        return found


def pulls_of(
    keras_model: Any,
    spec: TrainingSpec,
    phase: Phase,
    pretrained: Callable[[], Any],
) -> Pulls | None:
    """The pulls of a phase; None if nothing is drawn anywhere.

    Args:
        keras_model: whose trainable weights will be moved.
        spec: says how strongly.
        phase: says whether blocks have learned already.
        pretrained: builds the backbone as the run began with it.
    """
    if not (spec.l2_sp or spec.head_decay):
        return None
    if not spec.l2_sp or not phase.learned:
        return Pulls(keras_model, spec)
    backbone = pretrained()
    return Pulls(keras_model, spec, lambda name: backbone.get_layer(name).get_weights())
