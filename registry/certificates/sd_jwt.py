"""Statements whose holder chooses what a verifier sees of them: pure but for the salts.

A concealed claim is a disclosure, base64url of ``[salt, name, value]``, of which the signed token holds only the hash; decoys hide how
many there are. The holder hands on the token with the disclosures of their choice. No key is bound to it: whoever has the text can show it.

Source: RFC 9901; RFC 7515 (JWS); RFC 9864 (the algorithm's name is Ed25519).
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from registry.base.signing import PublicKey, Signer, is_signed
from registry.base.strict_json import read_json

ALGORITHM: Final = "Ed25519"
HASH: Final = "sha-256"
SALT_BYTES: Final = 16
LENGTH_MAX: Final = 256 * 1024
DISCLOSURES_MAX: Final = 500
RESERVED: Final = frozenset({"_sd", "..."})
WITH_NAME, WITHOUT_NAME = 3, 2
_BASE64URL: Final = re.compile("[A-Za-z0-9_-]+")


class BadToken(ValueError):
    """A token, or a disclosure with it, that does not hold; the message says why."""


def disclosure_of(name: str, value: Any, salt: bytes) -> str:
    """The disclosure of a claim."""
    text = json.dumps([_text(salt), name, value], ensure_ascii=False, separators=(",", ":"))
    return _text(text.encode())


def digest_of(disclosure: str) -> str:
    """What the signed token holds of a disclosure."""
    return _text(sha256(disclosure.encode("ascii")).digest())


def conceal(claims: Mapping[str, Any], names: Collection[str], *, padded_to: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Claims with those of ``names`` replaced by hashes, and the disclosure of each of these.

    There are as many hashes as ``padded_to`` says, whatever the claims hold, and their order says nothing.

    Raises:
        ValueError: a name that may not be concealed, or more of them than hashes.
    """
    hidden = {name: value for name, value in claims.items() if name in names}
    if RESERVED & claims.keys() or len(hidden) > padded_to:
        raise ValueError(f"{sorted(names)} of {sorted(claims)} within {padded_to}")
    disclosures = {name: disclosure_of(name, value, secrets.token_bytes(SALT_BYTES)) for name, value in hidden.items()}
    decoys = [_text(sha256(secrets.token_bytes(SALT_BYTES)).digest()) for _ in range(padded_to - len(hidden))]
    opened = {name: value for name, value in claims.items() if name not in hidden}
    return {**opened, "_sd": sorted([*map(digest_of, disclosures.values()), *decoys])}, disclosures


def issue(payload: Mapping[str, Any], disclosures: Sequence[str], *, signer: Signer, kind: str, key_id: str) -> str:
    """The signed token followed by disclosures, each ended by a tilde; ``kind`` is the media type without ``application/``.

    Raises:
        CannotSign: the key cannot be used.
    """
    header = {"alg": ALGORITHM, "typ": kind, "kid": key_id}
    signed = ".".join(_text(json.dumps(part, ensure_ascii=False).encode()) for part in (header, {**payload, "_sd_alg": HASH}))
    return "~".join([f"{signed}.{_text(signer.sign(signed.encode()))}", *disclosures, ""])


def present(token: str, disclosures: Collection[str]) -> str:
    """The token with these disclosures only, as a holder hands it on."""
    jwt, *given = token.split("~")
    return "~".join([jwt, *(each for each in given if each and each in disclosures), ""])


def verify(token: str, key: PublicKey, *, kind: str, at: datetime) -> dict[str, Any]:
    """What a presented token says: its open claims and those disclosed, without a trace of the others.

    Whether the key is the issuer's is for the caller to know.

    Raises:
        BadToken: not signed by this key, of another kind or algorithm, not valid at this time, or with a disclosure that is altered, sent
            twice, without its hash in the token, or in the place of another claim.
    """
    if len(token) > LENGTH_MAX or not token.isascii() or not token.endswith("~"):
        raise BadToken(f"a token and disclosures, each ended by a tilde, of at most {LENGTH_MAX} characters")
    jwt, *disclosures = token[:-1].split("~")
    payload = _signed_payload(jwt, key, kind)
    claims = process(payload, disclosures)
    times = {name: claims.get(name) for name in ("nbf", "exp")}
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in times.values()):
        raise BadToken("nbf and exp are whole seconds")
    if not times["nbf"] <= at.timestamp() < times["exp"]:  # type: ignore[operator]  # both were just seen to be integers
        raise BadToken("not valid at this time")
    return claims


