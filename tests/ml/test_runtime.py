"""How TensorFlow and Keras are started."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ASKS = """
from tlgui.ml import runtime
runtime.tensorflow()
import keras
print(keras.config.floatx(), keras.config.image_data_format())
"""


@pytest.mark.tf
def test_what_other_programs_have_set_for_keras_changes_nothing(tmp_path: Path) -> None:
    theirs = tmp_path / ".keras" / "keras.json"
    theirs.parent.mkdir()
    text = json.dumps({"floatx": "float64", "image_data_format": "channels_first"})
    theirs.write_text(text, encoding="utf-8")
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", ASKS],
        env={**os.environ, **home, "KERAS_HOME": str(theirs.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["float32", "channels_last"]
    assert [file.name for file in theirs.parent.iterdir()] == ["keras.json"]
    assert theirs.read_text(encoding="utf-8") == text
