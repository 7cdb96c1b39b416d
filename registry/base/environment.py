"""Reads the process environment as typed values, so that a wrong setting stops the start instead of surfacing in the middle of a deal."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

TRUE: Final = frozenset({"1", "true", "yes", "on"})
FALSE: Final = frozenset({"0", "false", "no", "off"})
LONGEST_VALUE: Final = 8192
_OBJECT_STORE: Final = {"region": "region_name"}
_OBJECT_STORE_OPTIONS: Final = {
    "bucket_name": r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    "location": r"([A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,9})?",
    "endpoint_url": r"https?://([a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\])(:[0-9]{1,5})?",
    "region_name": r"[a-z0-9-]{1,40}",
    "addressing_style": r"auto|path|virtual",
}
DATABASE_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class WrongEnvironment(Exception):
    """A variable holds a value that Egret cannot start with; the message names the variable, never a secret value."""


def text(name: str, default: str = "") -> str:
    """Return the variable without surrounding blanks, or the default when it is unset or empty.

    Raises:
        WrongEnvironment: longer than 8192 characters.
    """
    value = os.environ.get(name, "").strip()
    if len(value) > LONGEST_VALUE:
        message = f"{name} is longer than {LONGEST_VALUE} characters"
        raise WrongEnvironment(message)
    return value or default


def flag(name: str, *, default: bool) -> bool:
    """Return a yes or no.

    Raises:
        WrongEnvironment: neither one of 1/true/yes/on nor one of 0/false/no/off.
    """
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE or value in FALSE:
        return value in TRUE
    message = f"{name} must be one of {sorted(TRUE | FALSE)}"
    raise WrongEnvironment(message)


def integer(name: str, *, default: int, least: int, most: int) -> int:
    """Return a whole number within its limits.

    Raises:
        WrongEnvironment: not a whole number, or outside the limits.
    """
    value = text(name)
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,12}", value) or not least <= int(value) <= most:
        message = f"{name} must be a whole number from {least} to {most}"
        raise WrongEnvironment(message)
    return int(value)


def choice(name: str, *, default: str, options: Sequence[str]) -> str:
    """Return one of the options.

    Raises:
        WrongEnvironment: anything else.
    """
    value = text(name, default)
    if value not in options:
        message = f"{name} must be one of {list(options)}"
        raise WrongEnvironment(message)
    return value


def items(name: str, *, default: Sequence[str]) -> list[str]:
    """Return a comma-separated list without empty members."""
    return [part.strip() for part in text(name).split(",") if part.strip()] or list(default)


def directory(name: str, *, default: Path) -> Path:
    """Return an absolute directory path; a relative one counts from the default's parent.

    Raises:
        WrongEnvironment: the path exists and is not a directory.
    """
    value = text(name)
    path = (default.parent / value).resolve() if value else default.resolve()
    if path.exists() and not path.is_dir():
        message = f"{name} must name a directory"
        raise WrongEnvironment(message)
    return path


def key_hex(name: str, *, length: int) -> str:
    """Return a key of `length` bytes as lower-case hexadecimal digits, or an empty string when there is none.

    Raises:
        WrongEnvironment: not exactly that many hexadecimal digits.
    """
    value = text(name).lower()
    if value and not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", value):
        message = f"{name} must be {2 * length} hexadecimal digits"
        raise WrongEnvironment(message)
    return value


def device_key(name: str) -> str:
    """Return the address of a key in a device, or an empty string when there is none.

    Raises:
        WrongEnvironment: not a pkcs11: address of one key; the message never repeats a PIN.
    """
    value = text(name)
    if value:
        from registry.base.signing import CannotSign, key_address  # noqa: PLC0415 the libraries of keys are for who has such a key

        try:
            key_address(value)
        except CannotSign as error:
            message = f"{name}: {error}"
            raise WrongEnvironment(message) from error
    return value


def base_url(name: str, *, default: str) -> str:
    """Return an address that others' addresses begin with: http or https, a host, perhaps a port, and nothing after.

    Raises:
        WrongEnvironment: anything else.
    """
    value = text(name, default).removesuffix("/")
    if not re.fullmatch(r"https?://([a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\])(:[0-9]{1,5})?", value):
        message = f"{name} must look like https://market.example"
        raise WrongEnvironment(message)
    return value


def object_store(name: str) -> dict[str, str]:
    """Return the options of an object store written as ``s3://bucket/prefix?endpoint_url=…&region=…``; empty when there is none.

    ``addressing_style`` (path or virtual) may be said too. Keys are no part of it: they come from the AWS_* variables.

    Raises:
        WrongEnvironment: anything else, or the extra ``s3`` is not installed.
    """
    value = text(name)
    if not value:
        return {}
    form = rf"{name} must look like s3://bucket/prefix?endpoint_url=https://store.example&region=cn-east"
    try:
        parts = urlsplit(value)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise WrongEnvironment(form) from error
    options = {"bucket_name": parts.netloc, "location": parts.path.strip("/"), **{_OBJECT_STORE.get(key, key): said for key, said in given}}
    if parts.scheme != "s3" or parts.fragment or len(options) != 2 + len(given):
        raise WrongEnvironment(form)
    for option, said in options.items():
        pattern = _OBJECT_STORE_OPTIONS.get(option)
        if pattern is None or not re.fullmatch(pattern, said):
            message = f"{form}; {option} is unknown or wrong"
            raise WrongEnvironment(message)
    if find_spec("storages") is None or find_spec("boto3") is None:
        message = f"{name} needs the extra s3: install egret[s3]"
        raise WrongEnvironment(message)
    return options


def secret(name: str, *, least: int) -> str:
    """Return a secret text of at least so many characters, or an empty string when there is none.

    Raises:
        WrongEnvironment: shorter than that.
    """
    value = text(name)
    if value and len(value) < least:
        message = f"{name} must have at least {least} characters"
        raise WrongEnvironment(message)
    return value


def database(url: str) -> dict[str, str]:
    """Take a PostgreSQL address apart into libpq's parameter names.

    Raises:
        WrongEnvironment: not a postgres:// address, or one without a database name.
    """
    if not url.startswith(("postgres://", "postgresql://")):
        message = "DATABASE_URL must start with postgres:// or postgresql://"
        raise WrongEnvironment(message)
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value not in (None, "")}
    except ProgrammingError as error:
        message = "DATABASE_URL is not a PostgreSQL address"
        raise WrongEnvironment(message) from error
    if not parts.get("dbname"):
        message = "DATABASE_URL must name a database, as in postgres://user@host:5432/egret"
        raise WrongEnvironment(message)
    return parts


def django_database(url: str) -> dict[str, str]:
    """Return what Django's `DATABASES` calls the parts of an address.

    Raises:
        WrongEnvironment: see `database`.
    """
    parts = database(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {ours: parts.get(libpq, "") for ours, libpq in names.items()}


def with_database(url: str, name: str) -> str:
    """Return the same server's address with another database.

    Raises:
        WrongEnvironment: the name is not a plain lower-case identifier of at most 63 characters.
    """
    if not DATABASE_NAME.fullmatch(name):
        message = f"a database name must match {DATABASE_NAME.pattern}"
        raise WrongEnvironment(message)
    scheme, _, rest = url.partition("://")
    path, question, query = rest.partition("?")
    return f"{scheme}://{path.partition('/')[0]}/{name}{question}{query}"
