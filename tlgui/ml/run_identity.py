"""What must be the same when a run goes on, so that it ends as it would have."""

import hashlib
import importlib.metadata
from collections.abc import Mapping
from typing import Any

from tlgui import __version__
from tlgui.core.dataset import Dataset
from tlgui.core.errors import TlguiError

_PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "ai-edge-litert", "numpy")


def identity_of(dataset: Dataset) -> dict[str, Any]:
    """What a run depends on beside its spec.

    Returns:
        `data`: a digest of every sample's path below the data folder, split, class
        and file size; `versions`: of what computes.
    """
    return {"data": _digest_of(dataset), "versions": versions()}


def versions() -> dict[str, str]:
    """The versions of this program and of what computes."""
    found = {"tlgui": __version__}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def compare(noted: Mapping[str, Any], dataset: Dataset) -> str:
    """Makes sure that a run can go on.

    Args:
        noted: as `identity_of` gave it when the run was interrupted.
        dataset: as it is now.

    Returns:
        A sentence if it may end a little differently, or "".

    Raises:
        TlguiError: the samples are others now.
    """
    if noted.get("data") != _digest_of(dataset):
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
            name = dataset.class_names[sample.label]
            digest.update(f"{split}\0{sample.path}\0{name}\0{size}\0".encode())
    return digest.hexdigest()
