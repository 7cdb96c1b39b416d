"""What a market tells its log, leaf by leaf and in memory; a test adds what no market would, signed properly all the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from registry.log.canonical import canonical, seal_member

START = datetime(2027, 1, 1, tzinfo=UTC)
SEALED = seal_member(0, b"\x00" * 16)
FIRST, LAST = "2027-01-01", "2029-12-31"


def uid(name: str) -> str:
    """One id for one name."""
    return str(UUID(bytes=sha256(name.encode()).digest()[:16]))


def after(day: str, days: int = 1) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


class Story:
    """The leaves so far; business time goes on by a tenth of a second with each."""

    def __init__(self, now: datetime = START) -> None:
        self.leaves: list[bytes] = []
        self.now = now

    def tell(self, schema: str, *, version: int = 1, event: str | None = None, at: datetime | None = None, **data: Any) -> int:
        """Add an event and return its index."""
        self.now += timedelta(seconds=0.1)
        self.leaves.append(
            canonical(
                {
                    "schema": schema,
                    "version": version,
                    "id": event or uid(f"event {len(self.leaves)}"),
                    "at": (at or self.now).isoformat(),
                    "actor": SEALED,
                    "subject": {"type": "thing", "id": uid("subject")},
                    "data": data,
                }
            )
        )
        return len(self.leaves) - 1

    def thing(self, name: str, owner: str, *made_from: tuple[str, str], kind: str | None = None) -> int:
        """Register an object, made from sources under licences."""
        links = [{"object": uid(source), "grant": uid(licence)} for source, licence in made_from]
        kind = kind or ("PRODUCT" if links else "RESOURCE")
        return self.tell("object.registered", object=uid(name), owner=uid(owner), kind=kind, made_from=links)

    def granted(self, name: str, of: str, holder: str, **changed: Any) -> int:
        """Grant a right; without ``parent`` and ``deal`` it is a first one."""
        shape = {"grant": uid(name), "object": uid(of), "holder": uid(holder), "kind": "OPERATE", "parent": None, "deal": None}
        shape |= {"exclusive": False, "valid_from": FIRST, "valid_to": after(LAST), "income_share_ppm": SEALED, "terms": SEALED}
        for each in {"parent", "deal"} & changed.keys():
            changed[each] = uid(changed[each]) if changed[each] else None
        return self.tell("right.granted", **shape | changed)

    def deposited(self, filing: str, of: str, applicant: str, *rights: tuple[str, str], first: str = FIRST, last: str = LAST) -> int:
        """Deposit a filing with first rights, each by name and kind."""
        listed = [{"grant": uid(name), "kind": kind} for name, kind in rights]
        shown = {"object": uid(of), "applicant": uid(applicant), "rights": listed, "valid_from": first, "valid_until": last}
        return self.tell("filing.deposited", filing=uid(filing), **shown)

    def owned(self, of: str, owner: str, *made_from: tuple[str, str], **changed: Any) -> int:
        """Register an object with its owner's OPERATE right ``operate <object>``, deposited; returns the index of the right."""
        self.thing(of, owner, *made_from)
        index = self.granted(f"operate {of}", of, owner, **changed)
        first, last = changed.get("valid_from", FIRST), after(changed.get("valid_to", after(LAST)), -1)
        self.deposited(f"filing {of}", of, owner, (f"operate {of}", "OPERATE"), first=first, last=last)
        return index

    def step(self, deal: str, step: str, **data: Any) -> int:
        """One step of a deal."""
        return self.tell(f"deal.{step}", deal=uid(deal), **data)

    def signed(self, deal: str, seller: str, buyer: str) -> int:
        """A deal that was asked for and signed; returns the index of the signing."""
        self.step(deal, "requested")
        return self.step(deal, "signed", seller=uid(seller), buyer=uid(buyer))

    def licensed(self, name: str, of: str, seller: str, buyer: str, *, parent: str | None = None, **changed: Any) -> int:
        """A USE licence by a deal that is in force; returns the index of the right."""
        self.signed(f"deal {name}", seller, buyer)
        index = self.granted(name, of, buyer, **{"kind": "USE", "parent": parent or f"operate {of}", "deal": f"deal {name}"} | changed)
        self.step(f"deal {name}", "in_force")
        return index

    def sold(self, name: str, of: str, seller: str, buyer: str) -> int:
        """A deal from request to settlement; returns the index of the settlement."""
        deal = f"deal {name}"
        self.signed(deal, seller, buyer)
        self.step(deal, "funded")
        self.granted(name, of, buyer, kind="USE", parent=f"operate {of}", deal=deal)
        self.step(deal, "delivered")
        self.step(deal, "accepted")
        return self.step(deal, "settled")

    def ended(self, name: str, of: str, holder: str, ends_on: str, *children: tuple[str, str, str], kind: str = "OPERATE") -> int:
        """End a right, and children (name, object, holder; all USE) with it."""
        listed = [{"grant": uid(each), "object": uid(thing), "holder": uid(who), "kind": "USE"} for each, thing, who in children]
        data = {"grant": uid(name), "object": uid(of), "holder": uid(holder), "kind": kind}
        return self.tell("right.ended", **data, ends_on=ends_on, children=listed)

    def held(self, name: str, of: str, kind: str = "DISPUTE") -> int:
        """Place a hold."""
        return self.tell("hold.placed", hold=uid(name), object=uid(of), kind=kind)

    def lifted(self, name: str, of: str) -> int:
        """Lift a hold."""
        return self.tell("hold.lifted", hold=uid(name), object=uid(of), kind="DISPUTE")

    def certified(self, number: str, filing: str, of: str, statement: bytes = b"") -> int:
        """Issue a certificate."""
        return self.tell(
            "certificate.issued", number=number, filing=uid(filing), object=uid(of), sha256=sha256(statement or number.encode()).hexdigest()
        )


def market() -> Story:
    """A lawful story that touches every rule: rights, licences, a product, an exclusive right, endings, holds, a sale, a certificate."""
    told = Story()
    told.owned("flights", "airport")
    told.certified("EGR-1", "filing flights", "flights")
    told.licensed("to maker", "flights", "airport", "maker")
    told.owned("table", "maker", ("flights", "to maker"))
    told.sold("first sale", "table", "maker", "buyer")
    told.held("doubt", "flights")
    told.lifted("doubt", "flights")
    told.sold("second sale", "table", "maker", "other")
    told.ended("first sale", "table", "buyer", "2028-01-01", kind="USE")
    told.licensed("short", "table", "maker", "rival", exclusive=False, valid_from="2027-05-01", valid_to="2027-06-01")
    told.owned("index", "maker")
    told.licensed("alone", "index", "maker", "rival", exclusive=True, valid_to="2028-01-01")
    told.licensed("alone later", "index", "maker", "other", exclusive=True, valid_from="2028-01-01")
    told.ended("operate index", "index", "maker", "2027-07-01", ("alone", "index", "rival"), ("alone later", "index", "other"))
    told.tell("listing.listed", listing=uid("listing"))
    told.tell("organisation.admitted", organisation=uid("airport"))
    told.signed("given up", "maker", "other")
    told.step("given up", "cancelled")
    return told
