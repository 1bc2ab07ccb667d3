"""A bare Debian in a folder, in which a package is tried."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from installer.console import Trouble

PERSON = "person"
_MOUNTS = (
    ("proc", "proc", ("-t", "proc")),
    ("/dev", "dev", ("--bind",)),
    ("/dev/pts", "dev/pts", ("--bind",)),
    ("tmpfs", "dev/shm", ("-t", "tmpfs")),
    ("/tmp/.X11-unix", "tmp/.X11-unix", ("--bind",)),
)


@dataclass(frozen=True)
class Root:
    """A Debian in a folder.

    Attributes:
        folder: where its `/` is.
    """

    folder: Path

    @property
    def home(self) -> Path:
        """The home of the person in it, seen from outside."""
        return self.folder / "home" / PERSON

    def inside(self, path: Path) -> str:
        """What a path has for a name inside."""
        return f"/{path.relative_to(self.folder).as_posix()}"

    def command(
        self, words: Sequence[str], variables: Mapping[str, str], person: bool
    ) -> list[str]:
        """The command that runs another one inside.

        Of our own environment nothing comes along but a path and a language.
        """
        owner = [f"--userspec={PERSON}:{PERSON}"] if person else []
        home = f"/home/{PERSON}" if person else "/root"
        told = {
            "HOME": home,
            "LANG": "C.UTF-8",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            **variables,
        }
        assigned = [f"{name}={value}" for name, value in told.items()]
        return [
            *("chroot", *owner, str(self.folder), "/usr/bin/env", "-i", *assigned),
            *("/bin/sh", "-c", 'cd "$HOME" && exec "$@"', "sh", *words),
        ]

    def run(self, *words: str, person: bool = False, **variables: str) -> str:
        """Runs a command inside until it ends.

        Returns:
            What it printed.

        Raises:
            Trouble: it failed; with its last words.
        """
        ended = subprocess.run(
            self.command(words, variables, person),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if ended.returncode != 0:
            raise Trouble(
                f"In the bare system “{' '.join(words)}” ended with "
                f"{ended.returncode}:\n{ended.stdout[-3000:]}"
            )
        return ended.stdout

    def install(self, *names: str) -> str:
        """Installs packages and what they depend on, and nothing else."""
        options = ("-q", "-y", "--no-install-recommends", "--allow-downgrades")
        return self.run("apt-get", *options, "install", *names)

    def files(self) -> set[str]:
        """Everything there is, but for homes and what lives only while it runs."""
        left_out = {"proc", "sys", "dev", "tmp", "home", "run"}
        return {
            path.relative_to(self.folder).as_posix()
            for top in self.folder.iterdir()
            if top.name not in left_out and not top.is_symlink()
            for path in top.rglob("*")
        }


@contextlib.contextmanager
def bare_root(folder: Path, suite: str) -> Iterator[Root]:
    """Makes a bare Debian, mounts what programs expect, and removes it afterwards.

    Args:
        folder: where; must not exist.
        suite: the name of a release.
    """
    _debootstrap(folder, suite)
    root = Root(folder)
    try:
        with _mounted(folder):
            shutil.copy("/etc/resolv.conf", folder / "etc" / "resolv.conf")
            _take_apt_settings(folder)
            root.run("apt-get", "-q", "update")
            root.run("useradd", "--create-home", PERSON)
            yield root
    finally:
        shutil.rmtree(folder)


def _debootstrap(folder: Path, suite: str) -> None:
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", suite, str(folder), *_mirror()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise Trouble(f"debootstrap failed:\n{made.stdout[-2000:]}")


def _take_apt_settings(folder: Path) -> None:
    """Whatever way this computer reaches the archive by, the bare one takes too."""
    command = ["apt-config", "dump", "Acquire"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    file = folder / "etc" / "apt" / "apt.conf.d" / "00as-outside"
    file.write_text(told.stdout)


def _mirror() -> list[str]:
    """Where this computer itself gets Debian from."""
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [site for site in asked.stdout.split() if site.endswith("/debian")][:1]


@contextlib.contextmanager
def _mounted(folder: Path) -> Iterator[None]:
    mounted: list[Path] = []
    try:
        for what, place, options in _MOUNTS:
            target = folder / place
            target.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", *options, what, str(target)], check=True)
            mounted.append(target)
        yield
    finally:
        for target in reversed(mounted):
            subprocess.run(["umount", "--lazy", str(target)], check=True)
