"""Our models against the reference code, live. PyTorch runs in its own process."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.ml.make_golden import FOLDER, NAMES, make_pictures
from tests.ml.test_golden import answer, assert_close
from tlgui.core.catalogue import find_backbone

MISSING = [
    module
    for module in ("torch", "efficientnet_lite_pytorch")
    if importlib.util.find_spec(module) is None
]
pytestmark = [
    pytest.mark.tf,
    pytest.mark.skipif(
        bool(MISSING), reason=f"the parity extra is not installed: {MISSING}"
    ),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("references")
    command = [sys.executable, "-m", "tests.ml.make_golden", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_same_as_the_reference_now(name: str, references: Path) -> None:
    pictures = make_pictures(find_backbone(name).input_size)
    logits, features = answer(name, np.stack(list(pictures.values())))
    with np.load(references / f"{name}.npz") as live:
        assert_close(logits, live["logits"])
        assert_close(features, live["features"])


@pytest.mark.parametrize("name", NAMES)
def test_golden_is_not_stale(name: str, references: Path) -> None:
    live, golden = (np.load(folder / f"{name}.npz") for folder in (references, FOLDER))
    with live, golden:
        assert sorted(live) == sorted(golden)
        for key in ("pictures", "picture_digests", "weights_digest"):
            assert live[key].tolist() == golden[key].tolist()
        for key in ("logits", "features"):
            assert_close(live[key], golden[key])
