"""The JSON-LD terms of a certificate, so that it is a valid credential also for those who read it as linked data: pure."""

from __future__ import annotations

from typing import Any, Final

from registry.certificates.statements import CONTEXT_PATH, TYPE

TERMS: Final = (
    *("number", "object", "identifier", "kind", "summary", "holder", "name_zh", "name_en", "uscc"),
    *("rights", "grant", "exclusive", "valid_from", "last_day", "scope"),
    *("derive", "provide_derived", "sublicense", "resale", "export", "territory", "purposes"),
    *("filing", "deposit", "event", "index", "log_key"),
)
"""What a statement says in its subject beyond ``id`` and ``name``, which the credentials' own context defines."""


def context_of(public_url: str) -> dict[str, Any]:
    """The context document of an installation; its terms are named below the document's own address."""
    base = f"{public_url}/{CONTEXT_PATH}#"
    terms: dict[str, Any] = {name: f"{base}{name}" for name in TERMS}
    note = {"@id": f"{base}note", "@container": "@language"}
    return {"@context": {"@version": 1.1, "@protected": True, TYPE: f"{base}{TYPE}", **terms, "note": note}}
