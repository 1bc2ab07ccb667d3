"""A backbone that is not on this computer: downloaded, and trained."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from tlgui import cli
from tlgui.core import catalogue
from tlgui.core.backbone import Backbone, WeightsFile
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.events import Event, ProgressMade, Stage, StageChanged, Stop
from tlgui.core.settings import AppSettings, settings_file, weights_dir, write_settings
from tlgui.ml import download
from tlgui.ml.applications import build_original
from tlgui.ml.backbones import build_backbone
from tlgui.ml.fetching import fetch_weights, thinned
from tlgui.ml.warm_up import warm_up

pytestmark = pytest.mark.tf
NAME = "mobilenet-v3-small"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as Keras publishes it, with random weights."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    backbone = find_backbone(NAME)
    assert backbone.published is not None
    file = tmp_path_factory.mktemp("published") / backbone.published.name
    with h5py.File(file, "w") as stream:
        original = build_original(NAME, backbone.input_size)
        legacy_h5_format.save_weights_to_hdf5_group(stream, original)
    return file


@pytest.fixture
def served(published: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backbone]:
    """The catalogue's entry, with a server on this computer as its publisher."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(published.parent))
    )
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/{published.name}"
    digest = hashlib.md5(published.read_bytes(), usedforsecurity=False).hexdigest()
    made = dataclasses.replace(
        find_backbone(NAME),
        weights_id=digest,
        published=WeightsFile(published.name, address, {"md5": digest}),
    )
    changed = MappingProxyType({**CATALOGUE, NAME: made})
    monkeypatch.setattr(catalogue, "CATALOGUE", changed)
    monkeypatch.setattr(download, "_WAITS", (0.01,))
    yield made
    server.shutdown()
    server.server_close()


def test_it_is_downloaded_once_and_told(served: Backbone) -> None:
    events: list[Event] = []
    fetch_weights(served, events.append)
    assert served.weights_path is not None
    assert events[0] == StageChanged(Stage.DOWNLOADING)
    last = events[-1]
    assert isinstance(last, ProgressMade)
    assert last.done == last.total == served.weights_path.stat().st_size
    events.clear()
    fetch_weights(served, events.append)
    assert not events


def test_the_model_has_the_weights_of_the_file(
    served: Backbone, published: Path
) -> None:
    fetch_weights(served, lambda event: None)
    model = build_backbone(served)
    original = build_original(NAME, served.input_size)
    original.load_weights(published)
    size = served.input_size
    pixels = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), np.uint8)
    floats = pixels.astype(np.float32)
    np.testing.assert_allclose(
        np.asarray(model(floats)), np.asarray(original(floats)), atol=1e-5
    )


def test_training_begins_with_the_download(
    served: Backbone, colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--backbone", NAME, "--epochs", "2", "--augment", "none", "--json"]
    run = tmp_path / "run"
    assert cli.main(["train", str(colours), "--out", str(run), *options]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    stages = [line["stage"] for line in told if line["event"] == "stage_changed"]
    assert stages[:2] == ["downloading", "reading"]
    assert (run / "model.keras").is_file()
    assert cli.main(["predict", str(run), str(colours / "red")]) == 0
    assert "red" in capsys.readouterr().out


def test_weights_that_are_not_the_published_ones_are_refused(served: Backbone) -> None:
    assert served.published is not None
    wrong = WeightsFile(served.published.name, served.published.address, {"md5": "0"})
    with pytest.raises(TlguiError, match="checksum is another one"):
        fetch_weights(dataclasses.replace(served, published=wrong), lambda event: None)
    assert served.weights_path is None


def test_without_a_network_a_sentence_says_what_to_do(
    served: Backbone,
    colours: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert served.published is not None
    gone = WeightsFile(served.published.name, "http://127.0.0.1:9/weights.h5")
    nowhere = dataclasses.replace(served, published=gone)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "CATALOGUE", {**CATALOGUE, NAME: nowhere})
        arguments = [str(colours), "--out", str(tmp_path / "run"), "--backbone", NAME]
        assert cli.main(["train", *arguments]) == 2
    assert "works without a network" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_stop_ends_the_download(served: Backbone) -> None:
    with pytest.raises(Stopped):
        fetch_weights(served, lambda event: None, lambda: Stop.DROP)
    assert served.weights_path is None


def test_nothing_is_downloaded_to_warm_up(served: Backbone) -> None:
    warm_up(NAME)
    assert served.weights_path is None


def test_the_command_downloads_and_takes_from_a_folder(
    served: Backbone, published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["models", "--download", NAME]) == 0
    assert served.weights_path is not None
    served.weights_path.unlink()
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("tlgui.cli_models.CATALOGUE", {NAME: served})
        assert cli.main(["models", "--take", str(published.parent)]) == 0
        assert published.name in capsys.readouterr().out
        assert cli.main(["models", "--take", str(published.parent)]) == 2
    assert served.weights_path is not None
    assert "Nothing was taken" in capsys.readouterr().err


def test_the_store_can_be_moved(served: Backbone, tmp_path: Path) -> None:
    place = tmp_path / "stick"
    write_settings(AppSettings(weights_dir=str(place)), settings_file())
    assert weights_dir() == place
    fetch_weights(served, lambda event: None)
    assert served.weights_path is not None
    assert served.weights_path.parent == place


def test_reports_are_thinned_and_the_last_one_always_comes() -> None:
    told: list[Any] = []
    report = thinned(lambda done, total: told.append((done, total)))
    for done in range(1, 1_001):
        report(done, 1_000)
    assert told[0] == (1, 1_000)
    assert told[-1] == (1_000, 1_000)
    assert len(told) < 100
