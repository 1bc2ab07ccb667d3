"""Which kept activations belong to a cut, and how much may be kept of them."""

import dataclasses
from pathlib import Path

from tlgui.core.task import find_task
from tlgui.ml.cache_key import CacheKey
from tlgui.ml.cache_store import CacheStore
from tlgui.ml.cuts import Cut
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.notices import Notices


def cache_key(cut: Cut, dtype: str = "float32") -> CacheKey:
    """What decides the numbers of a cut's activations."""
    backbone = cut.backbone
    decoder = find_task(backbone.task).decoder_version
    return CacheKey(
        backbone.name, backbone.weights_id, cut.block, decoder, cut.shape, dtype
    )


def in_half(key: CacheKey) -> CacheKey:
    """The same activations in half the room."""
    return dataclasses.replace(key, dtype="float16")


def fits(root: Path, key: CacheKey, records: int) -> bool:
    """Whether so many records may be kept."""
    return key.record_bytes * records <= CacheStore(root).limit()


def open_cache(
    root: Path, key: CacheKey, records: int, notices: Notices | None = None
) -> FeatureCache:
    """Opens kept activations and makes room for those that come.

    Args:
        root: the folder of all caches.
        key: which of them.
        records: how many a run needs, whether they are there or not.
        notices: told of trouble.
    """
    # Open, it is in use: making room takes nothing of it.
    cache = FeatureCache(root, key, notices=notices)
    store = CacheStore(root)
    limit = store.limit()
    coming = max(records - len(cache), 0) * key.record_bytes
    taken = store.prune(max(limit - coming, 0))
    cache.set_room(max(limit - taken, 0))
    return cache
