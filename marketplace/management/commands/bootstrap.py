"""Sets a new market up: its operator, the operator's first person and their key, shown once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, PartyKind, scopes_for
from registry.base.embedded import var_directory
from registry.base.errors import UserError
from registry.base.ids import uuid7
from registry.base.limits import API_KEY_DAYS_MAX
from registry.base.local_keys import LENGTHS, local_keys
from registry.parties.models import Organisation
from registry.parties.selectors import first_person, operator
from registry.parties.services import api_key_issue, organisation_admit

SAMPLE_USCC: Final = "91350200000000000N"
"""Right in form and check character, with an organisation number of zeros that is never issued."""


class Command(BaseCommand):
    """`manage.py bootstrap`."""

    help = 'Create the market operator once; print one line {"operator_key": …}, null if it was shown before.'

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--name-zh", default="白鹭示例数据交易市场")
        parser.add_argument("--name-en", default="Egret sample data market")
        parser.add_argument("--uscc", default=SAMPLE_USCC, help="the operator's unified social credit code")
        parser.add_argument("--person", default="Market operator", help="name of the operator's first person")
        parser.add_argument("--new-key", action="store_true", help="issue a further key to the operator's first person")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make what is missing.

        Raises:
            CommandError: an option is not acceptable.
        """
        keys = local_keys(var_directory())
        for name in LENGTHS.keys() & keys.keys():  # of those that `serve` takes when the environment has none, what this needs
            setattr(settings, name, keys[name])
        try:
            secret = self._key(operator(), options)
        except UserError as error:
            message = f"{error.text()} {error.advice()}"
            raise CommandError(message) from error
        if secret is None:
            self.stderr.write("The operator exists and its key was shown once; --new-key issues a further one.")
        self.stdout.write(json.dumps({"operator_key": secret}))

    def _key(self, existing: Organisation | None, options: dict[str, Any]) -> str | None:
        if existing is None:
            return organisation_admit(
                actor=SYSTEM,
                kinds=[PartyKind.OPERATOR],
                name_zh=options["name_zh"],
                name_en=options["name_en"],
                uscc=options["uscc"],
                country="CN",
                first_person_name=options["person"],
                idempotency_key="bootstrap",
            ).secret
        if not options["new_key"]:
            return None
        person, kinds = first_person(existing.pk).pk, frozenset({PartyKind.OPERATOR})
        # whoever runs commands on this machine acts as the operator
        actor = Actor(person=person, organisation=existing.pk, kinds=kinds, scopes=scopes_for(kinds))
        expires_at = clock.now() + timedelta(days=API_KEY_DAYS_MAX)
        return api_key_issue(actor=actor, person_id=person, scopes=actor.scopes, expires_at=expires_at, idempotency_key=str(uuid7())).secret
