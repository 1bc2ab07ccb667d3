"""Signs the small file by which the program learns of a newer version.

    python -m installer.sign_update keys FOLDER --address URL
    python -m installer.sign_update sign FOLDER VERSION --page URL --out FILE

`keys` makes a pair of Ed25519 keys once: `FOLDER/secret.key` stays with whoever makes
releases, and `FOLDER/updates.json` is what a build brings along if `TLGUI_UPDATES`
names it. `sign` writes the file that is put at the address.
"""

import argparse
import base64
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nacl.signing import SigningKey

from tlgui.core.errors import TlguiError
from tlgui.core.updates import SOURCE, UpdateSource, read_release

SECRET = "secret.key"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="sign_update", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    keys = commands.add_parser("keys")
    keys.add_argument("folder", type=Path)
    keys.add_argument("--address", required=True)
    signed = commands.add_parser("sign")
    signed.add_argument("folder", type=Path)
    signed.add_argument("version")
    signed.add_argument("--page", required=True)
    signed.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        if options.command == "keys":
            make_keys(options.folder, options.address)
        else:
            key = read_key(options.folder)
            options.out.write_bytes(sign(options.version, options.page, key))
    except (OSError, TlguiError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def make_keys(folder: Path, address: str) -> None:
    """Makes a new pair of keys; an old one is never overwritten.

    Raises:
        OSError: there is one already, or it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    secret = SigningKey.generate()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(folder / SECRET, flags, 0o600), "wb") as file:
        file.write(base64.b64encode(secret.encode()))
    source = UpdateSource(address, secret.verify_key.encode())
    (folder / SOURCE).write_text(json.dumps(source.to_json()), encoding="utf-8")


def read_key(folder: Path) -> SigningKey:
    """Reads the secret key."""
    return SigningKey(base64.b64decode((folder / SECRET).read_bytes()))


def sign(version: str, page: str, key: SigningKey) -> bytes:
    """The signed file.

    Raises:
        TlguiError: the program would not take it.
    """
    signed = json.dumps({"version": version, "page": page})
    signature = base64.b64encode(key.sign(signed.encode()).signature).decode()
    data = json.dumps({"signed": signed, "signature": signature}).encode()
    read_release(data, key.verify_key.encode())
    return data


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
