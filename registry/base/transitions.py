"""Moves a row from one state to another by compare-and-set, so that of two racing moves exactly one wins."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model

from registry.base.errors import IllegalTransition, StaleVersion

State = TypeVar("State", bound=str)


def move(row: Any, *, to: State, expected_version: int, transitions: Mapping[State, frozenset[State]], **changes: Any) -> None:
    """Move ``row.state`` to a state that the table allows and raise ``row.version`` by one.

    ``changes`` are further columns written in the same statement. The row object is refreshed in place.

    Raises:
        IllegalTransition: the table has no such step from the row's state.
        StaleVersion: the stored version is not the expected one; carries the current version.
    """
    model: type[Model] = type(row)
    noun = model._meta.verbose_name  # noqa: SLF001 Django's documented model API
    current = model._base_manager.only("state", "version").get(pk=row.pk)  # noqa: SLF001
    if current.version != expected_version:  # type: ignore[attr-defined]
        raise StaleVersion(field=("expectedVersion",), noun=noun, current=current.version, expected=expected_version)  # type: ignore[attr-defined]
    source = current.state  # type: ignore[attr-defined]
    if to not in transitions.get(source, frozenset()):
        raise IllegalTransition(noun=noun, source=str(source), target=str(to))
    moved = model._base_manager.filter(pk=row.pk, version=expected_version, state=source).update(  # noqa: SLF001
        state=to, version=expected_version + 1, **changes
    )
    if moved != 1:
        latest = model._base_manager.values_list("version", flat=True).get(pk=row.pk)  # noqa: SLF001
        raise StaleVersion(field=("expectedVersion",), noun=noun, current=latest, expected=expected_version)
    row.refresh_from_db()
