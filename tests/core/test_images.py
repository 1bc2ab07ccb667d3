from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlgui.core import images
from tlgui.core.images import UnreadableError, decode, inspect, thumbnail

RED, BLUE = (220, 30, 30), (30, 30, 220)


def two_halves(path: Path, exif: Image.Exif | None = None) -> Path:
    """Writes a picture that is red at the left and blue at the right."""
    image = Image.new("RGB", (80, 40), RED)
    image.paste(BLUE, (40, 0, 80, 40))
    if exif is None:
        image.save(path)
    else:
        image.save(path, exif=exif)
    return path


def is_reddish(pixel: np.ndarray) -> bool:
    return bool(pixel[0] > 150 and pixel[2] < 100)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "bmp", "tif"])
def test_every_kind_becomes_rgb_of_the_asked_size(tmp_path: Path, ending: str) -> None:
    pixels = decode(two_halves(tmp_path / f"a.{ending}"), 32)
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    assert is_reddish(pixels[16, 4])
    assert not is_reddish(pixels[16, 28])


def test_bytes_decode_like_the_file(tmp_path: Path) -> None:
    file = two_halves(tmp_path / "a.png")
    np.testing.assert_array_equal(decode(file, 24), decode(file.read_bytes(), 24))


@pytest.mark.parametrize(
    ("orientation", "left_is_red"), [(1, True), (2, False), (3, False), (4, True)]
)
def test_exif_orientation_is_respected(
    tmp_path: Path, orientation: int, left_is_red: bool
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = two_halves(tmp_path / "a.jpg", exif=exif)
    assert is_reddish(decode(file, 32)[16, 4]) is left_is_red
    assert is_reddish(thumbnail(file, 32)[8, 2]) is left_is_red


@pytest.mark.parametrize(("orientation", "top_is_red"), [(6, True), (8, False)])
def test_turned_photos_are_turned_upright(
    tmp_path: Path, orientation: int, top_is_red: bool
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = two_halves(tmp_path / "a.jpg", exif=exif)
    assert is_reddish(decode(file, 32)[4, 16]) is top_is_red
    found = inspect(file)
    assert (found.width, found.height) == (40, 80)


def test_sixteen_bit_greys_are_neither_black_nor_white(tmp_path: Path) -> None:
    values = np.linspace(1_000, 3_000, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    pixels = decode(tmp_path / "a.png", 64)
    assert pixels[:4].mean() < 30
    assert pixels[-4:].mean() > 225


def test_float_tiffs_with_gaps_are_readable(tmp_path: Path) -> None:
    values = np.full((16, 16), 0.5, np.float32)
    values[0, 0], values[0, 1] = np.nan, 1.0
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert decode(tmp_path / "a.tif", 16).max() == 255


def test_see_through_pictures_lie_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png", 8).min() == 255


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    assert is_reddish(decode(tmp_path / "a.jpg", 8)[4, 4])


def test_thumbnails_keep_their_proportions(tmp_path: Path) -> None:
    assert thumbnail(two_halves(tmp_path / "a.png"), 40).shape == (20, 40, 3)


def test_reduced_jpeg_decoding_stays_close_to_the_full_picture(
    hymenoptera: Path,
) -> None:
    for file in sorted((hymenoptera / "val" / "bees").iterdir())[:10]:
        with Image.open(file) as image:
            full = image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
        difference = np.abs(decode(file, 224).astype(int) - np.asarray(full))
        assert difference.mean() < 3


def broken_files(folder: Path) -> dict[str, Path]:
    good = two_halves(folder / "good.jpg").read_bytes()
    made = {
        "empty": b"",
        "cut": good[: len(good) // 2],
        "noise": np.random.default_rng(0).bytes(500),
        "text": b"this is not a picture",
        "header": good[:20],
    }
    files = {}
    for name, content in made.items():
        files[name] = folder / f"{name}.jpg"
        files[name].write_bytes(content)
    return files


@pytest.mark.parametrize("name", ["empty", "cut", "noise", "text", "header"])
def test_broken_files_are_told_by_a_reason(tmp_path: Path, name: str) -> None:
    file = broken_files(tmp_path)[name]
    for read in (inspect, lambda path: decode(path, 32)):
        with pytest.raises(UnreadableError) as told:
            read(file)
        assert str(told.value)
        assert "Traceback" not in str(told.value)


def test_reasons_are_in_plain_words(tmp_path: Path) -> None:
    files = broken_files(tmp_path)
    with pytest.raises(UnreadableError, match="empty"):
        inspect(files["empty"])
    with pytest.raises(UnreadableError, match="cut off"):
        inspect(files["cut"])
    with pytest.raises(UnreadableError, match="no longer there"):
        decode(tmp_path / "gone.jpg", 32)


def test_a_bomb_is_refused_before_it_unfolds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 1_000)
    with pytest.raises(UnreadableError, match="80 x 40 pixels"):
        inspect(two_halves(tmp_path / "a.png"))


@pytest.mark.parametrize("name", ["a.gif", "a.heic", "a.txt", "a.svg", "README"])
def test_other_kinds_are_refused_by_their_ending(name: str) -> None:
    assert images.refusal(Path(name))


def test_an_ending_in_capitals_is_welcome() -> None:
    assert images.refusal(Path("IMG_0001.JPG")) is None
