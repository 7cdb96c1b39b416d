"""Writes the schema to its committed file, or checks that the file is current: clients rely on the file."""

import difflib
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.api.schema import sdl

FILE: Final = Path("marketplace") / "schema.graphql"
DIFFERENCES_SHOWN: Final = 60


class Command(BaseCommand):
    """`manage.py schema`."""

    help = f"Write the GraphQL schema to {FILE}, or with --check only compare."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true", help="write nothing; end with an error if the file is not current")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write or compare.

        Raises:
            CommandError: with --check, when the file differs from the code.
        """
        path, current = settings.BASE_DIR / FILE, sdl()
        if not options["check"]:
            path.write_text(current, encoding="utf-8")
            return
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        if committed != current:
            difference = difflib.unified_diff(committed.splitlines(), current.splitlines(), "committed", "code", lineterm="", n=1)
            shown = "\n".join(list(difference)[:DIFFERENCES_SHOWN])
            message = f"{FILE} is not current; run `manage.py schema`\n{shown}"
            raise CommandError(message)