def process(payload: Mapping[str, Any], disclosures: Sequence[str]) -> dict[str, Any]:
    """A payload whose signature holds, with its disclosures put in their places.

    Raises:
        BadToken: see ``verify``.

    Source: RFC 9901, 7.1, steps 3 to 5.
    """
    if payload.get("_sd_alg", HASH) != HASH:
        raise BadToken("another hash than sha-256")
    if len(disclosures) > DISCLOSURES_MAX or len(set(disclosures)) != len(disclosures):
        raise BadToken(f"at most {DISCLOSURES_MAX} disclosures, each once")
    work = _Disclosing({digest_of(each): _opened(each) for each in disclosures})
    claims: dict[str, Any] = work.value({name: value for name, value in payload.items() if name != "_sd_alg"})
    if work.waiting:
        raise BadToken("a disclosure has no hash in the token")
    return claims


class _Disclosing:
    """One pass over a payload: which disclosures wait for their place, and which hashes were met."""

    def __init__(self, waiting: dict[str, list[Any]]) -> None:
        self.waiting = waiting
        self.met: set[str] = set()

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            return self._items(value)
        return self._claims(value) if isinstance(value, dict) else value

    def _claims(self, claims: dict[str, Any]) -> dict[str, Any]:
        hashes = claims.get("_sd", [])
        if "..." in claims or not isinstance(hashes, list):
            raise BadToken("a reserved name in the wrong place")
        found = {name: self.value(value) for name, value in claims.items() if name != "_sd"}
        for hashed in hashes:
            disclosed = self._take(hashed, WITH_NAME)
            if disclosed is None:
                continue
            name = disclosed[1]
            if not isinstance(name, str) or name in RESERVED or name in found:
                raise BadToken("a disclosure in the place of another claim")
            found[name] = self.value(disclosed[2])
        return found

    def _items(self, items: list[Any]) -> list[Any]:
        found = []
        for item in items:
            if isinstance(item, dict) and item.keys() == {"..."}:
                disclosed = self._take(item["..."], WITHOUT_NAME)
                found += [] if disclosed is None else [self.value(disclosed[1])]
            else:
                found.append(self.value(item))
        return found

    def _take(self, hashed: Any, parts: int) -> list[Any] | None:
        if not isinstance(hashed, str) or hashed in self.met:
            raise BadToken("a hash that is no text, or stands twice")
        self.met.add(hashed)
        disclosed = self.waiting.pop(hashed, None)
        if disclosed is not None and len(disclosed) != parts:
            raise BadToken(f"a disclosure of {len(disclosed)} parts where {parts} belong")
        return disclosed


def _signed_payload(jwt: str, key: PublicKey, kind: str) -> dict[str, Any]:
    parts = jwt.split(".")
    if len(parts) != WITH_NAME:
        raise BadToken("header, payload and signature")
    header, payload = _json(parts[0]), _json(parts[1])
    if not isinstance(header, dict) or (header.get("alg"), header.get("typ")) != (ALGORITHM, kind) or "crit" in header:
        raise BadToken(f"a token of type {kind}, signed by {ALGORITHM}")
    if not is_signed(key, f"{parts[0]}.{parts[1]}".encode(), _raw(parts[2])):
        raise BadToken("the signature is not this key's over this token")
    if not isinstance(payload, dict):
        raise BadToken("the payload is no object")
    return payload


def _opened(disclosure: str) -> list[Any]:
    opened = _json(disclosure)
    if not isinstance(opened, list) or len(opened) not in {WITHOUT_NAME, WITH_NAME} or not isinstance(opened[0], str):
        raise BadToken("a disclosure is salt, name and value, or salt and value")
    return opened


def _json(text: str) -> Any:
    try:
        return read_json(_raw(text))
    except ValueError as error:
        raise BadToken(f"not JSON: {error}") from error


def _raw(text: str) -> bytes:
    """Unpadded base64url in its one form."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if _BASE64URL.fullmatch(text) and len(text) % 4 != 1 else b""
    if _text(raw) != text:
        raise BadToken("not base64url")
    return raw


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")
