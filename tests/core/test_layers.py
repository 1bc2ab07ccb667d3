import pytest

from tlgui.core.errors import TlguiError
from tlgui.core.layers import (
    Block,
    Layer,
    carry_over,
    check_block_names,
    count_trainable,
    describe_trainable,
    head_block,
    head_parameters,
    parse_trainable,
)


def a_block(name: str, side: int = 7) -> Block:
    """A convolution of 100 and a normalization of 8, half of which may change."""
    return Block(
        name,
        (
            Layer(f"{name}_conv", "Conv2D", 100, 100, (side, side, 4)),
            Layer(f"{name}_bn", "BatchNormalization", 8, 4, (side, side, 2)),
        ),
    )


BLOCKS = tuple(a_block(name) for name in ("stem", "1a", "1b", "2a", "top"))
FEWER = tuple(a_block(name) for name in ("stem", "1a", "top"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("head", ()),
        (" head ", ()),
        ("all", ("stem", "1a", "1b", "2a", "top")),
        ("last:1", ("top",)),
        ("last:3", ("1b", "2a", "top")),
        ("last:5", ("stem", "1a", "1b", "2a", "top")),
        ("1b", ("1b",)),
        ("top, stem,", ("stem", "top")),
        ("2a,2a", ("2a",)),
    ],
)
def test_a_typed_choice_becomes_blocks_from_input_to_head(
    text: str, names: tuple[str, ...]
) -> None:
    assert parse_trainable(text, BLOCKS) == names


@pytest.mark.parametrize("text", ["head", "all", "last:1", "last:4", "stem,1b"])
def test_what_is_described_is_parsed_back(text: str) -> None:
    assert describe_trainable(parse_trainable(text, BLOCKS), BLOCKS) == text


def test_every_choice_survives_the_round_trip() -> None:
    names = [block.name for block in BLOCKS]
    for bits in range(2 ** len(names)):
        chosen = tuple(name for at, name in enumerate(names) if bits >> at & 1)
        described = describe_trainable(chosen, BLOCKS)
        assert parse_trainable(described, BLOCKS) == chosen


@pytest.mark.parametrize(
    ("text", "shortest"),
    [("stem,1a,1b,2a,top", "all"), ("last:5", "all"), ("2a,top", "last:2")],
)
def test_a_choice_is_described_as_shortly_as_it_can_be(
    text: str, shortest: str
) -> None:
    assert describe_trainable(parse_trainable(text, BLOCKS), BLOCKS) == shortest


@pytest.mark.parametrize(
    "text", ["last:0", "last:6", "last:-1", "last:", "last:two", "last:1.5"]
)
def test_a_wrong_number_of_blocks_says_what_is_possible(text: str) -> None:
    with pytest.raises(TlguiError, match="from 1 to 5") as raised:
        parse_trainable(text, BLOCKS)
    assert text in str(raised.value)


def test_an_unknown_block_lists_those_there_are() -> None:
    with pytest.raises(TlguiError) as raised:
        parse_trainable("stem,2b", BLOCKS)
    message = str(raised.value)
    assert "“2b”" in message
    assert "stem, 1a, 1b, 2a, top" in message


def test_a_misspelt_block_is_guessed() -> None:
    with pytest.raises(TlguiError, match="Did you mean “stem”"):
        check_block_names(["stemm"], [block.name for block in BLOCKS])


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_no_choice_at_all_is_asked_for(text: str) -> None:
    with pytest.raises(TlguiError, match="found nothing"):
        parse_trainable(text, BLOCKS)


def test_a_block_sums_its_layers_and_has_the_shape_of_its_last() -> None:
    block = a_block("stem", side=14)
    assert block.parameters == 108
    assert block.trainable_parameters == 104
    assert block.output_shape == (14, 14, 2)


def test_the_head_has_a_weight_for_every_feature_and_one_bias_a_class() -> None:
    assert head_parameters(1280, 2) == 1280 * 2 + 2


def test_the_head_is_a_block_that_learns_whole() -> None:
    head = head_block(1280, 2)
    assert head.parameters == head.trainable_parameters == head_parameters(1280, 2)
    assert head.output_shape == (2,)


def test_only_chosen_blocks_are_counted() -> None:
    assert count_trainable((), BLOCKS) == 0
    assert count_trainable(("2a", "top"), BLOCKS) == 208
    assert count_trainable(parse_trainable("all", BLOCKS), BLOCKS) == 520


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("head", "head"),
        ("all", "all"),
        ("last:1", "last:1"),
        ("last:2", "last:2"),
        ("last:4", "all"),
        ("stem,1b", "stem"),
        ("1b", "head"),
    ],
)
def test_a_choice_is_carried_over_to_a_smaller_backbone(
    text: str, carried: str
) -> None:
    chosen = carry_over(parse_trainable(text, BLOCKS), BLOCKS, FEWER)
    assert describe_trainable(chosen, FEWER) == carried


@pytest.mark.parametrize("text", ["head", "all", "last:1", "last:2", "stem,1a"])
def test_a_choice_is_carried_over_to_a_larger_backbone(text: str) -> None:
    chosen = carry_over(parse_trainable(text, FEWER), FEWER, BLOCKS)
    assert describe_trainable(chosen, BLOCKS) == text
