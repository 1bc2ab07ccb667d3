"""Builds a stranger's architecture anew, layer by layer, with our own constructors.

Keras never gets the stranger's description. Models inside models are laid flat, as
everything here expects, and no weight is made before it is clear that the file has
as many numbers as the architecture needs.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tlgui.ml import runtime
from tlgui.ml.foreign import limits
from tlgui.ml.foreign.constructors import AUGMENTATION, RECIPES, build_layer
from tlgui.ml.foreign.gate import ForeignModel
from tlgui.ml.foreign.graph import Graph, read_graph
from tlgui.ml.foreign.refusal import Refusal, refused
from tlgui.ml.foreign.saved_layers import plain_name


def rebuild(foreign: ForeignModel) -> Any:
    """Builds the architecture of a foreign model, without its weights.

    Args:
        foreign: opened by the gate; it must have a description (`config`).

    Returns:
        A flat functional `keras.Model` with one input and one output. Its weights are
        zeros; `matching` fills them.

    Raises:
        TlguiError: the description cannot be built here; says why.
    """
    if foreign.config is None:
        raise ValueError("a file of weights alone has no architecture")
    try:
        return build_described(foreign.config, foreign.numbers)
    except Refusal as refusal:
        raise refused(foreign.path, refusal) from refusal


def build_described(config: Mapping[str, Any], budget: int) -> Any:
    """Builds a model from its description, without its weights.

    Args:
        config: checked by `config_check`.
        budget: how many numbers its weights may have.

    Returns:
        As `rebuild`.

    Raises:
        Refusal: the description cannot be built here.
    """
    runtime.tensorflow()
    return _Builder(budget).model(read_graph(config))


class _Builder:
    """Makes the layers of one architecture.

    Attributes:
        budget: how many numbers may still be made for its weights.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._names: set[str] = set()
        self._layers: dict[int, Any] = {}
        self._calls = 0

    def model(self, graph: Graph) -> Any:
        import keras

        inputs = keras.Input(graph.input_shape, name="input_image")
        self._names.add("input_image")
        try:
            output = self._run(graph, inputs)
            built = keras.Model(inputs, output, name=self._free_name(graph.name))
        except (ValueError, TypeError, MemoryError) as error:
            reason = " ".join(str(error).split())[:120]
            raise Refusal(f"its layers do not fit together ({reason})") from error
        self._restore_initializers()
        return built

    def _run(self, graph: Graph, inputs: Any) -> Any:
        """Lays one model on an input, a call of a layer after the other."""
        values: dict[tuple[str, int], Any] = {(graph.input_name, 0): inputs}
        waiting = list(graph.calls)
        for _ in range(limits.MODEL_PASSES):
            later = []
            for call in waiting:
                if all(source in values for source in call.sources):
                    arguments = call.arguments(values)
                    result = self._call(graph.layers[call.layer], arguments)
                    values[call.layer, call.index] = result
                else:
                    later.append(call)
            if not later or len(later) == len(waiting):
                break
            waiting = later
        if graph.output not in values:
            raise Refusal("its layers are not connected")
        return values[graph.output]

    def _call(self, entry: Mapping[str, Any] | Graph, arguments: Sequence[Any]) -> Any:
        self._calls += 1  # models inside models multiply
        if self._calls > limits.MODEL_NODES:
            raise Refusal("its layers are called more often than any model's")
        if isinstance(entry, Graph):
            return self._run(entry, _single(arguments))
        class_name = entry["class_name"]
        if class_name in AUGMENTATION:
            return _single(arguments)
        if any(isinstance(argument, float) for argument in arguments):
            result = _operation(class_name, arguments)
        else:
            layer = self._layer(entry)
            several = RECIPES[class_name].merges and len(arguments) > 1
            result = layer(list(arguments) if several else _single(arguments))
        if math.prod(side or 1 for side in result.shape) > limits.SAMPLE_ELEMENTS:
            raise Refusal(
                f"its layer {result.name} makes too many numbers of one photo"
            )
        return result

    def _layer(self, entry: Mapping[str, Any]) -> Any:
        """The layer of an entry; the same one each time it is called."""
        if id(entry) not in self._layers:
            config = entry["config"]
            name = self._free_name(str(config.get("name") or entry["class_name"]))
            layer = build_layer(entry["class_name"], config, name, self._zeros)
            self._layers[id(entry)] = layer
        return self._layers[id(entry)]

    def _free_name(self, wished: str) -> str:
        stem = plain_name(wished)[: limits.NAME_LETTERS]
        name, number = stem, 1
        while name in self._names:
            name, number = f"{stem}_{number}", number + 1
        self._names.add(name)
        return name

    def _zeros(self, shape: Sequence[int], dtype: Any = None) -> Any:
        import keras

        self.budget -= math.prod(shape)
        if self.budget < 0:
            raise Refusal("its description asks for more weights than the file holds")
        return keras.ops.zeros(shape, dtype)

    def _restore_initializers(self) -> None:
        """Leaves only initializers that Keras can save."""
        import keras

        for layer in self._layers.values():
            recipe = RECIPES[type(layer).__name__]
            for name in recipe.initializers:
                setattr(layer, name, keras.initializers.Zeros())


def _single(arguments: Sequence[Any]) -> Any:
    if len(arguments) != 1:
        raise Refusal("one of its layers gets several inputs instead of one")
    return arguments[0]


def _operation(name: str, arguments: Sequence[Any]) -> Any:
    """Adds a number to a layer's output, or multiplies by one."""
    import keras

    operations = {"Add": keras.ops.add, "Multiply": keras.ops.multiply}
    if len(arguments) != 2 or name not in operations:
        raise Refusal("one of its layers gets a number where a layer belongs")
    return operations[name](*arguments)
