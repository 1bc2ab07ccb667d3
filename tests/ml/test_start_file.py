"""Weights to start from: kept whole, read without trust, known again by name."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.types import Floats
from tlgui.ml.start_file import (
    StartingWeights,
    digest_of,
    make_starting_weights,
    read_start_file,
    write_start_file,
)

LITE0 = find_backbone("efficientnet-lite0")
SIZES = {
    layer.name: layer.parameters
    for block in LITE0.blocks
    for layer in block.layers
    if layer.parameters
}


def layers(seed: int = 0) -> dict[str, list[Floats]]:
    """Numbers for every layer, in other shapes than Keras has: only sizes are asked."""
    generator = np.random.default_rng(seed)
    return {
        name: [generator.normal(size=size).astype(np.float32)]
        for name, size in SIZES.items()
    }


def head(classes: int) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(classes)
    kernel = generator.normal(size=(LITE0.features, classes)).astype(np.float32)
    return kernel, generator.normal(size=classes).astype(np.float32)


def test_weights_survive_their_file(tmp_path: Path) -> None:
    weights = make_starting_weights(LITE0, layers(), head(2), ["ants", "Bienen 蜂"])
    write_start_file(tmp_path / "start.weights.npz", weights)
    again = read_start_file(tmp_path / "start.weights.npz")
    assert again.class_names == ("ants", "Bienen 蜂")
    assert again.backbone == LITE0.name
    assert again.sha256 == weights.sha256
    assert again.layers is not None
    assert again.head is not None
    for name, (array,) in layers().items():
        np.testing.assert_array_equal(again.layers[name][0], array)
    for ours, theirs in zip(again.head, head(2), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [path.name for path in tmp_path.iterdir()] == ["start.weights.npz"]


def test_a_head_alone_is_a_small_file(tmp_path: Path) -> None:
    weights = StartingWeights(LITE0.name, None, head(2), ("a", "b"))
    write_start_file(tmp_path / "start.weights.npz", weights)
    assert (tmp_path / "start.weights.npz").stat().st_size < 20_000
    again = read_start_file(tmp_path / "start.weights.npz")
    assert again.layers is None
    assert again.backbone_in(tmp_path) == LITE0


def test_other_weights_have_another_name() -> None:
    """By this name everything that was computed from weights is kept."""
    one, other = (make_starting_weights(LITE0, layers(seed)) for seed in (0, 1))
    names = {w.backbone_in(Path("x")).weights_id for w in (one, other)}
    assert len(names | {LITE0.weights_id}) == 3
    changed = layers()
    changed["stem_conv"][0][0] += 1e-3
    assert digest_of({n: tuple(a) for n, a in changed.items()}) != one.sha256


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stem_conv": None}, "the layer 'stem_conv' is missing"),
        ({"stranger": [np.zeros(3, np.float32)]}, "the layer 'stranger' is unknown"),
        ({"stem_conv": [np.zeros(3, np.float32)]}, "3 numbers instead of 864"),
    ],
)
def test_every_layer_must_be_there(change: dict[str, Any], reason: str) -> None:
    changed = {n: a for n, a in (layers() | change).items() if a is not None}
    with pytest.raises(ValueError, match=reason):
        make_starting_weights(LITE0, changed)


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"], ["a", "a"]])
def test_a_head_must_fit_its_classes(names: list[str]) -> None:
    with pytest.raises(ValueError, match="its head"):
        make_starting_weights(LITE0, layers(), head(2), names)


# -- the head --------------------------------------------------------------------


def test_classes_keep_their_weights_in_any_order() -> None:
    weights = StartingWeights(LITE0.name, None, head(3), ("a", "b", "c"))
    found = weights.head_for(["c", "a", "b"])
    assert found is not None
    kernel, bias = head(3)
    np.testing.assert_array_equal(found[0], kernel[:, [2, 0, 1]])
    np.testing.assert_array_equal(found[1], bias[[2, 0, 1]])
    assert weights.notice_for(["c", "a", "b"]) == ""


def test_a_new_class_never_wins_at_first() -> None:
    """It begins as the mean of the known ones, so what was right stays right."""
    weights = StartingWeights(LITE0.name, None, head(3), ("a", "b", "gone"))
    found = weights.head_for(["a", "new", "b", "newer"])
    assert found is not None
    kernel, bias = found
    features = np.random.default_rng(1).normal(size=(50, LITE0.features))
    logits = features @ kernel + bias
    np.testing.assert_allclose(logits[:, 1], logits[:, [0, 2]].mean(axis=1), rtol=1e-4)
    np.testing.assert_array_equal(logits[:, 1], logits[:, 3])
    old_kernel, old_bias = head(3)
    old = (features @ old_kernel + old_bias)[:, :2].argmax(axis=1)
    np.testing.assert_array_equal(logits.argmax(axis=1), np.array([0, 2])[old])
    sentence = "New to the model that this starts from: c, d, e, f, g and 2 more."
    assert weights.notice_for([*"abcdefghi"]) == sentence


def test_without_a_class_in_common_the_head_is_new() -> None:
    weights = StartingWeights(LITE0.name, None, head(2), ("a", "b"))
    assert weights.head_for(["c", "d"]) is None
    assert "knows none of these classes" in weights.notice_for(["c", "d"])
    assert StartingWeights(LITE0.name, None).head_for(["a"]) is None


# -- files of others -------------------------------------------------------------


def npy(header: str, body: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


PLAIN = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
OBJECTS = "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"
HUGE = "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }"
ABOUT = {"version": 1, "backbone": LITE0.name, "class_names": []}


def text_member(values: object) -> bytes:
    body = json.dumps(values).encode()
    shape = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(body)},), }}"
    return npy(shape, body)


def archive(file: Path, members: dict[str, bytes], *, packed: bool = False) -> Path:
    kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", kind) as made:
        for name, content in members.items():
            made.writestr(f"{name}.npy", content)
    return file


def test_the_archives_of_these_tests_are_read(tmp_path: Path) -> None:
    """The control for those below."""
    file = archive(tmp_path / "x.npz", {"about": text_member(ABOUT)})
    assert read_start_file(file) == StartingWeights(LITE0.name, None)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"head/kernel": npy(PLAIN, b"x" * 8)}, "about"),
        ({"about": text_member(ABOUT), "x": npy(OBJECTS, b"x" * 16)}, "no plain array"),
        ({"about": text_member(ABOUT), "x": npy(HUGE)}, "contradicts itself"),
        ({"about": text_member(ABOUT), "x": b"no array"}, "no plain array"),
        ({"about": text_member(ABOUT), "layers/a/0": npy(PLAIN, b"x" * 8)}, "layer"),
        ({"about": text_member(ABOUT), "head/kernel": npy(PLAIN, b"x" * 8)}, "head"),
        ({"about": text_member({**ABOUT, "version": 2})}, "another version"),
        ({"about": text_member({**ABOUT, "class_names": [3]})}, "no names"),
        ({"about": text_member([])}, ""),
        ({"about": npy(PLAIN, b"[" * 8)}, ""),
    ],
)
def test_a_strange_archive_is_refused(
    tmp_path: Path, members: dict[str, bytes], reason: str
) -> None:
    file = archive(tmp_path / "start.weights.npz", members)
    with pytest.raises(TlguiError, match=f"missing or damaged.*{reason}"):
        read_start_file(file)


def test_a_packed_archive_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = archive(tmp_path / "x.npz", {"about": bytes(1_000_000)}, packed=True)
    with pytest.raises(TlguiError, match="larger than the file"):
        read_start_file(file)


def test_a_flipped_bit_a_cut_end_a_link_and_nothing_are_told(tmp_path: Path) -> None:
    file = tmp_path / "start.weights.npz"
    write_start_file(file, make_starting_weights(LITE0, layers()))
    whole = file.read_bytes()
    middle = len(whole) // 2
    flipped = bytes([whole[middle] ^ 1])
    for content in (
        whole[:middle] + flipped + whole[middle + 1 :],
        whole[:-1000],
        b"",
    ):
        file.write_bytes(content)
        with pytest.raises(
            TlguiError, match=r"start\.weights\.npz are missing or dama"
        ):
            read_start_file(file)
    file.unlink()
    with pytest.raises(TlguiError, match="no such file"):
        read_start_file(file)


def test_a_backbone_that_is_not_known_is_told(tmp_path: Path) -> None:
    about = text_member({**ABOUT, "backbone": "efficientnet-lite9"})
    with pytest.raises(TlguiError, match="There is no backbone"):
        read_start_file(archive(tmp_path / "x.npz", {"about": about}))
