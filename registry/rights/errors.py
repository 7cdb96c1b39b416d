"""Refusals of the register, each with what would mend it."""

from typing import Final

from django.utils.translation import gettext_lazy, gettext_noop

from registry.base.errors import UserError

REASONS: Final = {
    "LICENCE_ENDED": gettext_lazy("the right it rests on is not in force"),
    "OTHER_OBJECT": gettext_lazy("the right it rests on is a right in another object"),
    "OTHER_LICENSOR": gettext_lazy("the right it rests on belongs to somebody else"),
    "KIND": gettext_lazy("the right it rests on does not allow granting this kind of right"),
    "TERM": gettext_lazy("it would begin before, or outlast, the right it rests on"),
    "SCOPE": gettext_lazy("it would allow more than the right it rests on"),
    "SOURCE_ENDED": gettext_lazy("a licence in a source of this product is not in force"),
    "SOURCE_TERM": gettext_lazy("it would begin before, or outlast, a licence in a source of this product"),
    "SOURCE_SCOPE": gettext_lazy("it would exceed the territory, export or purposes of a licence in a source of this product"),
    "CORRECTION": gettext_lazy("a correction may only shorten the right that it replaces"),
    "NOT_DERIVED": gettext_lazy("only a product is made from other objects"),
    "NOT_OWNERS_USE": gettext_lazy("the licence relied on is not a USE right of the product's owner in that source"),
    "NO_DERIVATION": gettext_lazy("the licence relied on does not allow making derived products and providing them"),
    "SHARES": gettext_lazy("the licences relied on would take more than the whole income"),
    "FROZEN": gettext_lazy("rights in this product were already granted, so its sources no longer change"),
    "DEPTH": gettext_lazy("its source was itself derived too many times"),
}
"""Why the database refused, by the code that its triggers raise."""


class RightTaken(UserError):
    """Another exclusive right, or rights that an exclusive one would exclude, stand in the way."""

    code = "RIGHT_TAKEN"
    message = gettext_noop("Another %(kind)s right in this object, from %(taken_from)s to before %(taken_until)s, excludes this one.")
    remedy = gettext_noop("Ask for a period outside it, from %(taken_until)s on, or for a right that is not exclusive if that one is not.")


class NotCovered(UserError):
    """Nobody grants more than they have (nemo plus iuris)."""

    code = "NOT_COVERED"
    message = gettext_noop("This right cannot be registered: %(reason)s.")
    remedy = gettext_noop("Stay within the right it rests on, or obtain a wider one first.")

    def __init__(self, *, reason_code: str, field: tuple[str, ...] = ()) -> None:
        """Keep the database's code; show its text."""
        super().__init__(field=field, reason_code=reason_code, reason=REASONS[reason_code])


class Held(UserError):
    """A hold blocks new rights."""

    code = "HELD"
    message = gettext_noop("No right in this object may be granted now: a hold (%(kinds)s) is in force since %(since)s.")
    remedy = gettext_noop("Have whoever set the hold lift it.")


class TitleBroken(UserError):
    """A product stands on a licence that is not in force."""

    code = "TITLE_BROKEN"
    message = gettext_noop("On %(on)s a licence that this product is made under is not in force.")
    remedy = gettext_noop("Name a day on which the product's own rights were in force.")


class AlreadyRegistered(UserError):
    """The deal or filing already has this right."""

    code = "ALREADY_REGISTERED"
    message = gettext_noop("This right was already registered for that deal or filing.")
    remedy = gettext_noop("Read the registered right; nothing more is needed.")


class TooManyDependants(UserError):
    """One event can list only so many rights."""

    code = "TOO_MANY_DEPENDANTS"
    message = gettext_noop("More than %(limit)s rights depend on this one.")
    remedy = gettext_noop("End the rights that depend on it first, in parts.")
