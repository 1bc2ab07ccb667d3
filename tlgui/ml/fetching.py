"""Gets the pretrained weights that a training needs, if they are not here yet."""

import time
from collections.abc import Callable

from tlgui.core.backbone import Backbone
from tlgui.core.events import (
    Emit,
    ProgressMade,
    Stage,
    StageChanged,
    StopRequest,
    never_stop,
)
from tlgui.core.settings import weights_dir
from tlgui.ml.weights_store import WeightsStore

_SECONDS_BETWEEN = 0.1


def is_here(backbone: Backbone) -> bool:
    """Whether a backbone can be built without a network."""
    return backbone.own_weights is not None or backbone.weights_path is not None


def fetch_weights(
    backbone: Backbone, emit: Emit, stop: StopRequest = never_stop
) -> None:
    """Downloads a backbone's weights unless they are on this computer.

    Args:
        backbone: which one; one that a package brings is left alone.
        emit: told that and how far.
        stop: asked all the time.

    Raises:
        Stopped: `stop` said so; what has arrived stays for the next time.
        TlguiError: they cannot be had; says what to do.
    """
    if backbone.published is None or is_here(backbone):
        return
    emit(StageChanged(Stage.DOWNLOADING))
    WeightsStore(weights_dir()).fetch(
        backbone.published,
        thinned(
            lambda done, total: emit(
                ProgressMade(
                    Stage.DOWNLOADING, done, max(total or backbone.size_to_download, 1)
                )
            )
        ),
        lambda: stop() is not None,
    )


def thinned(tell: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Passes on ten reports a second, and the last one."""
    told = -_SECONDS_BETWEEN

    def report(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _SECONDS_BETWEEN or done == total:
            told = now
            tell(done, total)

    return report
