"""The row in which the facts of a subject are kept: one typed, nullable column for each word of the rules' vocabulary.

Upper rooms that collect facts (filings, screening) have a table of their own with these columns; null means unknown.
"""

from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models

from registry.base.visibility import Record
from registry.rules.facts import FACTS, FactKind, Facts, FactType, FactValue, read_facts

_CODE_LENGTH: Final = 40


class FactsRecord(Record):
    """What was known of one content version of a subject when it was judged. Append-only."""

    subject_id = models.UUIDField()
    subject_version = models.PositiveIntegerField()
    stage = models.CharField(max_length=32)
    collected_at = models.DateTimeField()

    class Meta:
        abstract = True

    def as_facts(self) -> Facts:
        """The facts as the rules read them."""
        return read_facts({name: _read(fact, getattr(self, name)) for name, fact in FACTS.items()})


def fact_columns(facts: Facts) -> dict[str, Any]:
    """Column values for facts: sets as sorted lists; facts not given are null.

    Raises:
        Malformed: a fact that the vocabulary does not have, or of the wrong type.
    """
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in read_facts(facts).items()}


def _read(fact: FactType, value: Any) -> FactValue | None:
    known: FactValue | None = frozenset(value) if fact.kind is FactKind.CODES and value is not None else value
    return known


def _column(kind: FactKind) -> "models.Field[Any, Any]":
    match kind:
        case FactKind.BOOL:
            return models.BooleanField(null=True)
        case FactKind.INT:
            return models.BigIntegerField(null=True)
        case FactKind.DATE:
            return models.DateField(null=True)
        case FactKind.CODE:
            return models.CharField(max_length=_CODE_LENGTH, null=True)
        case FactKind.CODES:
            return ArrayField(models.CharField(max_length=_CODE_LENGTH), null=True)


for _name, _fact in FACTS.items():
    FactsRecord.add_to_class(_name, _column(_fact.kind))
