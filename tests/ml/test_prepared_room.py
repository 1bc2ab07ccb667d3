"""What was prepared from people's own models is bounded; the catalogue's stays."""

import os
from pathlib import Path

from tlgui.core.catalogue import find_backbone
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.prepared_room import make_room

LITE0 = find_backbone("efficientnet-lite0")


def test_the_oldest_go_first_and_the_catalogue_stays(tmp_path: Path) -> None:
    kept = [f"{Cut(LITE0, POOLED).name}.tflite", "notes.txt"]
    names = [f"efficientnet-lite0-{str(i) * 12}-pooled-1.tflite" for i in range(4)]
    for age, name in enumerate([*names, *kept]):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    make_room(tmp_path, most_bytes=250)
    assert {file.name for file in tmp_path.iterdir()} == {*names[2:], *kept}
    make_room(tmp_path / "nowhere")
