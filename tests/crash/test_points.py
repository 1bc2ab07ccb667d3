"""Whoever writes is ended or disturbed at every call that it makes to the system."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from tests.crash.points import DONE, SWALLOWED, TOLD, Point
from tests.crash.project_writers import PROJECT_WRITERS
from tests.crash.writer import NEW, OLD

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")
ROOT = Path(__file__).resolve().parent.parent.parent
# What is cleared away, looked for before it is made, or the rights of a copied file.
HARMLESS = {"remove", "open", "folder", "mode"}
PLAIN = sorted(PROJECT_WRITERS)


def run(module: str, *arguments: str) -> Iterator[str]:
    """The lines that a module of this folder answers."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.crash.{module}", *arguments],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # forks want no threads
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    yield from done.stdout.splitlines()


def points(work: Path, how: str, *writers: str) -> list[Point]:
    """What came of all points but those that were not reached."""
    found = [
        Point(**json.loads(line)) for line in run("points", str(work), how, *writers)
    ]
    for name, of_one in groupby(found, key=lambda point: point.writer):
        *_, last = of_one
        assert (last.kind, last.code) == ("", DONE), f"{name} gets by all points"
        assert last.left in (NEW, "finished")
    return [point for point in found if point.kind]


def test_a_kill_at_any_point_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    found = points(tmp_path, "kill", *PLAIN)
    assert len(found) > 150
    for point in found:
        assert point.code == -signal.SIGKILL, point
        assert point.left in (OLD, NEW), point
    for name, of_one in groupby(found, key=lambda point: point.writer):
        order = [point.left for point in of_one]
        assert set(order) == {OLD, NEW}, name
        assert order == sorted(order, reverse=True), f"{name}: old, then new"


def check_killed_runs(found: list[Point]) -> None:
    for point in found:
        assert point.code == -signal.SIGKILL, point
        assert point.left in ("no run yet", "goes on", "finished"), point


def test_a_run_that_is_killed_at_any_point_ends_as_if_it_had_not_been(
    tmp_path: Path,
) -> None:
    found = points(tmp_path, "kill", "training")
    assert len(found) > 180
    check_killed_runs(found)
    assert {point.left for point in found} == {"no run yet", "goes on", "finished"}


@pytest.mark.slow
def test_a_run_that_is_killed_again_when_it_goes_on_still_does(tmp_path: Path) -> None:
    check_killed_runs(points(tmp_path, "kill", "resuming"))


@pytest.mark.parametrize(
    "how", ["ENOSPC", "EIO", pytest.param("full", marks=pytest.mark.slow)]
)
def test_a_failing_call_at_any_point_is_told_with_the_folder(
    tmp_path: Path, how: str
) -> None:
    check_failing(points(tmp_path, how, *PLAIN))


@pytest.mark.tf
@pytest.mark.slow
@pytest.mark.parametrize("how", ["ENOSPC", "EIO", "full"])
def test_a_model_that_keras_cannot_write_is_told_with_the_folder(
    tmp_path: Path, how: str
) -> None:
    check_failing(points(tmp_path, how, "keras model"))


def check_failing(found: list[Point]) -> None:
    assert found
    for point in found:
        assert point.code == TOLD or _is_harmless(point), point
        assert point.left in (OLD, NEW), point
        assert not point.drafts, point


@pytest.mark.parametrize(
    ("how", "writer"),
    [
        ("ENOSPC", "training"),
        ("EIO", "training"),
        pytest.param("full", "training", marks=pytest.mark.slow),
        pytest.param("ENOSPC", "resuming", marks=pytest.mark.slow),
        pytest.param("EIO", "resuming", marks=pytest.mark.slow),
        pytest.param("full", "resuming", marks=pytest.mark.slow),
    ],
)
def test_a_run_goes_on_or_can_go_on_wherever_the_disk_fails(
    tmp_path: Path, how: str, writer: str
) -> None:
    found = points(tmp_path, how, writer)
    for point in found:
        assert point.code == TOLD or _is_harmless(point), point
        assert point.left in ("no run yet", "goes on", "finished"), point
        assert not point.drafts, point
    assert {"goes on", "finished"} <= {point.left for point in found}


def _is_harmless(point: Point) -> bool:
    return point.code == SWALLOWED and point.kind in HARMLESS
