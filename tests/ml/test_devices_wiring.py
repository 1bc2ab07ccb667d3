"""Whether frozen layers are left to TensorFlow is asked without importing it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tlgui.core.catalogue import find_backbone
from tlgui.core.types import Pixels
from tlgui.ml import devices, prefix
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.devices import prefers_tensorflow

ASK = """
import sys
from tlgui.ml.devices import prefers_tensorflow
prefers_tensorflow()
assert not {"tensorflow", "keras"} & set(sys.modules)
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="there the package says it")
def test_asking_imports_nothing_where_there_is_no_sign_of_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if devices._has_signs_of_gpu():
        pytest.skip("this computer has a GPU")
    subprocess.run([sys.executable, "-c", ASK], check=True)


def test_only_a_gpu_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_has_signs_of_gpu", lambda: True)
    monkeypatch.setattr(devices, "find_devices", lambda: devices.Devices())
    assert not prefers_tensorflow()
    gpu = devices.Gpu("GPU:0", "made up", (8, 0))
    monkeypatch.setattr(devices, "find_devices", lambda: devices.Devices((gpu,)))
    assert prefers_tensorflow()


def test_with_a_gpu_frozen_layers_run_in_tensorflow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Plain(prefix.KerasPrefix):
        def __init__(self, cut: Cut) -> None:
            self.cut = cut

    def never() -> Pixels:
        raise AssertionError("nothing is compared")

    monkeypatch.setattr(prefix, "prefers_tensorflow", lambda: True)
    monkeypatch.setattr(prefix, "KerasPrefix", Plain)
    cut = Cut(find_backbone("efficientnet-lite0"), POOLED)
    made = prefix.make_prefix(cut, [tmp_path], never)
    assert isinstance(made, Plain)
    assert made.cut is cut
    prefix.convert_prefix(cut, [tmp_path])
    assert not list(tmp_path.iterdir())
