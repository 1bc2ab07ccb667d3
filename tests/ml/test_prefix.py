"""The frozen layers in LiteRT: Keras' numbers, or Keras itself."""

import json
import logging
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tlgui.core import storage
from tlgui.core.catalogue import find_backbone
from tlgui.core.types import Floats, Pixels
from tlgui.ml import cuts, litert_prefix, prefix_files
from tlgui.ml.cuts import POOLED, Cut, find_cut
from tlgui.ml.litert_prefix import Lanes, LiteRtPrefix, best_lanes
from tlgui.ml.prefix import TOLERANCE, KerasPrefix, convert_prefix, make_prefix

BACKBONE = find_backbone("efficientnet-lite0")
NAMES = tuple(block.name for block in BACKBONE.blocks)
MIDDLE = "block4c"  # nine of the eighteen blocks are behind it
TWIN = "block4b"  # of the same shape
litert = pytest.mark.skipif(
    not litert_prefix.has_litert(), reason="LiteRT has no wheel for this computer"
)
SECOND = """
import sys
from pathlib import Path
import numpy as np
from tlgui.core.catalogue import find_backbone
from tlgui.ml.cuts import Cut
from tlgui.ml.prefix import make_prefix
folder, block, pixels = sys.argv[1:]
cut = Cut(find_backbone("efficientnet-lite0"), block)
prefix = make_prefix(cut, [Path(folder)], lambda: 1 / 0)
np.save(pixels.replace("pixels", "found"), prefix.run(np.load(pixels)))
assert not {"tensorflow", "keras"} & set(sys.modules)
print(type(prefix).__name__)
"""


