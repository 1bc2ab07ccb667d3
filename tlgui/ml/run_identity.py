"""What must be the same when a run goes on, so that it ends as it would have."""

import hashlib
import importlib.metadata
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tlgui import __version__
from tlgui.core.dataset import Dataset, Sample, ShouldStop
from tlgui.core.errors import Stopped, TlguiError
from tlgui.ml.cache_key import DIGEST_BYTES
from tlgui.ml.content_digests import digest_of_file

_PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "ai-edge-litert", "numpy")
_READERS = 4


def identity_of(dataset: Dataset, contents: Iterable[bytes | None]) -> dict[str, Any]:
    """What a run depends on beside its spec.

    Args:
        dataset: what it learns from.
        contents: the digest of each of `samples_of(dataset)`; None of a file that
            cannot be read.

    Returns:
        `data`: a digest of every sample's path below the data folder, split, class
        and file size; `contents`: one of what is in the files; `versions`: of what
        computes.
    """
    return {
        "data": _digest_of(dataset),
        "contents": _digest_of_contents(contents),
        "versions": versions(),
    }


def samples_of(dataset: Dataset) -> list[Sample]:
    """All samples in a lasting order."""
    return [s for _, split in sorted(dataset.samples.items()) for s in split]


def versions() -> dict[str, str]:
    """The versions of this program and of what computes."""
    found = {"tlgui": __version__}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def compare(
    noted: Mapping[str, Any],
    dataset: Dataset,
    should_stop: ShouldStop = lambda: False,
) -> str:
    """Makes sure that a run can go on.

    Args:
        noted: as `identity_of` gave it when the run was interrupted.
        dataset: as it is now; every file is read, as its size and time of change may
            be those of another content.
        should_stop: asked between files.

    Returns:
        A sentence if it may end a little differently, or "".

    Raises:
        TlguiError: the samples are others now.
        Stopped: `should_stop` said so.
    """
    is_same = noted.get("data") == _digest_of(dataset)
    if is_same and "contents" in noted:  # an earlier version noted none
        found = _digest_of_contents(_read_contents(dataset, should_stop))
        is_same = noted["contents"] == found
    if not is_same:
        raise TlguiError(
            f"This run cannot go on: the files in {dataset.root} are not those that "
            "it began with. Put them back as they were, or train anew; the finished "
            "epochs stay in the run folder."
        )
    before, now = noted.get("versions"), versions()
    if before == now or not isinstance(before, Mapping):
        return ""
    changed = [
        f"{name} {before.get(name, 'none')} → {now.get(name, 'none')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    return (
        f"The program has changed since this run began ({', '.join(changed)}), so "
        "its result may differ in the last digits from an uninterrupted one."
    )


def _digest_of(dataset: Dataset) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for split, samples in sorted(dataset.samples.items()):
        for sample in samples:
            try:
                size = dataset.file(sample).stat().st_size
            except OSError:  # gone: that is a difference too
                size = -1
            name = "\0".join(dataset.class_names[label] for label in sample.labels)
            digest.update(f"{split}\0{sample.path}\0{name}\0{size}\0".encode())
    return digest.hexdigest()


def _digest_of_contents(contents: Iterable[bytes | None]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for content in contents:
        digest.update(bytes(DIGEST_BYTES) if content is None else content)
    return digest.hexdigest()


def _read_contents(dataset: Dataset, should_stop: ShouldStop) -> Iterator[bytes | None]:
    def read(sample: Sample) -> bytes | None:
        if should_stop():
            return None
        try:
            return digest_of_file(dataset.file(sample))
        except OSError:
            return None

    with ThreadPoolExecutor(_READERS, thread_name_prefix="compare") as pool:
        yield from pool.map(read, samples_of(dataset))
    if should_stop():
        raise Stopped
