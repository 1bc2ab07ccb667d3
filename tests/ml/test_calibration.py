"""How fast this computer trains, measured and remembered."""

import json

import pytest

from tlgui import paths
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import Stopped
from tlgui.ml import calibration
from tlgui.ml.calibration import known_speed, measure_speed
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.prefix import is_checked

pytestmark = pytest.mark.tf


def test_a_speed_is_measured_and_known_from_then_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("TLGUI_PREFIX_DIR", str(tmp_path))
    assert known_speed() is None
    speed = measure_speed()
    assert 1e-13 < speed.per_frozen_product < 1e-8
    assert speed.per_product >= 0
    assert speed.per_number >= 0
    assert speed.per_product + speed.per_number > 0
    assert known_speed() == speed
    cut = Cut(find_backbone("efficientnet-lite0"), POOLED)
    assert not is_checked(cut, paths.prepared_dirs()), "that is for a person's pictures"
    file = calibration._file()
    values = json.loads(file.read_text(encoding="utf-8"))
    values["versions"]["keras"] = "2.0"
    file.write_text(json.dumps(values), encoding="utf-8")
    assert known_speed() is None, "another version may be faster"
    file.write_text("[]", encoding="utf-8")
    assert known_speed() is None


def test_a_stop_is_heeded() -> None:
    with pytest.raises(Stopped):
        measure_speed(lambda: True)
