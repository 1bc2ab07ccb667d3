"""What the program is called on every system, in one place."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "Transfer Learning Studio"
COMMAND = "tlgui"
"""The program that opens the window, and its `.desktop` file and icon."""
CONSOLE_COMMAND = "tlgui-cli"
"""The program of the command line; only Windows needs one of its own."""
PACKAGE = "transfer-learning-studio"
APP_ID = "org.tlgui.TransferLearningStudio"
"""For software centres and macOS. The project has no address of its own yet."""
PROJECT_TYPE = "application/x-tlgui-project"
SUMMARY = "Fine-tune pretrained models on your own photos"
DESCRIPTION = (
    "Choose a folder of photos and a pretrained model, decide which of its layers may "
    "change, press Start training and watch the curves of loss and accuracy draw "
    "themselves. See what the model gets wrong, drop a new photo on it, and keep the "
    "result as an ordinary Keras model.",
    "Everything runs on your own computer: nothing is uploaded, and neither a network "
    "nor a graphics card nor any programming is needed.",
)
MAINTAINER = "Transfer Learning Studio maintainers"
ADDRESS = "maintainers@users.noreply.example.org"
"""Nobody reads it; `DEBEMAIL` names whoever builds a package for others."""
_SOME_DATE = 1_700_000_000


def version() -> str:
    """The version in `tlgui/__init__.py`, read without importing the program."""
    text = (ROOT / "tlgui" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise ValueError("tlgui/__init__.py has no line __version__ = “…”")
    return found[1]


def source_date() -> int:
    """The time that is written into everything that is built, in seconds since 1970.

    That of the last commit, unless `SOURCE_DATE_EPOCH` says another, so that two
    builds of a commit do not differ by their hour.
    """
    told = os.environ.get("SOURCE_DATE_EPOCH")
    if told:
        return int(told)
    try:
        asked = subprocess.run(
            ["git", "log", "-1", "--format=%ct"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return _SOME_DATE  # there is no git, or no history
    return int(asked.stdout)


def maintainer() -> str:
    """Who answers for a package, as Debian writes it."""
    name = os.environ.get("DEBFULLNAME") or MAINTAINER
    return f"{name} <{os.environ.get('DEBEMAIL') or ADDRESS}>"
