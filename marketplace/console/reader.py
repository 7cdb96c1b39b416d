"""Who reads the public pages: somebody who brings no key, may do nothing, and sees what every participant sees."""

from typing import Final
from uuid import UUID

from registry.base.actor import Actor

PUBLIC_READER: Final = Actor(person=None, organisation=UUID(int=0))
"""The nil UUID names no organisation, so nothing is its own; without kinds and scopes it can write nothing.

The register, the catalogue and the notices are there for the public to read; the API asks for a key only to know who takes how much.
"""
