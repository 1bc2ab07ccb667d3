"""After a power cut at any moment everything is old or new, whole, and opens."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.crash.power_cut import Cut
from tests.crash.test_points import PLAIN, run
from tests.crash.writer import NEW, OLD

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX calls")


def cuts(work: Path, left_out: str, *writers: str) -> list[Cut]:
    """What may be left of some writers."""
    lines = run("power_cut", str(work), left_out, *writers)
    return [Cut(**json.loads(line)) for line in lines]


def test_old_or_new_is_left_and_what_was_written_stays(tmp_path: Path) -> None:
    found = cuts(tmp_path, "nothing", *PLAIN)
    assert {cut.writer for cut in found} == set(PLAIN)
    for cut in found:
        assert cut.left in (OLD, NEW), cut
    for name in PLAIN:
        last = [cut.left for cut in found if cut.writer == name][-1]
        assert last == NEW, name


@pytest.mark.parametrize(
    "writer", ["training", pytest.param("resuming", marks=pytest.mark.slow)]
)
def test_a_run_goes_on_from_its_last_checkpoint(tmp_path: Path, writer: str) -> None:
    found = cuts(tmp_path, "nothing", writer)
    left = Counter(cut.left for cut in found)
    assert left.keys() <= {"no run yet", "goes on", "finished"}, left
    assert left["goes on"] > 100
    assert left["finished"] > 1


@pytest.mark.parametrize("left_out", ["files", "folders"])
def test_a_writer_that_does_not_flush_is_noticed(tmp_path: Path, left_out: str) -> None:
    """The model of a disk is no friendlier than a disk."""
    names = {"project", "history", "new run", "copy"}
    found = cuts(tmp_path, left_out, *names)
    assert {cut.writer for cut in found if cut.left.startswith("!")} == names
