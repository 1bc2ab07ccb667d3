"""Builds networks of one's own, whose architecture is data that may be a stranger's."""

import json
from typing import Any

from tlgui.core.errors import TlguiError
from tlgui.core.network import find_network
from tlgui.ml.block_table import table_of
from tlgui.ml.foreign import bounded_json, config_check
from tlgui.ml.foreign.rebuild import build_described
from tlgui.ml.foreign.refusal import Refusal, plain_text


def build_features(name: str) -> Any:
    """Builds a network up to its last feature map; its weights are zeros.

    Its file may have come with a run of somebody else, so it passes the same checks
    as a model file, and its layers are made by constructors of ours alone.

    Args:
        name: of the network.

    Raises:
        TlguiError: it is not known, or its file describes something else.
    """
    network = find_network(name)
    try:
        values = bounded_json.parse(network.content, name)
        config = config_check.check_config(values["model"])
        model = build_described(config, network.parameters)
        _check(model, values)
    except (Refusal, ValueError) as error:
        reason = error.reason if isinstance(error, Refusal) else str(error)
        raise TlguiError(
            f"The network {name} cannot be built: {plain_text(reason)}. Import its "
            "model file again."
        ) from error
    return model


def _check(model: Any, values: dict[str, Any]) -> None:
    """Makes sure that a network is what its table says, to every number."""
    size = values["input_size"]
    if model.input_shape[1:] != (size, size, 3):
        raise ValueError(f"it takes {model.input_shape[1:]} and not photos")
    shape = model.output_shape[1:]
    if len(shape) != 3 or shape[-1] != values["features"]:
        raise ValueError(f"it gives {shape} and not {values['features']} features")
    if json.loads(json.dumps(table_of(model))) != values["blocks"]:
        raise ValueError("its layers are not those of its table")
