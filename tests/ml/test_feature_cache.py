"""The cache of features: right numbers or none, whatever happens to it."""

import errno
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tlgui.core.types import Floats
from tlgui.ml import cache_segment, content_digests
from tlgui.ml.cache_key import CacheKey, record_digest
from tlgui.ml.cache_store import CacheStore
from tlgui.ml.content_digests import ContentDigests
from tlgui.ml.feature_cache import FeatureCache

KEY = CacheKey("efficientnet-lite0", "ab" * 32, "block4", 1, (3, 4, 5))
HALF = CacheKey("efficientnet-lite0", "ab" * 32, "block4", 1, (3, 4, 5), "float16")
ENTRY = 20
BIG = CacheKey("efficientnet-lite0", "ab" * 32, "block2", 1, (100, 2250))
# Puts a pair of records for every byte it is sent, and says so beforehand.
WRITER = """
import sys
from pathlib import Path
import numpy as np
from tlgui.ml.cache_key import CacheKey
from tlgui.ml.feature_cache import FeatureCache
root, pairs, block, *shape = sys.argv[1:]
key = CacheKey("efficientnet-lite0", "ab" * 32, block, 1, tuple(map(int, shape)))
cache = FeatureCache(Path(root), key)
with np.load(pairs) as file:
    names, values = file["names"], file["values"]
Path(pairs).unlink()
for first in range(0, len(names), 2):
    sys.stdin.buffer.read(1)
    print("begun", flush=True)
    chosen = slice(first, first + 2)
    cache.put_many([name.tobytes() for name in names[chosen]], values[chosen])
sys.stdin.buffer.read(1)
print("done", flush=True)
sys.stdin.buffer.read()
"""


def names(numbers: Any) -> list[bytes]:
    return [record_digest(int(n).to_bytes(16, "little"), "plain") for n in numbers]


def values(numbers: Any, key: CacheKey = KEY) -> Floats:
    """The record that belongs to each number, and to no other."""
    rows = [np.random.default_rng(int(n)).normal(size=60) for n in numbers]
    return np.array([np.resize(row, key.shape) for row in rows], np.float32).reshape(
        -1, *key.shape
    )


def fill(root: Path, count: int, key: CacheKey = KEY) -> None:
    with FeatureCache(root, key) as cache:
        cache.put_many(names(range(count)), values(range(count), key))


def check(root: Path, count: int, key: CacheKey = KEY, first: int = 0) -> int:
    """Whatever is found among `count` records is right; how many are found."""
    with FeatureCache(root, key) as cache:
        features, found = cache.get_many(names(range(first, first + count)))
    expected = values(np.flatnonzero(found) + first, key)
    np.testing.assert_array_equal(features[found], expected)
    assert not features[~found].any()
    return int(found.sum())


