"""Checkpoints: whole or not at all, checksummed, two kept."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tlgui.core.checkpoint import Checkpoint, Checkpoints, DamagedError, read_checkpoint


def a_state(number: int) -> Checkpoint:
    rng = np.random.default_rng(number)
    arrays = {
        "head/0": rng.normal(size=(50, 3)).astype(np.float32),
        "optimizer/0": np.array(number),
        "optimizer/1": rng.normal(size=7),
    }
    return Checkpoint({"epoch": number, "names": ["蜂", "ants"]}, arrays)


def is_equal(one: Checkpoint, other: Checkpoint) -> bool:
    return (
        one.about == other.about
        and list(one.arrays) == list(other.arrays)
        and all(np.array_equal(one.arrays[k], other.arrays[k]) for k in one.arrays)
        and all(one.arrays[k].dtype == other.arrays[k].dtype for k in one.arrays)
    )


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path)


def test_what_was_written_is_read(checkpoints: Checkpoints) -> None:
    assert checkpoints.read_last() == (None, [])
    assert checkpoints.read_best() is None
    checkpoints.write(a_state(1))
    checkpoints.write_best(a_state(2))
    last, told = checkpoints.read_last()
    best = checkpoints.read_best()
    assert last is not None
    assert is_equal(last, a_state(1))
    assert told == []
    assert best is not None
    assert is_equal(best, a_state(2))
    assert list(last.part("optimizer")) == ["0", "1"]


def test_the_last_two_and_the_best_are_kept(checkpoints: Checkpoints) -> None:
    for number in range(1, 6):
        checkpoints.write(a_state(number))
        checkpoints.write_best(a_state(number))
    names = sorted(file.name for file in checkpoints.folder.iterdir())
    assert names == ["000004.checkpoint", "000005.checkpoint", "best.checkpoint"]
    checkpoints.clear()
    assert not checkpoints.folder.exists()
    checkpoints.clear()


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def shorten(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-30])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def make_other(file: Path) -> None:
    with file.open("wb") as stream:
        np.savez(stream, head=np.zeros(3))


def hide_an_object(file: Path) -> None:
    """With a right checksum, as a stranger could make it."""
    stream = io.BytesIO()
    np.savez(stream, about=np.array([print], dtype=object))
    body = stream.getvalue()
    digest = hashlib.blake2b(body, digest_size=32).hexdigest()
    file.write_bytes(f"tlgui checkpoint 1 {digest}\n".encode() + body)


@pytest.mark.parametrize("harm", [flip, shorten, empty, make_other, hide_an_object])
def test_a_damaged_one_falls_back_to_the_one_before_and_says_so(
    checkpoints: Checkpoints, harm: Callable[[Path], None]
) -> None:
    for number in (1, 2):
        checkpoints.write(a_state(number))
    harm(checkpoints.folder / "000002.checkpoint")
    last, (sentence,) = checkpoints.read_last()
    assert last is not None
    assert is_equal(last, a_state(1))
    assert "000002.checkpoint is damaged" in sentence
    checkpoints.write(a_state(3))
    last, told = checkpoints.read_last()
    assert last is not None
    assert is_equal(last, a_state(3))
    assert not told


def test_every_byte_that_is_lost_is_noticed(checkpoints: Checkpoints) -> None:
    checkpoints.write(a_state(1))
    file = checkpoints.folder / "000001.checkpoint"
    whole = file.read_bytes()
    for place in range(0, len(whole), 7):
        content = bytearray(whole)
        content[place] ^= 0xFF
        file.write_bytes(content)
        with pytest.raises(DamagedError):
            read_checkpoint(file)
