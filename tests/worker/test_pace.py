"""How far the engine may run ahead of the window."""

from tlgui.worker.pace import MOST_AHEAD, Pace


def test_the_engine_waits_until_everything_was_taken() -> None:
    pace = Pace()
    for _ in range(MOST_AHEAD - 1):
        pace.tell()
    assert not pace.is_ahead()
    pace.tell()
    assert pace.is_ahead()
    for left in range(MOST_AHEAD - 1, 0, -1):
        pace.take()
        assert pace.waiting == left
        assert pace.is_ahead(), "a window that is behind gets time to catch up"
    pace.take()
    assert not pace.is_ahead()
    assert not pace.holds_back
