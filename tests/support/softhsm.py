"""A token of SoftHSM in a temporary directory, with a key that was made inside it and cannot be taken out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

LIBRARIES: Final = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)
PIN: Final = "1234"
ED25519: Final = "06032b6570"
P256: Final = "06082a8648ce3d030107"
SECONDS: Final = 60
MAKE: Final = """
import sys
import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism
module, token, pin, label, curve = sys.argv[1:]
kind, how = {
    "06032b6570": (KeyType.EC_EDWARDS, Mechanism.EC_EDWARDS_KEY_PAIR_GEN)
}.get(curve, (KeyType.EC, Mechanism.EC_KEY_PAIR_GEN))
with pkcs11.lib(module).get_token(token_label=token).open(user_pin=pin, rw=True) as session:
    parameters = session.create_domain_parameters(kind, {Attribute.EC_PARAMS: bytes.fromhex(curve)}, local=True)
    hidden = {Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True}
    _, private = parameters.generate_keypair(mechanism=how, store=True, label=label, private_template=hidden)
    assert not private[Attribute.EXTRACTABLE]
    try:
        private[Attribute.VALUE]
    except pkcs11.AttributeSensitive:
        print("hidden")
"""


@dataclass(frozen=True)
class SoftHsm:
    """One directory of tokens."""

    folder: Path
    library: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find these tokens."""
        return os.environ | {"SOFTHSM2_CONF": str(self.folder / "conf")}

    def add_token(self, label: str) -> None:
        """Make a token."""
        pins = ["--pin", PIN, "--so-pin", "567890"]
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, *pins],
            env=self.environment, check=True, capture_output=True, timeout=SECONDS,
        )  # fmt: skip

    def add_key(self, token: str, label: str, curve: str = ED25519) -> None:
        """Make a key pair inside a token, in a process of its own."""
        told = self.run(MAKE, self.library, token, PIN, label, curve)
        assert told == "hidden\n"

    def run(self, program: str, *arguments: str) -> str:
        """Run a program that uses the tokens, and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], env=self.environment, check=False, capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pin_file(self, pin: str = PIN, name: str = "pin") -> Path:
        """A file with a PIN."""
        path = self.folder / name
        path.write_text(f"{pin}\n")
        return path

    def uri(self, token: str = "egret", label: str = "certificate", **more: str) -> str:  # noqa: S107 a label
        """The address of a key."""
        query = {"module-path": self.library, "pin-source": f"file:{self.folder / 'pin'}"} | {
            name.replace("_", "-"): value for name, value in more.items()
        }
        return f"pkcs11:token={token};object={label}?" + "&".join(f"{name}={value}" for name, value in query.items())


def softhsm(folder: Path) -> SoftHsm:
    """A token ``egret`` with a key ``certificate``; skips where SoftHSM or the bindings are not installed."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra hsm)")
    library = next((path for path in LIBRARIES if Path(path).is_file()), None)
    if library is None or shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    made = SoftHsm(folder, library)
    made.pin_file()
    made.add_token("egret")
    made.add_key("egret", "certificate")
    return made
