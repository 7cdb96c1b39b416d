"""Gives things their names and retires them: the only writer of identifiers.

No event of its own: the owner of the named thing records the name in the event of its registration.
"""

from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from registry.base import clock
from registry.identifiers.handles import DRAWS_MAX, draw
from registry.identifiers.models import Identifier


def mint(*, subject_type: str, subject_id: UUID) -> str:
    """Name a thing and return the identifier; a thing that has a name keeps it.

    A number that is already taken is drawn again. Safe to call from two transactions at once.

    Raises:
        RuntimeError: the machine's randomness is broken.
    """
    for _ in range(DRAWS_MAX):
        row = Identifier.objects.filter(subject_type=subject_type, subject_id=subject_id).first()
        if row is not None:
            return row.handle
        handle = draw(settings.EGRET_IDENTIFIER_PREFIX)
        try:
            with transaction.atomic():
                Identifier.objects.create(
                    number=handle.number, prefix=handle.prefix, subject_type=subject_type, subject_id=subject_id, minted_at=clock.now()
                )
        except IntegrityError:
            continue
        return str(handle)
    message = f"no free identifier in {DRAWS_MAX} draws"
    raise RuntimeError(message)


def retire(*, subject_type: str, subject_id: UUID) -> None:
    """Retire a thing's identifier for good: it still resolves, as a tombstone. Retiring twice keeps the first instant."""
    Identifier.objects.filter(subject_type=subject_type, subject_id=subject_id, retired_at=None).update(retired_at=clock.now())
