"""The kinds of values in an identifier's public record: which index, which form, how long a copy may be trusted. Pure."""

from dataclasses import dataclass
from typing import Final

DATA_BYTES_MAX: Final = 4_096
"""Bytes of one value."""
SETTLED_SECONDS: Final = 86_400
CHANGING_SECONDS: Final = 5
"""What a hold, an ending or a retirement can change is looked up again after this time, wherever a copy lies."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value; a record has at most one of each.

    Attributes:
        name: the type, as the Handle System says.
        index: where it stands in the record.
        ttl: seconds for which a copy may be used.
        format: how ``data`` is to be read; ``string`` is text, for some kinds canonical JSON.
    """

    name: str
    index: int
    ttl: int
    format: str = "string"


URL: Final = Kind("URL", 1, SETTLED_SECONDS)
"""The page for people."""
STATUS: Final = Kind("STATUS", 2, CHANGING_SECONDS)
"""JSON: ``state`` REGISTERED or RETIRED, the ``holds`` on the thing itself; of a retired one ``retired_at`` and ``successor``."""
RIGHTS: Final = Kind("RIGHTS", 3, CHANGING_SECONDS)
"""JSON: the rights of first holders that are in force or will be, the newest first; licences by deals are not among them."""
CERT: Final = Kind("CERT", 4, CHANGING_SECONDS)
"""JSON: the certificates, the newest first."""
SOURCES: Final = Kind("SOURCES", 5, SETTLED_SECONDS)
"""JSON: the identifiers of what the thing was made from, whose holds reach it too."""
ALSO: Final = Kind("ALSO", 6, SETTLED_SECONDS)
"""JSON: the names that others gave to the same thing."""
LOG: Final = Kind("LOG", 7, CHANGING_SECONDS)
"""JSON: the log's ``origin``, and the ``index`` of the entry that last changed the record."""
HS_ADMIN: Final = Kind("HS_ADMIN", 100, SETTLED_SECONDS, "admin")
"""Who administers the identifier by the Handle protocol: nobody, for the register is changed by filings."""

KINDS: Final = (URL, STATUS, RIGHTS, CERT, SOURCES, ALSO, LOG, HS_ADMIN)
STORED: Final = (STATUS, RIGHTS, CERT, SOURCES, ALSO)
"""What owners push. The others follow from the identifier, the installation and the log."""
KIND_AT: Final = {kind.index: kind for kind in KINDS}
