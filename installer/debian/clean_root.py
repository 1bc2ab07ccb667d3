"""Tries the package on a bare Debian, as a person would, and prints what it saw.

    sudo python3 installer/debian/clean_root.py [FILE.deb] [--suite bookworm]

Needs debootstrap and Xvfb, and Qt on this computer for the pictures, which go to
`dist/seen/`. An older version is installed first, trains in the window, is upgraded,
opens its project again, trains and predicts on the command line, and is removed; what
is then left must be the person's own.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from installer import product
from installer.console import Trouble, say
from installer.debian.chroot import Root, bare_root
from installer.debian.screen import own_screen, take_picture
from installer.freeze.places import Places, usual

OLDER = "0.0.1~older"
_PATIENCE = 400.0  # seconds for a first training on a slow computer
_PAINTED = 6.0  # seconds after which a window shows its project
_ENDS_WITHIN = 30.0


def older_package(file: Path, folder: Path) -> Path:
    """The same package as an older version."""
    unpacked, older = folder / "older", folder / "older.deb"
    subprocess.run(["dpkg-deb", "--raw-extract", file, unpacked], check=True)
    control = unpacked / "DEBIAN" / "control"
    text = control.read_text(encoding="utf-8")
    now = f"\nVersion: {product.version()}\n"
    if now not in text:
        raise Trouble(f"Expected version {product.version()} in {file}. Build anew.")
    control.write_text(text.replace(now, f"\nVersion: {OLDER}\n"), encoding="utf-8")
    command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z1", "--build"]
    with (folder / "pack.log").open("w") as log:
        subprocess.run([*command, unpacked, older], check=True, stdout=log)
    shutil.rmtree(unpacked)
    return older


class Trial:
    """One way of a package through a bare system."""

    def __init__(self, root: Root, display: str, places: Places) -> None:
        self._root = root
        self._display = display
        self._places = places
        self._began = time.monotonic()

    def see(self, what: str) -> None:
        """Prints what was seen, and when."""
        say(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def install(self, file: Path) -> None:
        """Installs a package with what it depends on."""
        shutil.copy(file, self._root.folder / "tmp" / "it.deb")
        self._root.install("/tmp/it.deb")
        (self._root.folder / "tmp" / "it.deb").unlink()
        version = self.version()
        self.see(f"installed {version}; it says: {self.tlgui('--version').strip()}")

    def version(self) -> str:
        """The version that dpkg knows of."""
        query = ("dpkg-query", "--show", "--showformat=${Version}", product.PACKAGE)
        return self._root.run(*query)

    def tlgui(self, *arguments: str) -> str:
        """Runs the command line as the person."""
        return self._root.run(product.COMMAND, *arguments, person=True)

    def window(
        self, arguments: Sequence[str], picture: str, until: Callable[[], bool]
    ) -> None:
        """Opens the window, waits, takes a picture and ends it."""
        command = [product.COMMAND, *arguments]
        variables = {"DISPLAY": self._display}
        window = subprocess.Popen(
            self._root.command(command, variables, person=True),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            deadline = time.monotonic() + _PATIENCE
            while not until():
                if window.poll() is not None or time.monotonic() > deadline:
                    raise Trouble(f"The window did not come that far: {picture}.")
                time.sleep(0.2)
            time.sleep(2)  # for the last of it to be painted
            file = self._places.out / "seen" / f"{picture}.png"
            take_picture(self._display, file, self._places.environment)
            window.send_signal(signal.SIGTERM)
            said, _ = window.communicate(timeout=_ENDS_WITHIN)
        finally:
            window.kill()
        if window.returncode != 0:
            raise Trouble(f"The window ended with {window.returncode}:\n{said}")
        self.see(f"window closed by itself on request; picture: {file.name}")

    def reports(self) -> list[Path]:
        """The report of every finished run in the person's projects."""
        return sorted(self._root.home.rglob("report.json"))

    def demo_in_the_window(self) -> None:
        """Lets the window train the demonstration, from an empty home."""
        self.window(["demo"], "trained", lambda: bool(self.reports()))
        self.see(f"trained in the window: {_accuracy(self.reports()[0])}")

    def project_again(self) -> None:
        """Opens the window without a word: the project of last time is there."""
        shown = time.monotonic() + _PAINTED
        self.window([], "opened again", lambda: time.monotonic() > shown)

    def demo_on_the_command_line(self) -> None:
        """Trains, scans and predicts."""
        before = set(self.reports())
        self.tlgui("demo", "--no-window")
        made = sorted(set(self.reports()) - before)[0]
        self.see(f"trained on the command line: {_accuracy(made)}")
        photos = sorted(self._root.home.rglob("handwritten-digits/val/*/*.png"))
        chosen = photos[::15]
        answers = self.tlgui(
            *("predict", "--json", self._root.inside(made.parent)),
            *map(self._root.inside, chosen),
        )
        self.see(f"predicted {_right(answers)} of {len(chosen)} digits right")

    def persons_files(self) -> dict[str, str]:
        """The sums of the person's settings and projects."""
        kept = [self._root.home / ".config", self._root.home / "Documents"]
        files = (f for folder in kept for f in folder.rglob("*") if f.is_file())
        return {
            str(f.relative_to(self._root.home)): hashlib.sha256(
                f.read_bytes()
            ).hexdigest()
            for f in files
        }

    def upgrade(self, file: Path) -> None:
        """Installs a newer version over an older one; the person's files stay."""
        before = self.persons_files()
        self.install(file)
        if self.persons_files() != before or not before:
            raise Trouble("The upgrade changed the person's settings or projects.")
        self.see(f"upgrade left the {len(before)} files of the person as they were")

    def remove(self, before: set[str]) -> None:
        """Removes the package; nothing of it is left but what the person made."""
        kept = self.persons_files()
        self._root.run("apt-get", "-q", "-y", "--auto-remove", "purge", product.PACKAGE)
        self._root.run("apt-get", "clean")
        words = (product.COMMAND, product.PACKAGE, product.APP_ID)
        ours = sorted(f for f in self._root.files() if any(w in f for w in words))
        ours = [f for f in ours if not f.startswith("var/log/")]
        if ours or self.persons_files() != kept:
            raise Trouble(f"Left behind: {ours[:20]}; or the person's files changed.")
        more = sorted(self._root.files() - before)
        self.see(
            f"removed; nothing of it is left, and the person's {len(kept)} files are; "
            f"left by other packages: {len(more)} files ({', '.join(more[:8])})"
        )
        hidden = sorted(p.name for p in self._root.home.iterdir())
        self.see(f"in the person's home: {', '.join(hidden)}")


