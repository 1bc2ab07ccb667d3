from pathlib import Path

from tlgui.core.demo import TRAIN_PER_CLASS, VALIDATION_PER_CLASS, demo_folder
from tlgui.core.scan import check_trainable, scan
from tlgui.core.task import IMAGE_CLASSIFICATION


def test_the_demo_writes_real_digits_once(tmp_path: Path) -> None:
    folder = demo_folder(tmp_path)
    dataset = scan(folder, IMAGE_CLASSIFICATION)
    check_trainable(dataset)
    assert dataset.class_names == tuple("0123456789")
    assert set(dataset.counts("train")) == {TRAIN_PER_CLASS}
    assert set(dataset.counts("validation")) == {VALIDATION_PER_CLASS}
    marker = folder / "train" / "0" / "marker.txt"
    marker.write_text("still here", encoding="utf-8")
    assert demo_folder(tmp_path) == folder
    assert marker.is_file()
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
