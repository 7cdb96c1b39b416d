"""Turns a document's text into something ready to execute, once: parsing and validation cost more than a small query."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from graphql import DocumentNode, GraphQLError, GraphQLSchema, NoSchemaIntrospectionCustomRule, parse, specified_rules, validate
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping

from marketplace.api import guard
from marketplace.api.cost import OperationPrice, prices
from marketplace.api.errors import BadDocument, RequestRefused
from registry.base.limits import DOCUMENT_CACHE_CHARACTERS, DOCUMENT_CACHE_SIZE, DOCUMENT_TOKENS_MAX, FIELD_COMPARISONS_MAX

COMMENTS_MAX: Final = 100
VALIDATION_ERRORS_MAX: Final = 10
RULES: Final = (*specified_rules,)
"""All of the standard's rules: a list of one's own alone would replace them."""

# graphql-core reads its budget from this attribute when a validation starts; a comparison costs two units of it
overlapping.MAX_COMPLEXITY_BUDGET = 2 * FIELD_COMPARISONS_MAX


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed, bounded, valid document with the price of each of its operations."""

    digest: str
    ast: DocumentNode
    prices: Mapping[str | None, OperationPrice]
    introspection: tuple[GraphQLError, ...]
    """What is said to a caller who may not introspect."""


class Documents:
    """The documents of one schema, the last used ones kept under the SHA-256 of their text."""

    def __init__(self, schema: GraphQLSchema, *, size: int = DOCUMENT_CACHE_SIZE, characters: int = DOCUMENT_CACHE_CHARACTERS) -> None:
        """``size`` bounds the number kept, ``characters`` their text, and with it the memory that their trees take."""
        self.schema, self.size, self.characters = schema, size, characters
        self._kept: OrderedDict[str, tuple[Document, int]] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def get(self, text: str) -> Document:
        """A document ready to execute.

        Raises:
            BadDocument: it cannot be parsed or is not valid.
            LimitExceeded: it goes over a limit of the guard.
            RequestRefused: a string in it holds a NUL.
        """
        digest = hashlib.sha256(text.encode()).hexdigest()
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
                return self._kept[digest][0]
        document = self._prepare(text, digest)
        self._keep(document, len(text))
        return document

    def _prepare(self, text: str, digest: str) -> Document:
        try:
            ast = parse(text, max_lexical_tokens=DOCUMENT_TOKENS_MAX, max_comments=COMMENTS_MAX)
        except GraphQLError as error:
            raise BadDocument([error]) from error
        _refuse_nul(ast)
        guard.check(ast)
        errors = validate(self.schema, ast, RULES, max_errors=VALIDATION_ERRORS_MAX, hide_suggestions=True)
        if errors:
            raise BadDocument(errors)
        introspection = validate(self.schema, ast, [NoSchemaIntrospectionCustomRule])
        return Document(digest, ast, prices(self.schema, ast), tuple(introspection[:1]))

    def _keep(self, document: Document, characters: int) -> None:
        with self._lock:
            if document.digest not in self._kept:
                self._held += characters
            self._kept[document.digest] = document, characters
            while len(self._kept) > self.size or self._held > self.characters:
                _, (_, freed) = self._kept.popitem(last=False)
                self._held -= freed


def _refuse_nul(ast: DocumentNode) -> None:
    """PostgreSQL has no NUL in text; the lexer decodes escapes, so the tokens are what tells."""
    token = ast.loc.start_token if ast.loc else None
    while token is not None:
        if token.value and "\x00" in token.value:
            raise RequestRefused(reason="a text holds the character NUL")
        token = token.next