def pictures(count: int, size: int = BACKBONE.input_size) -> Pixels:
    """Something with edges and areas, each another."""
    rng = np.random.default_rng(count)
    coarse = rng.integers(0, 256, (count, size // 28, size // 28, 3))
    fine = coarse.repeat(28, 1).repeat(28, 2) + rng.integers(-30, 30, (size, size, 3))
    found: Pixels = np.clip(fine, 0, 255).astype(np.uint8)
    return found


def three() -> Pixels:
    return pictures(3)


def never() -> Pixels:
    raise AssertionError("nothing is compared")


def distance(expected: Floats, found: Floats) -> float:
    assert expected.shape == found.shape
    return float(np.abs(expected - found).max() / np.abs(expected).max())


def reports(caplog: pytest.LogCaptureFixture, part: str) -> bool:
    return any(
        part in record.getMessage() and record.levelno == logging.INFO
        for record in caplog.records
    )


@pytest.mark.parametrize(
    ("trainable", "block"),
    [
        ((), POOLED),
        (NAMES[-1:], "block7a"),
        (NAMES[-2:], "block6d"),
        (NAMES[9:], MIDDLE),
        (("block5c", "block2a"), "block1a"),
        (NAMES[:1], None),
        (NAMES, None),
    ],
    ids=["head", "last:1", "last:2", "half", "hand-picked", "first", "all"],
)
def test_the_cut_lies_before_the_first_block_that_may_change(
    trainable: tuple[str, ...], block: str | None
) -> None:
    cut = find_cut(BACKBONE, trainable)
    assert (cut.block if cut else None) == block


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite2"])
def test_every_cut_has_the_shape_and_a_name_of_its_own(name: str) -> None:
    backbone = find_backbone(name)
    cuts = [Cut(backbone, block.name) for block in backbone.blocks]
    assert [cut.shape for cut in cuts] == [b.output_shape for b in backbone.blocks]
    assert Cut(backbone, POOLED).shape == (backbone.features,)
    assert len({cut.name for cut in cuts}) == len(cuts)
    assert Cut(BACKBONE, POOLED).name != Cut(find_backbone(name), POOLED).name or (
        backbone is BACKBONE
    )


@pytest.mark.tf
def test_keras_own_prefix_is_the_part_of_the_backbone_it_says() -> None:
    """Every cut's tensor has the catalogue's shape and leads on to the output."""
    import keras

    from tlgui.ml.backbones import build_backbone

    whole = build_backbone(BACKBONE)
    pixels = pictures(2).astype(np.float32)
    expected = whole(pixels, training=False)
    for block in (NAMES[0], MIDDLE, NAMES[-2]):
        cut = Cut(BACKBONE, block)
        front = cuts.prefix_model(whole, cut)
        assert front.output_shape == (None, *cut.shape)
        behind = keras.Model(cuts.cut_output(whole, cut), whole.output)
        found = behind(front(pixels, training=False), training=False)
        np.testing.assert_array_equal(found, expected)


@litert
@pytest.mark.tf
@pytest.mark.parametrize("block", [POOLED, MIDDLE])
def test_litert_gives_the_numbers_of_keras_for_every_number_of_samples(
    block: str, converted_prefixes: Path
) -> None:
    cut = Cut(BACKBONE, block)
    fast = make_prefix(cut, [converted_prefixes], three)
    assert isinstance(fast, LiteRtPrefix)
    pixels = pictures(33)
    found = fast.run(pixels)
    assert found.dtype == np.float32
    assert distance(KerasPrefix(cut).run(pixels), found) < TOLERANCE
    for count in (0, 1, 7, 8, 9):
        np.testing.assert_array_equal(fast.run(pixels[:count]), found[:count])
        last = slice(33 - count, 33)
        np.testing.assert_array_equal(fast.run(pixels[last]), found[last])


@litert
@pytest.mark.tf
@pytest.mark.parametrize("lanes", [Lanes(1, 2), Lanes(2, 1)], ids=str)
def test_lanes_share_the_samples_and_change_no_number(
    lanes: Lanes, kept: Callable[[str], Path]
) -> None:
    cut = Cut(BACKBONE, TWIN)
    content = (kept(TWIN) / f"{cut.name}.tflite").read_bytes()
    prefix = LiteRtPrefix(cut, content, lanes)
    pixels = pictures(19)
    found = prefix.run(pixels)
    assert distance(KerasPrefix(cut).run(pixels), found) < TOLERANCE
    for count in (0, 1, 2, 9):
        np.testing.assert_array_equal(prefix.run(pixels[:count]), found[:count])


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ({Lanes(4, 2): 1.0, Lanes(1, 8): 0.95, Lanes(1, 4): 0.92}, Lanes(4, 2)),
        ({Lanes(4, 2): 1.0, Lanes(1, 8): 0.8, Lanes(1, 4): 0.7}, Lanes(1, 4)),
        ({Lanes(4, 2): math.inf, Lanes(1, 8): 2.0, Lanes(1, 4): 3.0}, Lanes(1, 8)),
    ],
)
def test_one_lane_is_taken_where_it_is_clearly_faster(
    seconds: dict[Lanes, float], best: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litert_prefix, "available_cores", lambda: 8)
    monkeypatch.setattr(
        litert_prefix, "_seconds", lambda cut, content, lanes: seconds[lanes]
    )
    assert best_lanes(Cut(BACKBONE, POOLED), b"") == best


