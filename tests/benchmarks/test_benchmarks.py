"""The parts of the benchmarks that can be wrong without anybody noticing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.benchmarks.augmentation import mean_and_error
from tests.benchmarks.engine_rows import ROWS, choose_rows
from tests.benchmarks.engine_table import Rounds, limit, median, per_epoch
from tests.benchmarks.forecasts import Told, errors
from tests.benchmarks.scale_photos import make_photos, with_comment
from tlgui.core.images import decode


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), np.uint8)
    folder = tmp_path / "source"
    folder.mkdir()
    Image.fromarray(noise).save(folder / "one.jpg")
    return folder


def test_made_photos_differ_in_content_and_can_be_read(
    photos: Path, tmp_path: Path
) -> None:
    made = sorted(make_photos(photos, tmp_path, 40).rglob("*.jpg"))
    assert len(made) == 40
    assert len({file.read_bytes() for file in made}) == 40
    assert {file.parent.name for file in made} == {f"class {n:04}" for n in range(4)}
    assert decode(made[-1], 64).shape == (64, 64, 3)


def test_a_comment_changes_the_file_but_not_the_picture(photos: Path) -> None:
    plain = (photos / "one.jpg").read_bytes()
    first, second = with_comment(plain, 1), with_comment(plain, 2)
    assert first != second
    assert (decode(first, 64) == decode(plain, 64)).all()
    with pytest.raises(ValueError, match="expected a JPEG"):
        with_comment(b"something else", 1)


def test_errors_of_estimates_count_between_a_tenth_and_nine_tenths() -> None:
    told = [Told(5.0, 1.0), Told(10.0, 99.0), Told(50.0, 25.0), Told(95.0, 500.0)]
    found = errors([*told, Told(60.0, None)], 100.0)
    assert found["at_tenth"] == pytest.approx({"seconds": 9.0, "share": 0.1})
    assert found["worst"] == pytest.approx({"seconds": -25.0, "share": -0.5})
    assert errors([Told(50.0, None)], 100.0) == {}


def test_rows_are_chosen_by_group_name_and_pattern() -> None:
    def keys(*names: str, with_torch: bool = False) -> list[str]:
        return [row.key for row in choose_rows(list(names), with_torch=with_torch)]

    assert keys("head.keras") == ["head.keras"]
    assert keys("head.ours-*") == ["head.ours-first", "head.ours-again"]
    assert set(keys("epoch.everything")) == {
        "epoch.everything.keras-default",
        "epoch.everything.keras",
        "epoch.everything.ours",
    }
    assert "epoch.everything.keras-default" not in keys()
    assert keys("torch") == []
    assert keys("torch", with_torch=True) == ["torch.head", "torch.all"]
    with pytest.raises(SystemExit, match="“nothing”"):
        keys("nothing")


def test_every_first_run_comes_before_its_repetition() -> None:
    keys = list(ROWS)
    for group in ("head", "command", "light"):
        assert keys.index(f"{group}.ours-first") < keys.index(f"{group}.ours-again")


def test_medians_leave_the_first_epoch_out() -> None:
    rounds: Rounds = {
        "a": [{"seconds": s, "ends": [9.0, 10.0, 11.0, 12.5]} for s in (1.0, 5.0, 2.0)],
        "head.limit": [{"seconds": 3.0}],
        "head.limit-overlapped": [{"seconds": 2.0}],
    }
    assert median(rounds, "a") == 2.0
    assert per_epoch(rounds, "a") == 1.0
    assert median(rounds, "b") is None
    assert limit(rounds) == 2.0


def test_standard_error() -> None:
    assert mean_and_error([0.8, 0.9, 1.0]) == pytest.approx((0.9, 0.1 / 3**0.5))
