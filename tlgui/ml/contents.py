"""Which content of a file the samples of a run show."""

from typing import NamedTuple

from tlgui.core.dataset import Sample
from tlgui.core.types import Pixels
from tlgui.ml.content_digests import ContentDigests
from tlgui.ml.notices import Notices
from tlgui.ml.pipeline import SampleReader
from tlgui.ml.pixel_memory import Stamp

# Of a file that is changing: no decoded sample is certain to show it.
_NO_STATE = Stamp(-1, -1)


class _Known(NamedTuple):
    content: bytes
    stamp: Stamp


class Contents:
    """What was in every sample's file when the run first met it.

    Decoded samples are kept for a whole run, so what names their records must stay
    what they were decoded from: one for all phases of a run. A file's status is
    asked for once, and again only around its decoding.
    """

    def __init__(
        self, reader: SampleReader, digests: ContentDigests, notices: Notices
    ) -> None:
        self._reader = reader
        self._digests = digests
        self._notices = notices
        self._known: dict[str, _Known] = {}

    def of(self, sample: Sample) -> bytes | None:
        """The digest of a file; None, and noted as lost, if it cannot be read."""
        known = self._known.get(sample.path)
        if known is not None:
            return known.content
        content = self.remembered(sample)
        return self._first_read(sample) if content is None else content

    def remembered(self, sample: Sample) -> bytes | None:
        """The digest of a file if it is known without reading the file."""
        known = self._known.get(sample.path)
        if known is not None:
            return known.content
        file = self._reader.dataset.file(sample)
        try:
            status = file.stat()
        except OSError:
            return None
        content = self._digests.remembered(file, status)
        if content is None:
            return None
        return self._note(sample, content, Stamp(status.st_size, status.st_mtime_ns))

    def read(self, sample: Sample) -> tuple[Pixels | None, bool]:
        """Decodes a sample whose content was asked for before.

        Returns:
            The decoded sample, or None where that is not possible; and whether it
            certainly shows that content.
        """
        pixels, stamp = self._reader.read_stamped(sample)
        if pixels is None:
            return None, False
        known = self._known[sample.path]
        if stamp is None:
            is_same = self._is_unchanged(sample, known.content)
        else:
            is_same = stamp == known.stamp
        if not is_same:
            self._notices.add(
                "changed photo",
                f"The file {sample.path} was changed while the run was using it. The "
                "run goes on, but what it shows of that file may be old or new. Train "
                "again when the files are final.",
            )
        return pixels, is_same

    def _first_read(self, sample: Sample) -> bytes | None:
        file = self._reader.dataset.file(sample)
        try:
            before = file.stat()
            content = self._digests.of(file, before)
            after = file.stat()
        except OSError:
            self._reader.memory.forget_unless(file, _NO_STATE)
            self._reader.read(sample)  # notes the reason in plain words
            return None
        stamp = Stamp(before.st_size, before.st_mtime_ns)
        if stamp != (after.st_size, after.st_mtime_ns):
            stamp = _NO_STATE
        return self._note(sample, content, stamp)

    def _note(self, sample: Sample, content: bytes, stamp: Stamp) -> bytes:
        self._known[sample.path] = _Known(content, stamp)
        # It may have been decoded at the scan, and changed since.
        self._reader.memory.forget_unless(self._reader.dataset.file(sample), stamp)
        return content

    def _is_unchanged(self, sample: Sample, content: bytes) -> bool:
        try:
            return self._digests.of(self._reader.dataset.file(sample)) == content
        except OSError:
            return False