@litert
@pytest.mark.tf
def test_the_second_time_needs_neither_tensorflow_nor_a_comparison(
    converted_prefixes: Path, tmp_path: Path
) -> None:
    fast = make_prefix(Cut(BACKBONE, POOLED), [converted_prefixes], three)
    file = tmp_path / "pixels.npy"
    np.save(file, pictures(5))
    answer = subprocess.run(
        [sys.executable, "-c", SECOND, str(converted_prefixes), POOLED, str(file)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert answer.stdout.split() == ["LiteRtPrefix"], answer.stderr
    np.testing.assert_array_equal(
        np.load(tmp_path / "found.npy"), fast.run(pictures(5))
    )


@pytest.mark.tf
def test_without_litert_keras_runs_and_nothing_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    cut = Cut(BACKBONE, NAMES[1])
    convert_prefix(cut, [tmp_path / "prefixes"])
    found = make_prefix(cut, [tmp_path / "prefixes"], three)
    assert isinstance(found, KerasPrefix)
    assert found.run(three()).shape == (3, *cut.shape)
    assert not (tmp_path / "prefixes").exists()
    assert reports(caplog, "LiteRT is not used")


@pytest.fixture
def kept(converted_prefixes: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A folder of the test's own with what all tests have converted."""

    def keep(block: str) -> Path:
        make_prefix(Cut(BACKBONE, block), [converted_prefixes], three)
        folder = tmp_path / "own"
        folder.mkdir(exist_ok=True)
        for file in converted_prefixes.glob(f"{Cut(BACKBONE, block).name}.*"):
            shutil.copy(file, folder)
        return folder

    return keep


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The blocks that were converted."""
    told: list[str] = []
    convert = litert_prefix.convert

    def count(cut: Cut) -> bytes:
        told.append(cut.block)
        return convert(cut)

    monkeypatch.setattr(litert_prefix, "convert", count)
    return told


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :: 4096] = bytes(len(content[len(content) // 2 :: 4096]))
    content[:64] = bytes(64)
    file.write_bytes(content)


def shorten(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100_000])


@litert
@pytest.mark.tf
@pytest.mark.parametrize("harm", [damage, shorten, Path.unlink])
def test_a_damaged_file_is_converted_again(
    harm: Callable[[Path], None],
    kept: Callable[[str], Path],
    conversions: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    cut = Cut(BACKBONE, TWIN)
    folder = kept(TWIN)
    conversions.clear()
    right = LiteRtPrefix(cut, (folder / f"{cut.name}.tflite").read_bytes(), Lanes(1, 2))
    harm(folder / f"{cut.name}.tflite")
    again = make_prefix(cut, [folder], three)
    assert isinstance(again, LiteRtPrefix)
    assert conversions == [TWIN]
    assert distance(right.run(three()), again.run(three())) < 1e-6
    assert reports(caplog, "does not take") is (harm is not Path.unlink)
    make_prefix(cut, [folder], three)
    assert conversions == [TWIN], "what was mended is kept"


@litert
@pytest.mark.tf
def test_a_file_that_was_converted_beforehand_is_compared_and_kept(
    kept: Callable[[str], Path], conversions: list[str]
) -> None:
    cut = Cut(BACKBONE, TWIN)
    folder = kept(TWIN)
    conversions.clear()
    seal = folder / f"{cut.name}.checked"
    seal.unlink()
    convert_prefix(cut, [folder])
    assert not seal.exists()
    assert isinstance(make_prefix(cut, [folder], three), LiteRtPrefix)
    assert seal.exists()
    assert conversions == []


@litert
@pytest.mark.tf
def test_converting_beforehand_leaves_the_comparison_to_the_first_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = Cut(BACKBONE, TWIN)
    monkeypatch.setattr(litert_prefix, "convert", lambda cut: b"converted")
    convert_prefix(cut, [tmp_path / "new"])
    assert [file.name for file in (tmp_path / "new").iterdir()] == [
        f"{cut.name}.tflite"
    ]


@litert
@pytest.mark.tf
def test_a_file_and_its_seal_under_another_name_are_not_taken(
    kept: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    """The wrong layers, of the right shape: the seal says whose they are."""
    caplog.set_level(logging.INFO)
    kept(MIDDLE)
    folder = kept(TWIN)
    cut, twin = Cut(BACKBONE, MIDDLE), Cut(BACKBONE, TWIN)
    expected = KerasPrefix(cut).run(three())
    for ending in (".tflite", ".checked"):
        shutil.copy(folder / (twin.name + ending), folder / (cut.name + ending))
    found = make_prefix(cut, [folder], three)
    assert reports(caplog, "differ by")
    assert isinstance(found, LiteRtPrefix)
    assert distance(expected, found.run(three())) < TOLERANCE


@litert
@pytest.mark.tf
def test_layers_of_another_shape_are_refused_even_with_a_right_seal(
    kept: Callable[[str], Path],
) -> None:
    folder = kept(TWIN)
    content = (folder / f"{Cut(BACKBONE, TWIN).name}.tflite").read_bytes()
    other = find_backbone("efficientnet-lite1")
    blocks = {block.name: block.output_shape for block in other.blocks}
    for cut in (Cut(BACKBONE, POOLED), Cut(other, TWIN)):
        with pytest.raises(ValueError, match="expected the shapes"):
            LiteRtPrefix(cut, content, Lanes(1, 1))
    assert blocks[TWIN] != Cut(BACKBONE, TWIN).shape


@litert
@pytest.mark.tf
def test_a_right_seal_on_a_useless_file_does_not_last(
    kept: Callable[[str], Path], conversions: list[str]
) -> None:
    cut = Cut(BACKBONE, TWIN)
    folder = kept(TWIN)
    conversions.clear()
    storage.write_bytes(folder / f"{cut.name}.tflite", b"nothing")
    lanes = {"count": 1, "threads": 2}
    seal = {"text": prefix_files.seal_of(cut, b"nothing"), "lanes": lanes}
    storage.write_json(folder / f"{cut.name}.checked", seal)
    assert isinstance(make_prefix(cut, [folder], three), LiteRtPrefix)
    assert conversions == [TWIN]


@litert
@pytest.mark.tf
def test_a_converter_with_wrong_numbers_is_not_trusted(
    kept: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    wrong = (kept(TWIN) / f"{Cut(BACKBONE, TWIN).name}.tflite").read_bytes()
    monkeypatch.setattr(litert_prefix, "convert", lambda cut: wrong)
    cut = Cut(BACKBONE, MIDDLE)
    found = make_prefix(cut, [tmp_path / "new"], three)
    assert isinstance(found, KerasPrefix)
    assert not list((tmp_path / "new").glob("*.tflite"))
    assert reports(caplog, "differ by")
    assert found.run(three()).shape == (3, *cut.shape)

    monkeypatch.setattr(litert_prefix, "convert", lambda cut: 1 / 0)
    again = make_prefix(cut, [tmp_path / "new"], never)
    assert isinstance(again, KerasPrefix), "not tried again with the same runtime"


@litert
@pytest.mark.tf
def test_layers_that_cannot_be_converted_run_in_keras(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    from tensorflow.lite.python.convert_phase import ConverterError

    def refuse(self: object) -> bytes:
        raise ConverterError("no such operation")

    import tensorflow as tf

    monkeypatch.setattr(type(tf.lite.TFLiteConverter([])), "convert", refuse)
    cut = Cut(BACKBONE, NAMES[1])
    assert isinstance(make_prefix(cut, [tmp_path], three), KerasPrefix)
    assert reports(caplog, "no such operation")


@litert
@pytest.mark.tf
@pytest.mark.skipif(os.name == "nt", reason="a file as a folder is another error")
def test_where_nothing_can_be_kept_litert_runs_all_the_same(
    kept: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    cut = Cut(BACKBONE, TWIN)
    content = (kept(TWIN) / f"{cut.name}.tflite").read_bytes()
    monkeypatch.setattr(litert_prefix, "convert", lambda cut: content)
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    assert isinstance(make_prefix(cut, [blocked / "folder"], three), LiteRtPrefix)
    assert reports(caplog, "is converted again next time")


def test_the_seal_names_content_layers_and_runtime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("ai_edge_litert")
    one, other = Cut(BACKBONE, TWIN), Cut(BACKBONE, MIDDLE)
    seals = [prefix_files.seal_of(one, b"a"), prefix_files.seal_of(one, b"b")]
    seals.append(prefix_files.seal_of(other, b"a"))
    monkeypatch.setattr("ai_edge_litert.__version__", "0")
    seals.append(prefix_files.seal_of(one, b"a"))
    assert len(set(seals)) == 4, json.dumps(seals)
