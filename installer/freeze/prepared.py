"""Prepares pretrained models for a package: only what is worth its size.

    python -m installer.freeze.prepared FOLDER

The default backbone's frozen layers and its template, 27 MB, spare a first training
their making. For the other two it would be 73 MB more in every download, for a few
seconds of those who choose them.
"""

import io
import json
import re
import sys
import time
import zipfile
from pathlib import Path

from installer.prepare_models import prepare
from installer.product import source_date
from tlgui.core.catalogue import DEFAULT_BACKBONE

_CONFIG, _METADATA = "config.json", "metadata.json"
_SAVED = "%Y-%m-%d@%H:%M:%S"


def undated(content: bytes, seconds: int) -> bytes:
    """A `.keras` file with a date of our choice, so that two builds are the same.

    Args:
        content: as Keras saved it, with the hour in its archive and its metadata.
        seconds: since 1970.
    """
    date = time.gmtime(seconds)
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as read,
        zipfile.ZipFile(made, "w") as written,
    ):
        for name in sorted(read.namelist()):
            member = read.read(name)
            if name == _METADATA:
                values = json.loads(member)
                values["date_saved"] = time.strftime(_SAVED, date)
                member = json.dumps(values).encode()
            if name == _CONFIG:
                member = renumbered(member.decode()).encode()
            written.writestr(zipfile.ZipInfo(name, date[:6]), member)
    return made.getvalue()


def renumbered(config: str) -> str:
    """Numbers what Keras numbers by where it lay in memory: 1, 2, … as they come.

    Args:
        config: the description of a model, in JSON.
    """
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"{found[1]}{numbers.setdefault(found[2], len(numbers) + 1)}"

    return re.sub(r'("shared_object_id": )(\d+)', number, config)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file in prepare(folder, [DEFAULT_BACKBONE]):
        if file.suffix == ".keras":
            file.write_bytes(undated(file.read_bytes(), source_date()))
        print(f"{file.stat().st_size / 1e6:6.1f} MB  {file.name}")


if __name__ == "__main__":
    main()
