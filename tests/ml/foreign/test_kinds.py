"""What a file is, and what is said where it is nothing for us."""

import os
import sys
from pathlib import Path

import pytest

from tlgui.core.errors import TlguiError
from tlgui.ml.foreign.gate import open_foreign
from tlgui.ml.foreign.refusal import Refusal, RefusedFileError, refused


def test_a_missing_file_is_the_persons_trouble(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match="cannot be read: No such file"):
        open_foreign(tmp_path / "none.keras")


def test_the_sentence_says_file_reason_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL3")
    with pytest.raises(RefusedFileError) as told:
        open_foreign(path)
    assert str(told.value) == (
        f"The model {path} was not opened: it is a TFLite model, which was made for "
        "predicting and cannot be trained. In the program that made it, save the model "
        "as a Keras file (.keras or .h5) and choose that one."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.keras"
    os.mkfifo(path)
    with pytest.raises(RefusedFileError, match="a device or a pipe"):
        open_foreign(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.keras"
    with path.open("wb") as stream:
        stream.truncate(5 * 2**30)  # takes no room on the disk
    with pytest.raises(RefusedFileError, match=r"5,368,709,120 bytes"):
        open_foreign(path)


def test_what_a_file_says_of_itself_is_shown_as_plain_text() -> None:
    """A window must not take it for formatting."""
    refusal = Refusal("it names '<img src=x>\u202e\n' " + "x" * 1000)
    told = str(refused(Path("a.keras"), refusal))
    assert "<" not in told
    assert told.isprintable()
    assert len(told) < 600


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(RefusedFileError, match="it is a folder"):
        open_foreign(tmp_path)


def test_older_keras_files_are_hdf5_whatever_their_name(tmp_path: Path) -> None:
    from tests.ml.foreign.hostile import weights

    path = tmp_path / "old.keras"
    path.write_bytes(weights())
    assert open_foreign(path).numbers == 10
