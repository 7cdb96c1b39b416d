"""Who shares in a sale because the product rests on their licences: the walk up the chain of title, to the minor unit.

Each licence gives its licensor ``income_share`` parts per million of the licensee's net income from products derived under it. The
seller's net income of a sale is what it receives after fees. A licensor's net income from it is what it receives as licensor; where the
object it licensed was itself derived, it passes on parts of that by its own licences, and so on. Every share is rounded down; what
rounding leaves stays with the payer. Tax is not deducted on the way: it is withheld at the end from what each holder keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from pricing.money import PPM, PricingError, require_minor, require_ppm, share_ppm

MAX_DEPTH: Final = 16
MAX_TERMS: Final = 1_000


class ChainError(PricingError):
    """A chain of title by which no income can be shared."""

    texts: ClassVar[Mapping[str, tuple[str, str]]] = {
        "CHAIN_CYCLE": ("Object {object} is derived from itself.", "对象 {object} 循环衍生自自身。"),
        "CHAIN_TOO_DEEP": ("The chain of title has more than {limit} levels.", "权利链超过 {limit} 层。"),
        "CHAIN_TOO_WIDE": ("The chain of title has more than {limit} shares.", "权利链超过 {limit} 项分成。"),
        "CHAIN_BROKEN": (
            "Licence {licence} was granted by {licensor}, who does not own {object}.",
            "许可 {licence} 由 {licensor} 授予，但其并非 {object} 的权利人。",
        ),
        "LICENCE_TWICE": ("Object {object} names licence {licence} twice.", "对象 {object} 重复列明许可 {licence}。"),
        "SHARES_EXCEED_INCOME": (
            "The licences under {object} give away {ppm} parts per million of one income.",
            "{object} 所依许可合计分出同一收入的百万分之 {ppm}，超过全部。",
        ),
        "TERMS_INVALID": ("Share {index} does not rest on an earlier one.", "第 {index} 项分成未以在先分成为基础。"),
    }


@dataclass(frozen=True, slots=True)
class Licence:
    """What one licence owes: ``ppm`` of the licensee's net income, to ``licensor``, who licensed the object ``source``."""

    key: str
    licensor: str
    source: str
    ppm: int


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived object: who owns it, and the licences it rests on."""

    owner: str
    licences: tuple[Licence, ...]


@dataclass(frozen=True, slots=True)
class ShareTerm:
    """One share as a contract states it: ``ppm`` of a net income, to ``holder``, under ``licence`` of ``source``.

    ``upon`` is the position, in the list of terms, of the share whose receipt is that net income; None means the seller's own net income.
    """

    holder: str
    ppm: int
    upon: int | None
    licence: str
    source: str


@dataclass(frozen=True, slots=True)
class IncomeShare:
    """One term carried out: what the holder received, and what it keeps after passing on, in minor units."""

    term: ShareTerm
    payer: str
    received_minor: int
    kept_minor: int


def share_terms(product: str, derivations: Mapping[str, Derivation]) -> tuple[ShareTerm, ...]:
    """Walk the chain of title from a product and return every share in a sale of it.

    Licences are taken in the order of their keys, so the order in which they were stored changes nothing. A term always comes after the
    one it rests on. An object reached by two ways gives two terms: each licensee owes its own share. An object without derivation is
    original; its chain ends.

    Args:
        product: key of the object sold.
        derivations: by object key; only those reached are read.

    Raises:
        ChainError: CHAIN_CYCLE, CHAIN_TOO_DEEP (16 levels), CHAIN_TOO_WIDE (1 000 shares), CHAIN_BROKEN (the licensor
            does not own the derived object it licensed), LICENCE_TWICE, SHARES_EXCEED_INCOME.
        MoneyError: PPM_OUT_OF_RANGE.
    """
    terms: list[ShareTerm] = []
    _walk(product, None, (product,), derivations, terms)
    return tuple(terms)


def _walk(item: str, upon: int | None, path: tuple[str, ...], derivations: Mapping[str, Derivation], terms: list[ShareTerm]) -> None:
    derivation = derivations.get(item)
    if derivation is None:
        return
    if len(path) > MAX_DEPTH:
        raise ChainError("CHAIN_TOO_DEEP", limit=MAX_DEPTH)
    _check_licences(item, derivation.licences)
    for licence in sorted(derivation.licences, key=lambda each: each.key):
        if licence.source in path:
            raise ChainError("CHAIN_CYCLE", object=licence.source)
        source = derivations.get(licence.source)
        if source is not None and source.owner != licence.licensor:
            raise ChainError("CHAIN_BROKEN", licence=licence.key, licensor=licence.licensor, object=licence.source)
        if len(terms) >= MAX_TERMS:
            raise ChainError("CHAIN_TOO_WIDE", limit=MAX_TERMS)
        terms.append(ShareTerm(licence.licensor, licence.ppm, upon, licence.key, licence.source))
        _walk(licence.source, len(terms) - 1, (*path, licence.source), derivations, terms)


def _check_licences(item: str, licences: Sequence[Licence]) -> None:
    seen: set[str] = set()
    for licence in licences:
        if licence.key in seen:
            raise ChainError("LICENCE_TWICE", object=item, licence=licence.key)
        seen.add(licence.key)
    total = sum(require_ppm(licence.ppm) for licence in licences)
    if total > PPM:
        raise ChainError("SHARES_EXCEED_INCOME", object=item, ppm=total)


def apply_terms(net_minor: int, seller: str, terms: Sequence[ShareTerm]) -> tuple[int, tuple[IncomeShare, ...]]:
    """Carry out share terms on a seller's net income.

    Args:
        net_minor: what the seller received after fees, in minor units, non-negative.
        seller: key of the seller, the payer of the terms that rest on nothing earlier.
        terms: as ``share_terms`` gives them, or as the signed contract holds them.

    Returns:
        What the seller keeps, and one share per term in order. What all keep sums to ``net_minor``; nothing is negative; what each term
        receives never falls as ``net_minor`` grows.

    Raises:
        ChainError: TERMS_INVALID, CHAIN_TOO_WIDE, SHARES_EXCEED_INCOME (naming the payer).
        MoneyError: AMOUNT_*, PPM_OUT_OF_RANGE.
    """
    require_minor(net_minor)
    if len(terms) > MAX_TERMS:
        raise ChainError("CHAIN_TOO_WIDE", limit=MAX_TERMS)
    seller_keeps = net_minor
    received: list[int] = []
    kept: list[int] = []
    given: dict[int | None, int] = {}
    for index, term in enumerate(terms):
        if term.upon is not None and not 0 <= term.upon < index:
            raise ChainError("TERMS_INVALID", index=index)
        given[term.upon] = given.get(term.upon, 0) + require_ppm(term.ppm)
        if given[term.upon] > PPM:
            payer = seller if term.upon is None else terms[term.upon].source
            raise ChainError("SHARES_EXCEED_INCOME", object=payer, ppm=given[term.upon])
        share = share_ppm(net_minor if term.upon is None else received[term.upon], term.ppm)
        if term.upon is None:
            seller_keeps -= share
        else:
            kept[term.upon] -= share
        received.append(share)
        kept.append(share)
    payers = [seller if term.upon is None else terms[term.upon].holder for term in terms]
    return seller_keeps, tuple(map(IncomeShare, terms, payers, received, kept))


def income_shares(net_minor: int, product: str, seller: str, derivations: Mapping[str, Derivation]) -> tuple[int, tuple[IncomeShare, ...]]:
    """Walk the chain of title of a product and share one net income along it; see ``share_terms`` and ``apply_terms``.

    Raises:
        ChainError: also CHAIN_BROKEN where the seller does not own the derived product it sells.
    """
    derivation = derivations.get(product)
    if derivation is not None and derivation.owner != seller:
        raise ChainError("CHAIN_BROKEN", licence="-", licensor=seller, object=product)
    return apply_terms(net_minor, seller, share_terms(product, derivations))
