"""Errors that carry what a person can do: code, field, message and remedy, in the language of the request."""

from typing import Any, ClassVar, Final

from django.utils.translation import gettext, gettext_noop

SPOKEN: Final = frozenset({"noun", "rule", "side"})
"""Parameters that are words of ours, not values of the request: what a thing is called, the rule that a value breaks, who does a step."""


class EgretError(Exception):
    """Root of all typed errors.

    ``message`` and ``remedy`` are gettext ids with named ``%(param)s`` places, filled from ``params`` when shown; those of ``SPOKEN``
    are gettext ids themselves.
    ``field`` is the path of the offending input, as the client wrote it (camelCase).
    """

    code: ClassVar[str] = "INTERNAL"
    message: ClassVar[str] = gettext_noop("Something failed inside. The request changed nothing.")
    remedy: ClassVar[str] = gettext_noop("Try again; if it persists, report the request id.")

    def __init__(self, *, field: tuple[str, ...] = (), **params: Any) -> None:
        """Keep the field path and the parameters of the texts."""
        super().__init__(self.code, field, params)
        self.field = field
        self.params = params

    def text(self) -> str:
        """The message in the active language."""
        return gettext(self.message) % self._told()

    def advice(self) -> str:
        """The remedy in the active language."""
        return gettext(self.remedy) % self._told()

    def _told(self) -> dict[str, Any]:
        return {name: gettext(value) if name in SPOKEN and value else value for name, value in self.params.items()}

    def __str__(self) -> str:
        """Code and parameters, for logs."""
        return f"{self.code} {self.field} {self.params}"


class UserError(EgretError):
    """An error the caller can mend; becomes one row of ``userErrors``. Nothing was changed."""


class BadInput(UserError):
    """A value that breaks a rule of the field."""

    code = "BAD_INPUT"
    message = gettext_noop("%(field_name)s is not acceptable: %(rule)s")
    remedy = gettext_noop("Correct the value and send the request again.")

    def __init__(self, field_name: str, rule: str, **params: Any) -> None:
        """Name the field and the rule that it breaks."""
        super().__init__(field=tuple(field_name.split(".")), field_name=field_name, rule=rule, **params)


class InvalidId(UserError):
    """An id that is malformed or names another type."""

    code = "INVALID_ID"
    message = gettext_noop("%(field_name)s is not the id of a %(expected)s.")
    remedy = gettext_noop("Use the id that the API returned for a %(expected)s.")


class NotFound(UserError):
    """No such thing, or not visible to the actor: the two are not told apart."""

    code = "NOT_FOUND"
    message = gettext_noop("There is no such %(noun)s, or you may not see it.")
    remedy = gettext_noop("Check the id; ask its owner for access.")


class StaleVersion(UserError):
    """Somebody moved the row first."""

    code = "STALE_VERSION"
    message = gettext_noop("The %(noun)s was changed meanwhile: its version is %(current)s, not %(expected)s.")
    remedy = gettext_noop("Read it again, decide again, and send version %(current)s.")


class IllegalTransition(UserError):
    """The state machine has no such step."""

    code = "ILLEGAL_TRANSITION"
    message = gettext_noop("A %(noun)s that is %(source)s cannot become %(target)s.")
    remedy = gettext_noop("Follow the order of steps; its current state is %(source)s.")


class IdempotencyMismatch(UserError):
    """The key was used before with another input."""

    code = "IDEMPOTENCY_MISMATCH"
    message = gettext_noop("The idempotency key was already used with another input.")
    remedy = gettext_noop("Use a new key for a new request; repeat the same input to get the first result.")

    def __init__(self) -> None:
        """The field is always the key."""
        super().__init__(field=("idempotencyKey",))


class Conflict(UserError):
    """The database refused what contradicts an existing row."""

    code = "CONFLICT"
    message = gettext_noop("This contradicts something already recorded: %(reason)s")
    remedy = gettext_noop("Read the existing record and adjust the request.")


class FourEyes(UserError):
    """A second person is needed."""

    code = "FOUR_EYES"
    message = gettext_noop("The person who took the first step may not take this one.")
    remedy = gettext_noop("Ask another authorised person of your organisation.")


class Affiliated(UserError):
    """Nobody decides on their own organisation or its affiliates."""

    code = "AFFILIATED"
    message = gettext_noop("You may not decide on your own organisation or one affiliated with it.")
    remedy = gettext_noop("Have an unaffiliated authority decide.")


class Unauthenticated(EgretError):
    """No valid API key."""

    code = "UNAUTHENTICATED"
    message = gettext_noop("A valid API key is needed.")
    remedy = gettext_noop("Send the header Authorization: Bearer <key>; ask your organisation for a key if it expired or was revoked.")


class Forbidden(EgretError):
    """The key or the organisation may not do this."""

    code = "FORBIDDEN"
    message = gettext_noop("This key may not do that: it lacks the scope %(scope)s.")
    remedy = gettext_noop("Use a key with that scope, of an organisation whose kind allows it.")
