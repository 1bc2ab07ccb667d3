"""Whoever writes in a project is ended or disturbed at every point."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")
_DONE, _TOLD = 0, 3


def points(tmp_path: Path, how: str) -> list[list[float]]:
    """For each point: its number, exit code, best read, soundness, drafts left."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.crash_points", str(tmp_path), how],
        cwd=Path(__file__).resolve().parent.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[list[float]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert found[-1][1] == _DONE, "the last writer gets by all points"
    assert len(found) > 30
    return found


def test_a_kill_at_any_point_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    found = points(tmp_path, "kill")
    for _, code, best, is_sound, _ in found[:-1]:
        assert code == -signal.SIGKILL
        assert best in (0.1, 0.9)
        assert is_sound
    # Old before the renaming, new ever after.
    order = [best for _, _, best, _, _ in found]
    assert order == sorted(order)
    assert {0.1, 0.9} <= set(order)


@pytest.mark.parametrize("how", ["ENOSPC", "EIO"])
def test_a_failing_call_at_any_point_is_told_with_the_folder(
    tmp_path: Path, how: str
) -> None:
    for _, code, best, is_sound, drafts in points(tmp_path, how)[:-1]:
        assert code == _TOLD
        assert best in (0.1, 0.9)
        assert is_sound
        assert not drafts