def _accuracy(report: Path) -> str:
    values = json.loads(report.read_text(encoding="utf-8"))
    accuracy = values["validation"]["accuracy"]
    told = f"validation accuracy {accuracy:.3f}"
    notices = values["notices"]
    return f"{told}; notices: {notices}" if notices else told


def _right(answers: str) -> int:
    """How many digits were told by the folder they lie in."""
    found = [json.loads(line) for line in answers.splitlines() if line[:1] == "{"]
    return sum(Path(a["source"]).parent.name == a["class_names"][0] for a in found)


def run(file: Path, suite: str, places: Places) -> None:
    """Takes a package through everything.

    Raises:
        Trouble: something was not as it has to be.
    """
    say(f"{file.name} on a bare Debian {suite}:")
    with tempfile.TemporaryDirectory(dir=places.work) as place, own_screen() as display:
        older = older_package(file, Path(place))
        with bare_root(Path(place) / "root", suite) as root:
            trial = Trial(root, display, places)
            before = root.files()
            trial.install(older)
            trial.demo_in_the_window()
            trial.upgrade(file)
            trial.project_again()
            trial.demo_on_the_command_line()
            trial.remove(before)


def main() -> int:
    places = usual(product.ROOT)
    built = sorted(places.out.glob(f"{product.PACKAGE}_*.deb"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=built and built[-1])
    parser.add_argument("--suite", default="bookworm")
    options = parser.parse_args()
    needed = [p for p in ("debootstrap", "Xvfb") if shutil.which(p) is None]
    if os.geteuid() != 0 or needed or not options.file:
        print(
            f"Expected root, debootstrap, Xvfb and a package in {places.out}; missing: "
            f"{needed or 'root, or the package'}.",
            file=sys.stderr,
        )
        return 2
    places.work.mkdir(parents=True, exist_ok=True)
    try:
        run(options.file, options.suite, places)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
