"""What the log hears of parties: people only by pseudonymous id, never by name."""

from registry.log.schemas import declare

declare("organisation.admitted", public=("organisation", "kinds", "name_zh", "name_en", "uscc", "country"))
declare("organisation.verified", public=("organisation",), sealed=("document_sha256",))
declare("person.added", public=("person", "organisation", "may_bind", "valid_from", "valid_until"), sealed=("authority_sha256",))
declare("affiliation.declared", public=("affiliation", "a", "b", "basis"))
declare("api_key.issued", public=("api_key", "person", "organisation", "scopes", "expires_at"))
declare("api_key.revoked", public=("api_key", "person", "organisation"))
declare("key.registered", public=("key", "party", "person", "public_key"))
declare("key.revoked", public=("key", "party", "person"))
declare("permit.filed", public=("permit", "organisation", "sector", "number", "valid_from", "valid_until", "document_sha256"))
declare("permit.checked", public=("permit", "organisation", "accepted"))
