"""Reads JSON that was written to exhaust its reader.

Before Python's own parser sees the text, its tokens are walked once without
recursion: depth, number of tokens and the length of numbers are bounded, so that
nothing in it can exhaust the stack, the memory or the time.
"""

import json
import math
import re
from typing import Any, NoReturn

from tlgui.ml.foreign import limits
from tlgui.ml.foreign.refusal import Refusal

# A string, a bracket, or a run of letters and digits (numbers, true, false, null).
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]|[^\s"\[\]{},:]++')


def parse(data: bytes, name: str) -> Any:
    """Parses JSON within bounds.

    Args:
        data: UTF-8.
        name: what it is, for the sentence.

    Raises:
        Refusal: too large, too deep, not JSON, a key twice in one object, or a
            number that is not finite.
    """
    if len(data) > limits.JSON_BYTES:
        raise Refusal(f"{name} has {len(data):,} bytes of JSON, more than any model")
    try:
        text = data.decode("utf-8")
        _walk(text, name)
        return json.loads(
            text,
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except ValueError as error:
        raise Refusal(f"{name} is not proper JSON ({str(error)[:120]})") from error


def _walk(text: str, name: str) -> None:
    depth = 0
    for count, match in enumerate(_TOKEN.finditer(text), 1):
        token = match[0]
        if token in "[{":
            depth += 1
        elif token in "]}":
            depth -= 1
        elif token[0] != '"' and len(token) > limits.JSON_NUMBER_LETTERS:
            raise Refusal(f"{name} holds a number of {len(token):,} digits")
        if depth > limits.JSON_DEPTH or count > limits.JSON_TOKENS:
            raise Refusal(f"{name} is nested deeper or longer than any model")


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object has the same key twice")
    return result
