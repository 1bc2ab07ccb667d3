import threading
from contextlib import closing
from pathlib import Path

import pytest

from tlgui.core.dataset import TRAIN, VALIDATION, Dataset, Sample
from tlgui.ml.content_digests import digest_of_file
from tlgui.ml.identity_reader import IdentityReader
from tlgui.ml.run_identity import identity_of, samples_of


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    names = [f"{n}.png" for n in range(600)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    samples = [Sample(name, 0) for name in names]
    splits = {TRAIN: tuple(samples[:500]), VALIDATION: tuple(samples[500:])}
    return Dataset(tmp_path, "image-classification", ("a", "b"), splits)


def test_gives_what_reading_one_file_after_the_other_gives(dataset: Dataset) -> None:
    def content_of(sample: Sample) -> bytes | None:
        return None if sample.path == "7.png" else digest_of_file(dataset.file(sample))

    with closing(IdentityReader(dataset, content_of)) as reader:
        found = reader.result()
        assert reader.is_ready()
    assert found == identity_of(dataset, map(content_of, samples_of(dataset)))


def test_asking_begins_and_does_not_wait(dataset: Dataset) -> None:
    may_read, began = threading.Event(), threading.Event()

    def content_of(sample: Sample) -> bytes | None:
        began.set()
        assert may_read.wait(30.0)
        return bytes(16)

    with closing(IdentityReader(dataset, content_of)) as reader:
        assert not began.is_set()
        assert not reader.is_ready()
        assert began.wait(30.0)
        assert not reader.is_ready()
        may_read.set()
        assert reader.result()["contents"]


def test_closing_does_not_wait_for_files_that_no_thread_holds(dataset: Dataset) -> None:
    read: list[str] = []

    def content_of(sample: Sample) -> bytes | None:
        read.append(sample.path)
        reader._closed.set()
        return bytes(16)

    reader = IdentityReader(dataset, content_of)
    reader.is_ready()
    reader.close()
    assert len(read) < len(dataset)


def test_what_cannot_be_read_for_another_reason_is_told(dataset: Dataset) -> None:
    def content_of(sample: Sample) -> bytes | None:
        raise RuntimeError("no")

    with (
        closing(IdentityReader(dataset, content_of)) as reader,
        pytest.raises(RuntimeError, match="no"),
    ):
        reader.result()
