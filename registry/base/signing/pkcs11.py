"""Ed25519 with a key that never leaves its device: a hardware security module (密码机) or a token, spoken to by PKCS#11.

A library may be used by one thread at a time, and not at all by a process that inherited it: a forked worker begins anew. A session
that failed is opened again, since a token may have been taken out and put back. A PIN that was refused is not sent again by the same
process until its file changes, because a device locks itself after a few; each process finds out for itself. A device that failed is left
alone for a second.

Source: PKCS #11 3.0, 5.4 (C_Initialize and fork) and 2.3.5 to 2.3.14 (Edwards curves, CKM_EDDSA); RFC 7512.
"""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from registry.base.signing.ed25519 import verifies
from registry.base.signing.keys import Algorithm, CannotSign, PinRefused, PublicKey
from registry.base.signing.pkcs11_uri import KeyAddress

POINT_BYTES: Final = 32
OCTET_STRING: Final = b"\x04\x20"
"""DER before a point of 32 bytes. Some devices give the point as it is."""
TRIES: Final = 3
PAUSE_SECONDS: Final = 0.1
"""Between two tries: a library may not see a token for a moment while several workers begin to use it at once (SoftHSM does not)."""
REST_SECONDS: Final = 1.0
"""After a device failed nobody tries it again for this long: the public addresses that need a key must not hold up every thread."""
PROBE: Final = b"egret: do both halves of this key belong together?\n"


@dataclass(frozen=True, slots=True)
class _Open:
    """A key in an open session."""

    private: Any
    public: PublicKey


class _Process:
    """What this process has open in devices."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything, also a lock that another thread held at the moment of the fork."""
        self.lock = threading.Lock()
        self.keys: dict[KeyAddress, _Open] = {}
        self.ours: set[str] = set()
        self.refused: dict[KeyAddress, bytes] = {}
        self.failed: dict[KeyAddress, tuple[float, str]] = {}

    def key(self, address: KeyAddress) -> _Open:
        """The key, opened when it is first asked for. Call it under the lock."""
        if address not in self.keys:
            self.keys[address] = self._open(address)
        return self.keys[address]

    def close(self, module: str) -> None:
        """End every session of a library, so that the next use begins with a fresh look at its slots. Call it under the lock."""
        self.keys = {address: key for address, key in self.keys.items() if address.module != module}
        self.ours.discard(module)

    def _library(self, module: str) -> Any:
        pkcs11 = _bindings()
        if not Path(module).is_file():
            raise CannotSign(f"there is no PKCS#11 library {module}")
        library = pkcs11.lib(module)
        if module not in self.ours:
            with suppress(pkcs11.PKCS11Error):  # what a parent process or an ended session left behind may not be in a state to end
                library.finalize()
            library.initialize()
            self.ours.add(module)
        return library

    def _open(self, address: KeyAddress) -> _Open:
        pkcs11 = _bindings()
        token = self._library(address.module).get_token(token_label=address.token)
        session = self._logged_in(token, address)
        named = {"label": address.label, "id": address.key}
        kind = pkcs11.KeyType.EC_EDWARDS
        private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, key_type=kind, **named)
        public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, key_type=kind, **named)
        point = bytes(public[pkcs11.Attribute.EC_POINT])
        raw = point.removeprefix(OCTET_STRING) if len(point) > POINT_BYTES else point
        if not verifies(raw, PROBE, private.sign(PROBE, mechanism=pkcs11.Mechanism.EDDSA)):
            raise CannotSign(f"the two halves of {address} do not belong together, or are not Ed25519")
        return _Open(private, PublicKey(Algorithm.ED25519, raw))

    def _logged_in(self, token: Any, address: KeyAddress) -> Any:
        pkcs11 = _bindings()
        if address.pin_file is None:
            return token.open()
        try:
            pin = Path(address.pin_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise CannotSign(f"the file with the PIN of token {address.token!r} cannot be read") from error
        digest = sha256(pin.encode()).digest()
        if self.refused.get(address) == digest:
            raise PinRefused(f"token {address.token!r} refused this PIN before; correct the file")
        try:
            return token.open(user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:  # by another key of the same token: a login is the process's, not the session's
            return token.open()
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked, pkcs11.PinExpired) as error:
            self.refused[address] = digest
            raise PinRefused(f"token {address.token!r} refuses the PIN ({type(error).__name__})") from error


_process: Final = _Process()
os.register_at_fork(after_in_child=_process.begin_anew)


@dataclass(frozen=True, slots=True)
class Pkcs11Signer:
    """An Ed25519 key in a device, by its address."""

    address: KeyAddress

    @property
    def public_key(self) -> PublicKey:
        """The public half.

        Raises:
            CannotSign: the device, the token or the key cannot be used.
        """
        return self._with_key(None)[0]

    def sign(self, message: bytes) -> bytes:
        """64 bytes.

        Raises:
            CannotSign: the device, the token or the key cannot be used.
        """
        return self._with_key(message)[1]

    def _with_key(self, message: bytes | None) -> tuple[PublicKey, bytes]:
        """The public half, and the signature of a message if there is one; tried a few times, each in a fresh session."""
        failed = _bindings().PKCS11Error
        with _process.lock:
            since, why = _process.failed.get(self.address, (-math.inf, ""))
            if time.monotonic() < since + REST_SECONDS:
                raise CannotSign(why)
            for _ in range(TRIES - 1):
                with suppress(failed):
                    return self._once(message)
                time.sleep(PAUSE_SECONDS)
            try:
                return self._once(message)
            except failed as error:
                _process.failed[self.address] = time.monotonic(), _explained(error, self.address)
                raise CannotSign(_process.failed[self.address][1]) from error

    def _once(self, message: bytes | None) -> tuple[PublicKey, bytes]:
        try:
            key = _process.key(self.address)
            signature = b"" if message is None else key.private.sign(message, mechanism=_bindings().Mechanism.EDDSA)
        except (_bindings().PKCS11Error, CannotSign):
            _process.close(self.address.module)  # some libraries look at their slots only when they are begun
            raise
        return key.public, bytes(signature)


def _explained(error: Exception, address: KeyAddress) -> str:
    """What a device's refusal means to a person."""
    pkcs11 = _bindings()
    match error:
        case pkcs11.NoSuchToken():
            return f"there is no token {address.token!r} in the device"
        case pkcs11.NoSuchKey():
            return f"there is no {address} with both halves on an Edwards curve"
        case pkcs11.MultipleObjectsReturned():
            return f"there is more than one {address}; name its id"
    return f"the device fails at {address}: {type(error).__name__} {error}"


def _bindings() -> Any:
    """python-pkcs11, which is there only where the extra is installed."""
    try:
        import pkcs11  # noqa: PLC0415
    except ImportError as error:
        raise CannotSign("keys in devices need python-pkcs11: install Egret with the extra hsm") from error
    return pkcs11
