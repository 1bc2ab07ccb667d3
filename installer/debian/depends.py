"""Which other packages a folder of programs and libraries needs, and from when on."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from installer.console import Trouble
from installer.freeze import elf

BESIDE_LIBRARIES = (
    "fontconfig-config",
    "fonts-dejavu-core | fonts-noto-core | fonts-liberation | fonts-freefont-ttf",
)
"""Without a font, and without word of where fonts are, all text is boxes."""
_CONTROL = "Source: frozen\n\nPackage: frozen\nArchitecture: any\n"
_FOUND = re.compile(r"^shlibs:Depends=(.*)$", re.MULTILINE)


def depends(tree: Path) -> list[str]:
    """Asks dpkg-shlibdeps, which knows from when on a library has what is used of it.

    Args:
        tree: programs and libraries, which also need each other.

    Returns:
        Packages with versions, as the field Depends wants them.

    Raises:
        Trouble: a library is in no package of this computer, nor in the tree.
    """
    files = [str(file) for file in elf.elf_files(tree)]
    folders = sorted({str(Path(file).parent) for file in files})
    with tempfile.TemporaryDirectory() as place:
        debian = Path(place) / "debian"
        debian.mkdir()
        (debian / "control").write_text(_CONTROL)
        asked = subprocess.run(
            [*_command(folders), *(f"-e{file}" for file in files)],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
    found = _FOUND.search(asked.stdout)
    if asked.returncode != 0 or found is None:
        raise Trouble(
            "The packages that the program needs could not be found out:\n"
            f"{asked.stderr[-2000:]}"
        )
    return [*found[1].split(", "), *BESIDE_LIBRARIES]


def _command(folders: Sequence[str]) -> list[str]:
    command = ["dpkg-shlibdeps", "-O", "--ignore-missing-info"]
    command += ["--warnings=0"]
    return [*command, *(f"-l{folder}" for folder in folders)]