def files(root: Path, ending: str, key: CacheKey = KEY) -> list[Path]:
    return sorted((root / key.folder).glob(f"*.{ending}"))


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_writer(tmp_path: Path) -> Iterator[Start]:
    """Starts another process that writes records of some numbers."""
    started: list[subprocess.Popen[bytes]] = []
    repository = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": repository, "OMP_NUM_THREADS": "1"}

    def start(root: Path, numbers: Any, key: CacheKey = KEY) -> Any:
        pairs = tmp_path / f"pairs{len(started)}.npz"
        named = np.frombuffer(b"".join(names(numbers)), np.uint8).reshape(-1, 16)
        np.savez(pairs, names=named, values=values(numbers, key))
        arguments = [str(root), str(pairs), key.cut, *map(str, key.shape)]
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def let_put(child: "subprocess.Popen[bytes]", pairs: int) -> None:
    """Lets a writer put so many pairs; returns when it begins the last one."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"x" * pairs)
    for _ in range(pairs):
        assert child.stdout.readline() in (b"begun\n", b"done\n")


def test_what_was_put_is_read_in_any_order_now_and_later(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(100)
    with FeatureCache(tmp_path, KEY) as cache:
        for part in np.split(np.arange(80), 8):
            cache.put_many(names(part), values(part))
        now, found_now = cache.get_many(names(order))
        assert len(cache) == 80
    with FeatureCache(tmp_path, KEY) as cache:
        later, found_later = cache.get_many(names([*order, 3, 3]))
    np.testing.assert_array_equal(found_now, order < 80)
    np.testing.assert_array_equal(now[found_now], values(order[order < 80]))
    np.testing.assert_array_equal(later[:100], now)
    np.testing.assert_array_equal(later[100:], values([3, 3]))
    assert found_later[100:].all()
    assert later.dtype == np.float32
    about = json.loads((tmp_path / KEY.folder / "about.json").read_text("utf-8"))
    assert (about["cut"], about["shape"]) == ("block4", [3, 4, 5])


@pytest.mark.skipif(sys.platform != "linux", reason="the numbers of Linux")
def test_what_was_read_does_not_stay_in_memory(tmp_path: Path) -> None:
    """Mapped pages would count, up to all that is kept: 9 GB for 100,000 photos."""
    count, read = 400, 0
    with FeatureCache(tmp_path, BIG) as cache:
        for first in range(0, count, 50):
            several = range(first, first + 50)
            cache.put_many(names(several), np.zeros((50, *BIG.shape), np.float32))
    memory = psutil.Process().memory_info
    before = memory().rss
    with FeatureCache(tmp_path, BIG) as cache:
        for number in range(count):
            read += int(cache.get_many(names([number]))[1].sum())
        left = memory().rss - before
    assert read == count
    assert left < count * BIG.record_bytes / 2


def test_records_of_several_segments_are_read_together(tmp_path: Path) -> None:
    for first in (0, 10, 20):
        with FeatureCache(tmp_path, KEY) as cache:
            cache.put_many(names(range(first, 30)), values(range(first, 30)))
            cache.put_many(names(range(first, 10)), values(range(first, 10)))
    assert len(files(tmp_path, "data")) == 1  # what is there is not written again
    with FeatureCache(tmp_path, KEY) as cache:
        cache.put_many(names([40, 40, 41]), values([40, 40, 41]))
    assert len(files(tmp_path, "data")) == 2
    assert files(tmp_path, "data")[-1].stat().st_size == 2 * KEY.record_bytes
    assert check(tmp_path, 50) == 32


def test_what_is_read_is_the_callers_own(tmp_path: Path) -> None:
    fill(tmp_path, 4)
    with FeatureCache(tmp_path, KEY) as cache:
        cache.get_many(names(range(4)))[0][:] = 7
    assert check(tmp_path, 4) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"backbone": "efficientnet-lite1"},
        {"weights_id": "cd" * 32},
        {"cut": "block5"},
        {"decoder_version": 2},
        {"shape": (5, 4, 3)},
        {"dtype": "float16"},
    ],
)
def test_another_key_finds_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    other = CacheKey(**{**KEY.__dict__, **changes})
    fill(tmp_path, 4)
    with FeatureCache(tmp_path, other) as cache:
        assert not cache.get_many(names(range(4)))[1].any()


def test_names_differ_by_photo_and_view() -> None:
    one, other = b"1" * 16, b"2" * 16
    views = {record_digest(p, v) for p in (one, other) for v in ("flip", 0, 1)}
    assert len(views) == 6
    assert {len(name) for name in views} == {16}
    assert record_digest(one, 1) == record_digest(one, "1")


def test_half_precision_is_read_as_float32_within_its_rounding(tmp_path: Path) -> None:
    expected = values(range(20)) * np.float32(100)
    with FeatureCache(tmp_path, HALF) as cache:
        cache.put_many(names(range(20)), expected)
        features, found = cache.get_many(names(range(20)))
    assert found.all()
    assert features.dtype == np.float32
    # Half a unit in the last of 11 binary places; absolute where it is subnormal.
    np.testing.assert_allclose(features, expected, rtol=2**-11, atol=2**-25)
    assert not np.array_equal(features, expected)
    assert files(tmp_path, "data", HALF)[0].stat().st_size == 20 * 60 * 2


def test_half_precision_leaves_out_what_it_cannot_hold(tmp_path: Path) -> None:
    features = values(range(3))
    features[1, 0, 0, 0] = 70_000
    features[2, 0, 0, 0] = np.inf
    with FeatureCache(tmp_path, HALF) as cache:
        cache.put_many(names(range(3)), features)
        read, found = cache.get_many(names(range(3)))
    assert found.tolist() == [True, False, True]
    assert read[2, 0, 0, 0] == np.inf


def test_wrong_shapes_and_names_are_bugs(tmp_path: Path) -> None:
    with FeatureCache(tmp_path, KEY) as cache:
        with pytest.raises(ValueError, match="expected features"):
            cache.put_many(names([1, 2]), values([1]))
        with pytest.raises(ValueError, match="16 bytes"):
            cache.put_many([b"short"], values([1]))
    with pytest.raises(ValueError, match="float16"):
        CacheKey("b", "w", "c", 1, (3,), "float64")
    with pytest.raises(ValueError, match="float16"):
        CacheKey("b", "w", "c", 1, (3, 0))


def test_a_thread_reads_while_another_writes(tmp_path: Path) -> None:
    numbers = np.arange(400)
    asked, expected = names(numbers), values(numbers)
    with FeatureCache(tmp_path, KEY) as cache:

        def write() -> None:
            for place in range(0, 400, 4):
                part = slice(place, place + 4)
                cache.put_many(asked[part], expected[part])

        thread = threading.Thread(target=write)
        thread.start()
        seen = 0
        while seen < 400:
            features, found = cache.get_many(asked)
            np.testing.assert_array_equal(features[found], expected[found])
            assert found.sum() >= seen
            seen = int(found.sum())
        thread.join()


def test_processes_see_what_others_write(tmp_path: Path, start_writer: Start) -> None:
    with FeatureCache(tmp_path, KEY) as cache:
        children = [start_writer(tmp_path, range(n, n + 200)) for n in (0, 100)]
        cache.put_many(names(range(300, 320)), values(range(300, 320)))
        for child in children:
            let_put(child, 101)
        features, found = cache.get_many(names(range(320)))
        np.testing.assert_array_equal(features, values(range(320)))
        assert found.all()
        assert len(files(tmp_path, "index")) == 3


def test_a_kill_at_any_moment_leaves_a_valid_cache(
    tmp_path: Path, start_writer: Start
) -> None:
    chance = random.Random(0)
    for part in range(10):
        firsts = [1000 * part + 100 * child for child in range(5)]  # 50 kills
        children = [start_writer(tmp_path, range(n, n + 8), BIG) for n in firsts]
        for first, child in zip(firsts, children, strict=True):
            pairs = chance.randrange(1, 4)
            let_put(child, pairs)
            sum(range(chance.randrange(100_000)))  # not always right at the beginning
            child.kill()
            child.wait()
            # Of the last pair there may be both, one or none.
            assert 0 <= check(tmp_path, 8, BIG, first) - 2 * (pairs - 1) <= 2
    assert len(files(tmp_path, "lock", BIG)) == 50
    with FeatureCache(tmp_path, BIG) as cache:  # and it can be completed
        cache.put_many(names(range(8)), values(range(8), BIG))
    assert check(tmp_path, 8, BIG) == 8
    assert CacheStore(tmp_path).clear() == 0  # pytest would keep it for a while


@pytest.mark.parametrize("ending", ["index", "data"])
def test_a_torn_tail_does_not_count(tmp_path: Path, ending: str) -> None:
    fill(tmp_path, 5)
    (file,) = files(tmp_path, ending)
    whole = file.read_bytes()
    step = ENTRY if ending == "index" else KEY.record_bytes
    for size in sorted({*range(0, len(whole), 7), *range(0, len(whole), step)}):
        file.write_bytes(whole[:size])
        assert check(tmp_path, 5) == size // step


@pytest.mark.parametrize("ending", ["index", "data"])
def test_a_flipped_bit_makes_one_record_absent_until_it_is_put_again(
    tmp_path: Path, ending: str
) -> None:
    chance = random.Random(1)
    fill(tmp_path, 6)
    (file,) = files(tmp_path, ending)
    whole = file.read_bytes()
    for _ in range(40):
        raw = bytearray(whole)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        file.write_bytes(raw)
        assert check(tmp_path, 6) == 5
    with FeatureCache(tmp_path, KEY) as cache:
        assert cache.get_many(names(range(6)))[1].sum() == 5
        cache.put_many(names(range(6)), values(range(6)))
        assert cache.get_many(names(range(6)))[1].all()
    assert check(tmp_path, 6) == 6
    assert files(tmp_path, "data")[-1].stat().st_size == KEY.record_bytes


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("whole_writes", [0, 1, 2, 3])
def test_a_disk_that_refuses_ends_writing_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, whole_writes: int
) -> None:
    real, left = cache_segment._write_all, [whole_writes]

    def refuse(stream: FileIO, array: Any) -> None:
        if not left[0]:
            stream.write(array.tobytes()[:30])
            raise OSError(code, os.strerror(code))
        left[0] -= 1
        real(stream, array)

    monkeypatch.setattr(cache_segment, "_write_all", refuse)
    with FeatureCache(tmp_path, KEY) as cache:
        for first in (0, 4, 8):
            chosen = range(first, first + 4)
            cache.put_many(names(chosen), values(chosen))
        assert not cache.writable
        assert cache.trouble.startswith(f"Cannot write to {tmp_path / KEY.folder}")
        assert "Training goes on" in cache.trouble
        found = cache.get_many(names(range(12)))[1]
        assert found.sum() == whole_writes // 2 * 4
    # The one entry that was written whole before the refusal may be used too.
    assert check(tmp_path, 12) - found.sum() == whole_writes % 2


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="mounts a small disk"
)
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        with FeatureCache(disk, KEY) as cache:
            for first in range(0, 1000, 10):
                chosen = range(first, first + 10)
                cache.put_many(names(chosen), values(chosen))
            assert not cache.writable
            assert "the disk is full" in cache.trouble
            assert cache.get_many(names(range(200)))[1].all()
        assert check(disk, 1000) >= 200
        with ContentDigests(disk) as digests:
            digests.of(settled(tmp_path / "photo", b"x"))
        assert "the disk is full" in digests.trouble
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path) -> None:
    with FeatureCache(tmp_path, KEY, room=5 * KEY.record_bytes) as cache:
        cache.put_many(names(range(4)), values(range(4)))
        assert cache.writable
        cache.put_many(names(range(4, 8)), values(range(4, 8)))
        assert not cache.writable
        assert "disk space" in cache.trouble
    assert check(tmp_path, 8) == 4


def test_a_folder_that_cannot_be_made_is_an_empty_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with FeatureCache(tmp_path / "file", KEY) as cache:
        cache.put_many(names([1]), values([1]))
        assert not cache.get_many(names([1]))[1].any()
        assert "choose" in cache.trouble


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files that are mapped")
def test_a_cache_deleted_in_mid_run_is_read_on_and_made_anew(tmp_path: Path) -> None:
    fill(tmp_path, 4)
    with FeatureCache(tmp_path, KEY) as cache:
        cache.put_many(names(range(4, 8)), values(range(4, 8)))
        assert cache.get_many(names(range(4)))[1].all()  # maps the older segment
        shutil.rmtree(tmp_path)
        features, found = cache.get_many(names(range(8)))
        assert found.all()
        np.testing.assert_array_equal(features, values(range(8)))
        cache.put_many(names(range(8, 12)), values(range(8, 12)))
        assert cache.writable
        assert cache.get_many(names(range(12)))[1].all()
        assert CacheStore(tmp_path).entries()[0].in_use
    assert check(tmp_path, 12) == 4


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files that are mapped")
def test_a_segment_deleted_before_it_was_read_is_absent(tmp_path: Path) -> None:
    fill(tmp_path, 4)
    with FeatureCache(tmp_path, KEY) as cache:
        for file in files(tmp_path, "data"):
            file.unlink()
        assert not cache.get_many(names(range(4)))[1].any()
        cache.put_many(names(range(4)), values(range(4)))
        assert cache.get_many(names(range(4)))[1].all()
    assert check(tmp_path, 4) == 4


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files that are mapped")
def test_a_deleted_cache_that_cannot_be_made_anew_ends_writing(tmp_path: Path) -> None:
    root = tmp_path / "caches"
    with FeatureCache(root, KEY) as cache:
        cache.put_many(names(range(4)), values(range(4)))
        shutil.rmtree(root)
        root.write_bytes(b"")
        cache.put_many(names(range(4, 8)), values(range(4, 8)))
        assert not cache.writable
        assert cache.get_many(names(range(8)))[1].tolist() == [True] * 4 + [False] * 4


def test_a_closed_cache_is_empty(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, KEY)
    cache.put_many(names([1]), values([1]))
    cache.close()
    cache.close()
    cache.put_many(names([2]), values([2]))
    assert not cache.get_many(names([1, 2]))[1].any()
    assert check(tmp_path, 3) == 1
    assert files(tmp_path, "lock") == []


def keys(count: int) -> list[CacheKey]:
    return [CacheKey("b", "w", f"block{n}", 1, KEY.shape) for n in range(count)]


def test_pruning_takes_what_was_not_used_for_longest(tmp_path: Path) -> None:
    made = keys(4)
    for age, key in zip((30, 40, 20, 10), made, strict=True):
        fill(tmp_path, 10, key)
        os.utime(tmp_path / key.folder / "about.json", (1e9 - age, 1e9 - age))
    with FeatureCache(tmp_path, made[1]):
        pass  # the oldest is used again
    store = CacheStore(tmp_path)
    before = store.entries()
    assert [e.about["cut"] for e in before] == ["block0", "block2", "block3", "block1"]
    assert store.size() == sum(f.stat().st_size for f in tmp_path.glob("*/*"))
    left = store.prune(store.size() - before[0].size - 1)
    assert left == store.size() == before[2].size + before[3].size
    assert [e.about["cut"] for e in store.entries()] == ["block3", "block1"]
    assert store.prune(left) == left


def test_pruning_spares_what_the_living_use_and_not_what_the_dead_used(
    tmp_path: Path, start_writer: Start
) -> None:
    root = tmp_path / "caches"
    fill(root, 4, keys(1)[0])
    child = start_writer(root, range(8))
    let_put(child, 5)
    store = CacheStore(root)
    assert {entry.folder.name for entry in store.entries() if entry.in_use} == {
        KEY.folder
    }
    store.prune(0)
    assert [entry.folder.name for entry in store.entries()] == [KEY.folder]
    assert check(root, 8) == 8
    child.kill()
    child.wait()
    assert len(files(root, "lock")) == 1
    assert store.prune(0) == 0
    assert list(root.iterdir()) == []


def test_clearing_deletes_ours_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "caches"
    fill(root, 4)
    with ContentDigests(root) as digests:
        digests.of(settled(tmp_path / "photo", b"x"))
    foreign = [root / "photo.jpg", root / "holiday" / "1-2.data"]
    foreign.append(root / KEY.folder / "notes.txt")
    for file in foreign:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"mine")
    CacheStore(root).clear()
    assert sorted(f for f in root.rglob("*") if f.is_file()) == sorted(foreign)
    assert CacheStore(tmp_path / "never made").clear() == 0


def test_the_limit_is_a_share_of_free_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, 10)
    store, free = CacheStore(tmp_path), [0]

    def usage(path: Path) -> Any:
        assert path.exists()
        return shutil._ntuple_diskusage(0, 0, free[0])

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert store.limit() == store.size() // 10
    assert store.prune() == 0
    free[0] = 50_000_000_000
    assert store.limit() == 5_000_000_000
    free[0] = 900_000_000_000
    assert store.limit() == 20_000_000_000
    assert CacheStore(tmp_path / "never" / "made").limit() == 20_000_000_000


def settled(file: Path, content: bytes, changed: int = 1_000_000_000) -> Path:
    """A file that was changed long ago."""
    file.write_bytes(content)
    os.utime(file, ns=(changed, changed))
    return file


def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often a file's content is read for its digest."""
    count, real = [0], content_digests._blake2b

    def counted() -> Any:
        count[0] += 1
        return real()

    monkeypatch.setattr(content_digests, "_blake2b", counted)
    return count


