"""Checkpoints: whole or not at all, checksummed, two kept."""

import errno
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tlgui.core.checkpoint import Checkpoint, Checkpoints, DamagedError, read_checkpoint
from tlgui.core.errors import TlguiError


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
    assert checkpoints.read_best(9) is None
    checkpoints.write(a_state(1))
    checkpoints.write_best(9, a_state(2))
    last, told = checkpoints.read_last()
    best = checkpoints.read_best(9)
    assert last is not None
    assert is_equal(last, a_state(1))
    assert told == []
    assert best is not None
    assert is_equal(best, a_state(2))
    assert list(last.part("optimizer")) == ["0", "1"]


def names(checkpoints: Checkpoints) -> list[str]:
    return sorted(file.name for file in checkpoints.folder.iterdir())


def test_the_last_two_are_kept_each_with_its_best(checkpoints: Checkpoints) -> None:
    for number, best in enumerate((1, 2, 2, 4, 4), start=1):
        if best == number:
            checkpoints.write_best(best, a_state(best))
        checkpoints.write(a_state(number), best)
    assert names(checkpoints) == [
        "000004.checkpoint",
        "000005.checkpoint",
        "best-000004.checkpoint",
    ]
    checkpoints.write_best(6, a_state(6))
    checkpoints.write(a_state(6), 6)
    kept = ["best-000004.checkpoint", "best-000006.checkpoint"]
    assert names(checkpoints)[2:] == kept
    checkpoints.clear()
    assert not checkpoints.folder.exists()
    checkpoints.clear()


def test_a_best_is_kept_until_no_checkpoint_needs_it(
    checkpoints: Checkpoints,
) -> None:
    """The disk refuses some checkpoints but not the best epochs beside them."""
    checkpoints.write_best(1, a_state(1))
    checkpoints.write(a_state(1), 1)
    for epoch in (2, 3, 4):
        checkpoints.write_best(epoch, a_state(epoch))
    checkpoints.write(a_state(4), 4)
    assert names(checkpoints)[2:] == [
        "best-000001.checkpoint",
        "best-000004.checkpoint",
    ]
    # Another writer does not know what the one before it wrote needs.
    later = Checkpoints(checkpoints.folder.parent)
    later.write_best(5, a_state(5))
    later.write(a_state(5), 5)
    assert len(names(later)) == 5
    later.write(a_state(6), 5)
    assert names(later)[2:] == ["best-000005.checkpoint"]


def test_the_best_before_stands_in_for_a_damaged_one(checkpoints: Checkpoints) -> None:
    for epoch in (3, 5, 8):
        checkpoints.write_best(epoch, a_state(epoch))
    found = checkpoints.read_best(7)
    assert found is not None
    assert found.about["epoch"] == 5
    empty(checkpoints.folder / "best-000005.checkpoint")
    found = checkpoints.read_best(7)
    assert found is not None
    assert found.about["epoch"] == 3
    assert checkpoints.read_best(2) is None


def test_there_is_room_for_more_than_a_million(checkpoints: Checkpoints) -> None:
    checkpoints.write(a_state(1))
    (checkpoints.folder / "000001.checkpoint").rename(
        checkpoints.folder / "999999.checkpoint"
    )
    for number in (2, 3):
        checkpoints.write(a_state(number))
    last, _ = checkpoints.read_last()
    assert last is not None
    assert last.about["epoch"] == 3


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
    assert "the one before it is used" in sentence
    checkpoints.tidy()
    for number in (3, 4):
        checkpoints.write(a_state(number))
        last, told = checkpoints.read_last()
        assert last is not None
        assert is_equal(last, a_state(number))
        assert not told
        assert len(names(checkpoints)) == 2, "two whole ones"


def test_where_all_are_damaged_it_is_said_that_the_run_begins_again(
    checkpoints: Checkpoints,
) -> None:
    for number in (1, 2):
        checkpoints.write(a_state(number))
        empty(checkpoints.folder / f"00000{number}.checkpoint")
    last, told = checkpoints.read_last()
    assert last is None
    assert "the one before it is used" in told[0]
    assert "the run begins again" in told[1]


def refuse(file: Path) -> bytes:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def run_out(file: Path) -> bytes:
    raise MemoryError


@pytest.mark.parametrize("trouble", [refuse, run_out])
def test_what_the_system_does_not_give_is_not_taken_for_damaged(
    checkpoints: Checkpoints,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Path], bytes],
) -> None:
    """A disk that was taken away must not make a run begin again."""
    for number in (1, 2):
        checkpoints.write(a_state(number))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", trouble)
        with pytest.raises(TlguiError, match="cannot go on now"):
            checkpoints.read_last()
    checkpoints.tidy()
    assert names(checkpoints) == ["000001.checkpoint", "000002.checkpoint"]
    last, told = checkpoints.read_last()
    assert last is not None
    assert not told


def test_what_a_kill_left_half_written_is_removed(checkpoints: Checkpoints) -> None:
    checkpoints.write(a_state(1))
    (checkpoints.folder / ".000002-a1b2c3d4.checkpoint").write_bytes(b"half")
    checkpoints.tidy()
    assert names(checkpoints) == ["000001.checkpoint"]


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
