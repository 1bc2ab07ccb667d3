"""Blocks of a backbone, and which of them may change."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from tlgui.core.errors import TlguiError


@dataclass(frozen=True)
class Layer:
    """One layer of a backbone.

    Attributes:
        name: unique in its backbone.
        kind: the Keras class.
        parameters: how many numbers it holds.
        trainable_parameters: how many of them change while it is unfrozen.
        output_shape: without the batch axis.
    """

    name: str
    kind: str
    parameters: int
    trainable_parameters: int
    output_shape: tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """A named group of layers that a person can freeze or unfreeze."""

    name: str
    layers: tuple[Layer, ...]

    @property
    def parameters(self) -> int:
        """How many numbers the block holds."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable_parameters(self) -> int:
        """How many of them change while it is unfrozen."""
        return sum(layer.trainable_parameters for layer in self.layers)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of what it hands on, without the batch axis."""
        return self.layers[-1].output_shape

    @property
    def fields(self) -> tuple[int, int]:
        """The rows and columns of fields as which it sees a photo.

        A vector sees the photo as one field.
        """
        rows, columns = (*self.output_shape[:-1], 1, 1)[:2]
        return rows, columns


HEAD_ONLY, EVERYTHING = "head", "all"


def head_parameters(features: int, classes: int) -> int:
    """How many numbers the head's output layer holds: weights and biases."""
    return (features + 1) * classes


def head_block(features: int, classes: int) -> Block:
    """The head as a block of its own; it always learns.

    Args:
        features: length of the vector that the backbone hands on.
        classes: the number of classes.
    """
    size = head_parameters(features, classes)
    return Block(
        HEAD_ONLY,
        (
            Layer("head_pool", "GlobalAveragePooling2D", 0, 0, (features,)),
            Layer("head_output", "Dense", size, size, (classes,)),
        ),
    )


def parse_trainable(text: str, blocks: Sequence[Block]) -> tuple[str, ...]:
    """Turns `head`, `all`, `last:N` or block names into block names.

    Args:
        text: the choice, as typed on the command line.
        blocks: the backbone's blocks, from input to head.

    Returns:
        The names of the blocks that may change, from input to head. The head
        always may.

    Raises:
        TlguiError: the text names no block or a wrong number of them.
    """
    names = [block.name for block in blocks]
    choice = text.strip()
    if choice == HEAD_ONLY:
        return ()
    if choice == EVERYTHING:
        return tuple(names)
    if choice.startswith("last:"):
        return tuple(names[-_block_count(choice[5:], len(names)) :])
    wanted = [part.strip() for part in choice.split(",") if part.strip()]
    check_block_names(wanted, names)
    if not wanted:
        raise TlguiError(
            "Expected head, all, last:N or block names for the trainable layers, "
            "but found nothing."
        )
    return tuple(name for name in names if name in wanted)


def check_block_names(wanted: Sequence[str], names: Sequence[str]) -> None:
    """Makes sure that every wanted block exists.

    Raises:
        TlguiError: one does not; says which do.
    """
    for name in wanted:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            hint = f" Did you mean “{close[0]}”?" if close else ""
            raise TlguiError(
                f"There is no block “{name}” in this backbone.{hint} "
                f"Its blocks are: {', '.join(names)}. "
                "Or use head, all or last:N."
            )


def describe_trainable(trainable: Sequence[str], blocks: Sequence[Block]) -> str:
    """The shortest text that `parse_trainable` turns into the same blocks."""
    names = [block.name for block in blocks]
    if not trainable:
        return HEAD_ONLY
    if len(trainable) == len(names):
        return EVERYTHING
    if list(trainable) == names[-len(trainable) :]:
        return f"last:{len(trainable)}"
    return ",".join(trainable)


def count_trainable(trainable: Sequence[str], blocks: Sequence[Block]) -> int:
    """How many numbers of a backbone change with these blocks, without the head."""
    return sum(
        block.trainable_parameters for block in blocks if block.name in trainable
    )


def carry_over(
    trainable: Sequence[str], blocks: Sequence[Block], others: Sequence[Block]
) -> tuple[str, ...]:
    """Makes the same choice on another backbone.

    Head only, the last N blocks and everything stay what they are (as far as the
    other backbone has N blocks). Of any other choice those blocks stay that exist.

    Args:
        trainable: the blocks that may change now.
        blocks: of the present backbone, from input to head.
        others: of the other backbone, from input to head.

    Returns:
        The blocks of the other backbone that may change.
    """
    names = [block.name for block in others]
    described = describe_trainable(trainable, blocks)
    if described == EVERYTHING:
        return tuple(names)
    if described.startswith("last:"):
        return tuple(names[-len(trainable) :])
    return tuple(name for name in names if name in trainable)


def _block_count(text: str, most: int) -> int:
    if text.isdecimal() and 1 <= int(text) <= most:
        return int(text)
    raise TlguiError(
        f"Expected last:N with N from 1 to {most}, but found “last:{text}”. "
        f"This backbone has {most} blocks."
    )
