"""What the log hears of parties: people only by pseudonymous id, never by name."""

from registry.log.schemas import declare

declare("organisation.admitted", public=("organisation", "kinds", "name_zh", "name_en", "uscc", "country"))
declare("organisation.verified", public=("organisation",), sealed=("document_sha256",))
declare("person.added", public=("person",), sealed=("organisation", "may_bind", "valid_from", "valid_until", "authority_sha256"))
declare("affiliation.declared", public=("affiliation",), sealed=("a", "b", "basis"))
declare("api_key.issued", public=("api_key", "expires_at"), sealed=("person", "organisation", "scopes"))
declare("api_key.revoked", public=("api_key",), sealed=("person", "organisation"))
declare("key.registered", public=("key", "party", "public_key"), sealed=("person",))
declare("key.revoked", public=("key", "party"), sealed=("person",))
declare("permit.filed", public=("permit", "organisation", "sector", "number", "valid_from", "valid_until", "document_sha256"))
declare("permit.checked", public=("permit", "organisation", "accepted"))
