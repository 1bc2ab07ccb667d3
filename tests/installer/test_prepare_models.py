"""What package builds prepare is what a first run would have prepared."""

from pathlib import Path

import pytest

from installer import prepare_models
from tlgui import paths
from tlgui.core.catalogue import find_backbone
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.prefix import is_checked, make_prefix

pytestmark = pytest.mark.tf


@pytest.mark.slow
def test_a_bundle_spares_the_first_run_its_conversion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert")
    import numpy as np

    backbone = find_backbone("efficientnet-lite0")
    monkeypatch.setattr(prepare_models, "CATALOGUE", {backbone.name: backbone})
    bundled = tmp_path / "resources" / "prefixes"
    prefix, template = sorted(prepare_models.prepare(bundled), reverse=True)
    assert (prefix.suffix, template.suffix) == (".tflite", ".keras")

    monkeypatch.setattr(paths, "resource_dir", lambda: tmp_path / "resources")
    monkeypatch.setenv("TLGUI_PREFIX_DIR", str(tmp_path / "own"))
    cut, folders = Cut(backbone, POOLED), paths.prepared_dirs()
    assert not is_checked(cut, folders), "not yet on this computer"
    size = backbone.input_size
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 256, (2, size, size, 3)).astype(np.uint8)
    fast = make_prefix(cut, folders, lambda: samples)
    assert is_checked(cut, folders)
    assert [file.suffix for file in (tmp_path / "own").iterdir()] == [".checked"]
    assert fast.run(samples).shape == (2, backbone.features)
