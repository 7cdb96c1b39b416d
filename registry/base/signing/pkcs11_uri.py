"""Reads where a key lies in a device from a `pkcs11:` address: pure.

Source: RFC 7512. Of its attributes those are read that name one key; any other is refused, as the RFC asks of what is not understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

from registry.base.signing.keys import CannotSign

SCHEME: Final = "pkcs11:"
PATH: Final = frozenset({"token", "object", "id", "type"})
QUERY: Final = frozenset({"module-path", "pin-source"})


@dataclass(frozen=True, slots=True)
class KeyAddress:
    """A key in a device.

    Attributes:
        module: path of the device's PKCS#11 library.
        token: label of the token.
        label: label of the key's two objects (CKA_LABEL); None where ``key`` alone names them.
        key: their CKA_ID; None where ``label`` alone names them.
        pin_file: path of the file that holds the user PIN; None for a token without one.
    """

    module: str
    token: str
    label: str | None
    key: bytes | None
    pin_file: str | None

    def __str__(self) -> str:
        """What a message may say of it."""
        named = repr(self.label) if self.label is not None else f"with id {(self.key or b'').hex()}"
        return f"key {named} in token {self.token!r}"


def key_address(uri: str) -> KeyAddress:
    """The key that an address names.

    Raises:
        CannotSign: not an address of one private key by module, token, and label or id; it never repeats a PIN.
    """
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    if not uri.startswith(SCHEME):
        raise CannotSign("a key in a device is named by an address that begins with pkcs11:")
    raw = _attributes(path, ";", PATH) | _attributes(query, "&", QUERY)
    text = {name: unquote(value) for name, value in raw.items()}
    lacking = {"token", "module-path"} - text.keys() | (set() if raw.keys() & {"object", "id"} else {"object"})
    if lacking or text.get("type", "private") != "private":
        raise CannotSign(f"the pkcs11: address must say {', '.join(sorted(lacking)) or 'type=private or nothing'}")
    key = unquote_to_bytes(raw["id"]) if "id" in raw else None
    return KeyAddress(text["module-path"], text["token"], text.get("object"), key, _file(text.get("pin-source")))


def _attributes(text: str, separator: str, known: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise CannotSign("the pkcs11: address may not hold the PIN itself; name a file with pin-source")
        if name not in known or not equals or not value or name in found:
            raise CannotSign(f"the pkcs11: address says {name!r}, which is unknown here, empty or said twice")
        found[name] = value
    return found


def _file(source: str | None) -> str | None:
    path = None if source is None else source.removeprefix("file://").removeprefix("file:")
    if path is not None and not path.startswith("/"):
        raise CannotSign("pin-source is file: and the absolute path of a file that holds the PIN")
    return path
