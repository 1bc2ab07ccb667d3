"""The store of pretrained weights: what gets in, and what does not."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tlgui.core.backbone import WeightsFile
from tlgui.core.errors import Stopped, TlguiError
from tlgui.ml import weights_store
from tlgui.ml.download import Published
from tlgui.ml.weights_store import KNOWN, WeightsStore

DATA = b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 100
SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
SURE = WeightsFile("sure.h5", "https://x.test/sure.h5", {"md5": MD5})
UNSURE = WeightsFile("unsure.h5", "https://x.test/unsure.h5")


@pytest.fixture
def store(tmp_path: Path) -> WeightsStore:
    return WeightsStore(tmp_path / "store" / "weights")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What an address sends; the checksums are checked as a download does."""
    sent = {SURE.address: DATA, UNSURE.address: DATA}

    def send(
        published: Published,
        file: Path,
        on_progress: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> str:
        data = sent[published.address]
        for name, digest in published.checksums.items():
            if hashlib.new(name, data).hexdigest() != digest:
                raise TlguiError("its checksum is another one")
        file.write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    monkeypatch.setattr(weights_store, "download", send)
    return sent


@pytest.mark.parametrize("wanted", [SURE, UNSURE], ids=["sure", "unsure"])
def test_a_file_is_downloaded_once(
    store: WeightsStore, network: dict[str, bytes], wanted: WeightsFile
) -> None:
    assert store.find(wanted) is None
    file = store.fetch(wanted)
    assert file.read_bytes() == DATA
    network.clear()
    assert store.fetch(wanted) == store.find(wanted) == store.check(wanted) == file


def test_what_the_first_download_was_is_remembered(
    store: WeightsStore, network: dict[str, bytes]
) -> None:
    store.fetch(UNSURE).unlink()
    network[UNSURE.address] = DATA + b"more"
    with pytest.raises(TlguiError, match="its checksum is another one"):
        store.fetch(UNSURE)
    assert store.find(UNSURE) is None
    (store.folder / KNOWN).write_text("[damaged", encoding="utf-8")
    assert store.fetch(UNSURE).read_bytes().endswith(b"more")


def test_what_are_no_weights_does_not_stay(
    store: WeightsStore, network: dict[str, bytes]
) -> None:
    network[UNSURE.address] = b"something else"
    with pytest.raises(TlguiError, match="it is no HDF5 file"):
        store.fetch(UNSURE)
    assert not list(store.folder.iterdir())


def test_a_missing_or_damaged_file_is_a_sentence(store: WeightsStore) -> None:
    with pytest.raises(TlguiError, match="are not on this computer"):
        store.check(SURE)
    store.folder.mkdir(parents=True)
    file = store.folder / SURE.name
    file.write_bytes(DATA[:-1])
    with pytest.raises(TlguiError, match=r"its checksum is another one. Delete it"):
        store.check(SURE)
    file.write_bytes(b"")
    with pytest.raises(TlguiError, match="no HDF5 file or damaged"):
        store.check(SURE)


def test_files_are_brought_from_a_folder(store: WeightsStore, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / SURE.name).write_bytes(DATA)
    (stick / UNSURE.name).write_bytes(DATA)
    (stick / "holiday.jpg").write_bytes(b"a photo")
    brought = store.bring(stick, [SURE, UNSURE, WeightsFile("c.h5", "https://x.test")])
    assert brought.taken == (SURE.name, UNSURE.name)
    assert brought.refused == ()
    assert store.check(SURE).read_bytes() == store.check(UNSURE).read_bytes() == DATA
    assert (stick / SURE.name).exists()
    assert store.bring(stick, [SURE, UNSURE]).taken == (), "they are there already"


def test_damaged_files_are_left_out_and_the_others_taken(
    store: WeightsStore, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / SURE.name).write_bytes(DATA + b"worn")
    (stick / UNSURE.name).write_bytes(DATA)
    brought = store.bring(stick, [SURE, UNSURE])
    assert brought.taken == (UNSURE.name,)
    (sentence,) = brought.refused
    assert str(stick / SURE.name) in sentence
    assert "It was left out." in sentence


def test_a_folder_that_is_none_is_told(store: WeightsStore, tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match="Expected a folder with weights"):
        store.bring(tmp_path / "gone", [SURE])


def test_bringing_can_be_stopped(store: WeightsStore, tmp_path: Path) -> None:
    (tmp_path / SURE.name).write_bytes(DATA)
    with pytest.raises(Stopped):
        store.bring(tmp_path, [SURE], lambda: True)
    assert store.find(SURE) is None


def test_a_store_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TlguiError, match="Cannot write to"):
        WeightsStore(tmp_path / "file" / "weights").fetch(SURE)
