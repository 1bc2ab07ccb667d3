"""Reads from a model's description how its layers are connected.

Keras 3 writes each call of a layer as `{"args": [...], "kwargs": {...}}` with tensors
as `__keras_tensor__`; Keras 2 as lists `[layer, call, output, {}]`. A Sequential
model is a list of layers alone.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tlgui.ml.foreign import limits
from tlgui.ml.foreign.refusal import Refusal
from tlgui.ml.foreign.settings_check import count, number

Source = tuple[str, int]  # a layer and which call of it
_MODELS = ("Functional", "Model", "Sequential")
_HARMLESS = ("training", "mask")


@dataclass(frozen=True)
class Call:
    """One call of a layer.

    Attributes:
        layer: its name in the graph.
        index: which call of the layer it is.
        inputs: what it is called on: outputs of other calls, or plain numbers.
    """

    layer: str
    index: int
    inputs: tuple[Source | float, ...]

    @property
    def sources(self) -> Iterator[Source]:
        """The calls that must come first."""
        return (part for part in self.inputs if isinstance(part, tuple))

    def arguments(self, values: Mapping[Source, Any]) -> list[Any]:
        """Replaces the sources by what they have yielded."""
        return [values[p] if isinstance(p, tuple) else p for p in self.inputs]


@dataclass(frozen=True)
class Graph:
    """A model: its layers by name (a model inside is a graph), and their calls."""

    name: str
    input_name: str
    input_shape: tuple[int, ...]
    layers: Mapping[str, "Mapping[str, Any] | Graph"]
    calls: tuple[Call, ...]
    output: Source


def read_graph(model: Mapping[str, Any], depth: int = 0) -> Graph:
    """Reads a Functional or Sequential model.

    Args:
        model: its description, checked by `config_check`.
        depth: how many models it is inside of.

    Raises:
        Refusal: it has several inputs or outputs, or is not connected as Keras does.
    """
    if depth > limits.MODEL_DEPTH:
        raise Refusal("its models are nested too deep")
    try:
        if model["class_name"] == "Sequential":
            return _sequential(model, depth)
        return _functional(model, depth)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise Refusal(f"its description is damaged ({reason})") from error


def _sequential(model: Mapping[str, Any], depth: int) -> Graph:
    config = model["config"]
    entries = config if isinstance(config, list) else config["layers"]
    name = "sequential" if isinstance(config, list) else config["name"]
    shape = None if isinstance(config, list) else config.get("build_input_shape")
    layers: dict[str, Any] = {}
    calls: list[Call] = []
    previous: Source = ("", 0)
    if len(entries) > limits.MODEL_NODES:
        raise Refusal(f"it has {len(entries):,} layers, more than any model")
    for entry in entries:
        if not layers:
            shape = _own_input_shape(entry) or shape
        if entry["class_name"] == "InputLayer":
            continue
        key = str(len(layers))
        layers[key] = _entry(entry, depth)
        if isinstance(layers[key], Graph) and shape is None:
            shape = [None, *layers[key].input_shape]
        calls.append(Call(key, 0, (previous,)))
        previous = (key, 0)
    return Graph(_name(name), "", _input_shape(shape), layers, tuple(calls), previous)


def _functional(model: Mapping[str, Any], depth: int) -> Graph:
    config = model["config"]
    input_name = _ends(config["input_layers"], "input")[0]
    layers: dict[str, Any] = {}
    calls: list[Call] = []
    shape = None
    for entry in config["layers"]:
        name = _name(entry.get("name") or entry["config"]["name"])
        if entry["class_name"] == "InputLayer":
            shape = _own_input_shape(entry) if name == input_name else shape
            continue
        layers[name] = _entry(entry, depth)
        for index, node in enumerate(entry["inbound_nodes"]):
            calls.append(Call(name, index, tuple(_inputs(node))))
    if len(calls) > limits.MODEL_NODES:
        raise Refusal(f"it has {len(calls):,} connections, more than any model")
    output = _ends(config["output_layers"], "output")
    late = _counted_from_one(calls, output, layers)
    return Graph(
        _name(config["name"]),
        input_name,
        _input_shape(shape),
        layers,
        tuple(_fitted(call, late) for call in calls),
        _known(output, late),
    )


def _entry(entry: Mapping[str, Any], depth: int) -> Mapping[str, Any] | Graph:
    if entry["class_name"] in _MODELS:
        return read_graph(entry, depth + 1)
    if not isinstance(entry["config"], dict):
        raise TypeError("a layer without settings")
    return entry


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= limits.NAME_LETTERS:
        raise ValueError("a layer without a proper name")
    return value


def _ends(value: Any, what: str) -> Source:
    """`["name", 0, 0]`, or a list with just that."""
    if isinstance(value, dict):
        value = list(value.values())
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, list) or not isinstance(value[0], str):
        raise Refusal(f"it has several {what}s, and a picture classifier has one")
    return _name(value[0]), int(value[1])


def _own_input_shape(entry: Mapping[str, Any]) -> Any:
    config = entry["config"]
    if not isinstance(config, dict):
        return None
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    return shape if isinstance(shape, list) else None


def _input_shape(shape: Any) -> tuple[int, ...]:
    """Without the batch; every side has to be known."""
    if not isinstance(shape, list) or not 2 <= len(shape) <= 4:
        raise Refusal("it does not say what size of picture it expects")
    if None in shape[1:]:
        raise Refusal("it takes pictures of any size, and one size is needed here")
    return tuple(map(count, shape[1:]))


# -- calls ---------------------------------------------------------------------


def _inputs(node: Any) -> Iterator[Source | float]:
    if isinstance(node, dict):
        _check_keywords(node["kwargs"])
        for argument in node["args"]:
            parts = argument if isinstance(argument, list) else [argument]
            yield from map(_keras3_input, parts)
    else:
        triples = node if isinstance(node[0], list) else [node]
        for name, index, tensor, *keywords in triples:
            _check_keywords(keywords[0] if keywords else {})
            yield _source(name, index, tensor)


def _keras3_input(value: Any) -> Source | float:
    if isinstance(value, dict):
        return _source(*value["config"]["keras_history"])
    return number(value)


def _source(name: Any, index: Any, tensor: Any) -> Source:
    if type(index) is not int or tensor != 0:
        raise ValueError("a layer with several outputs")
    return _name(name), index


def _check_keywords(keywords: Mapping[str, Any]) -> None:
    strange = [k for k, v in keywords.items() if k not in _HARMLESS and v is not None]
    if strange:
        raise ValueError(f"a layer is called with {strange[0]!a:.60}")


def _counted_from_one(
    calls: Iterable[Call], output: Source, layers: Mapping[str, Any]
) -> set[str]:
    """Models inside the model whose first call has the number one.

    Keras 2 counts the call that made such a model, which is not in the description.
    """
    sources = [output, *(source for call in calls for source in call.sources)]
    inside = {name for name, _ in sources if isinstance(layers.get(name), Graph)}
    return inside - {name for name, index in sources if index == 0}


def _fitted(call: Call, late: Container[str]) -> Call:
    inputs = (_known(p, late) if isinstance(p, tuple) else p for p in call.inputs)
    return Call(call.layer, call.index, tuple(inputs))


def _known(source: Source, late: Container[str]) -> Source:
    """Counts calls from zero."""
    name, index = source
    return (name, index - 1) if name in late else source
