"""One call, one effect: the key, the hash of the input and the result are stored in the transaction of the effect."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from registry.base import clock
from registry.base.actor import Actor
from registry.base.errors import BadInput, IdempotencyMismatch
from registry.base.limits import IDEMPOTENCY_KEY_MAX
from registry.base.models import IdempotencyKey

Result = TypeVar("Result", bound=Model)


@dataclass(slots=True)
class Call:
    """A claimed key: either fresh, or a replay that carries the first result."""

    row: IdempotencyKey
    replayed: bool

    def result(self, model: type[Result]) -> Result:
        """The object that the first call returned, as it is now."""
        return model._base_manager.get(pk=self.row.result_id)  # noqa: SLF001 Django's documented model API

    def done(self, result: Result) -> Result:
        """Store the result with the key and return it."""
        self.row.result_type, self.row.result_id = result._meta.label, result.pk  # noqa: SLF001
        self.row.save(update_fields=["result_type", "result_id"])
        return result


@contextmanager
def once(actor: Actor, operation: str, key: str, *inputs: Any) -> Iterator[Call]:
    """Open the transaction of a service call and claim its idempotency key.

    The second of two concurrent twins waits for the first and then replays it. If the body raises,
    the key is rolled back with the effect.

    Raises:
        BadInput: the key is empty or too long.
        IdempotencyMismatch: the key was used with another input.
    """
    if not 0 < len(key) <= IDEMPOTENCY_KEY_MAX:
        raise BadInput("idempotencyKey", f"1 to {IDEMPOTENCY_KEY_MAX} characters")
    digest = hashlib.sha256(_ENCODER.encode(inputs).encode()).digest()
    with transaction.atomic():
        yield _claim(actor, operation, key, digest)


def _claim(actor: Actor, operation: str, key: str, digest: bytes) -> Call:
    identity = {"person": actor.person, "organisation": actor.organisation, "operation": operation, "key": key}
    fresh = IdempotencyKey(**identity, digest=digest, created_at=clock.now())
    IdempotencyKey.objects.bulk_create([fresh], ignore_conflicts=True)
    row = IdempotencyKey.objects.get(**identity)
    if bytes(row.digest) != digest:
        raise IdempotencyMismatch
    return Call(row, replayed=row.pk != fresh.pk)


def _plain(value: Any) -> Any:
    """A value of a service argument as JSON can carry it, where JSON has no such type."""
    match value:
        case Enum():
            return value.value
        case Decimal() | UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case set() | frozenset():
            return sorted(json.dumps(item, default=_plain) for item in value)
        case _ if hasattr(value, "__dataclass_fields__"):
            return {name: getattr(value, name) for name in value.__dataclass_fields__}
    message = f"{type(value).__name__} is no service argument"
    raise TypeError(message)


_ENCODER: Final = json.JSONEncoder(default=_plain, sort_keys=True, separators=(",", ":"), check_circular=False)
"""Python's own, whose inner loop is compiled: the inputs of a model may be half a million numbers."""