def test_a_file_is_read_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, photo = reads(monkeypatch), settled(tmp_path / "a.jpg", b"ants")
    with ContentDigests(tmp_path) as digests:
        ants = digests.of(photo)
        assert digests.of(photo) == ants
    with ContentDigests(tmp_path) as digests:
        assert digests.of(photo) == ants
        assert count[0] == 1
        assert digests.of(settled(tmp_path / "copy.jpg", b"ants")) == ants
        settled(photo, b"bees", changed=3_000_000_000)
        bees = digests.of(photo)
        assert bees != ants
        settled(photo, b"beetles", changed=3_000_000_000)
        assert digests.of(photo) not in (ants, bees)
    assert len(ants) == 16
    with pytest.raises(FileNotFoundError):
        digests.of(tmp_path / "gone.jpg")


def test_a_file_changed_just_now_is_not_trusted_to_keep_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, photo = reads(monkeypatch), tmp_path / "a.jpg"
    photo.write_bytes(b"ants")
    with ContentDigests(tmp_path) as digests:
        assert digests.of(photo) == digests.of(photo)
    assert count[0] == 2


def test_a_damaged_memory_of_files_is_as_good_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, photo = reads(monkeypatch), settled(tmp_path / "a.jpg", b"ants")
    with ContentDigests(tmp_path) as digests:
        ants = digests.of(photo)
    memory = tmp_path / "photos.digests"
    whole = memory.read_bytes()
    damaged = [whole[:size] for size in range(len(whole))]
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 4
        damaged.append(bytes(flipped))
    for raw in damaged:
        memory.write_bytes(raw)
        assert ContentDigests(tmp_path).of(photo) == ants
    assert count[0] == 1 + len(damaged)


def test_two_processes_remember_for_each_other_and_the_oldest_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = reads(monkeypatch)
    photos = [settled(tmp_path / f"{n}.jpg", bytes([n])) for n in range(4)]
    with ContentDigests(tmp_path) as one, ContentDigests(tmp_path) as other:
        for photo in photos[:3]:
            one.of(photo)
        one.of(photos[0])
        other.of(photos[3])
    assert count[0] == 4
    with ContentDigests(tmp_path, limit=3) as digests:
        assert [digests.of(photo) for photo in photos]
        digests.of(settled(tmp_path / "5.jpg", b"5"))
    assert count[0] == 5
    with ContentDigests(tmp_path) as digests:
        digests.of(photos[3])
        digests.of(photos[2])
        assert count[0] == 5
        digests.of(photos[0])
    assert count[0] == 6
