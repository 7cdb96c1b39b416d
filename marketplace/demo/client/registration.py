"""Act one: resources are filed for, examined by two people, published, and deposited when the notice has run out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from marketplace.demo.client.api import TIMEOUT_S, DemoFailed, wait_for
from marketplace.demo.client.people import Cast, Organisation, Person, digest
from marketplace.demo.client.stage import Stage

FILING: Final = "filing { id state version situation noticeUntilAt }"
STATE: Final = "query Filing($id: ID!) { node(id: $id) { ... on Filing { id state version noticeUntilAt object { id identifier } } } }"
PAPER: Final = "query Paper($id: ID!) { node(id: $id) { ... on Filing { certificate { number pageUrl pdfUrl } } } }"
FOUND: Final = {"harmFlag": "NONE", "secrecyMark": False, "unlawfulSource": "NONE", "disputeOpen": False}
"""What the registrar's first examiner establishes; a person's finding, not a program's."""
RIGHTS: Final = ("HOLD", "USE", "OPERATE")
COMMON: Final = {
    "objectKind": "RESOURCE",
    "industry": "G56",
    "sourceCategory": "ENTERPRISE",
    "sourceKind": "COLLECTED",
    "situation": "OWN_ACTIVITY",
    "level": "GENERAL",
    "piKind": "NONE",
    "region": "New York City, three airports 纽约三机场",
    "updateFrequency": "YEARLY",
    "dataFormat": "TABLE",
    "limits": {"resale": False, "export": False, "territory": "CN"},
}


@dataclass(frozen=True, slots=True)
class Application:
    """What an applicant says of a resource or product."""

    applicant: Organisation
    name: str
    summary: str
    facts: dict[str, Any]
    rights: tuple[str, ...] = RIGHTS
    made_from: tuple[tuple[str, str], ...] = ()
    object_id: str | None = None


def file_for(application: Application) -> dict[str, Any]:
    """Submit one application and return the filing."""
    given: dict[str, Any] = {
        "name": application.name,
        "summary": application.summary,
        "rightsClaimed": list(application.rights),
        "evidence": [{"name": "statement of source 来源说明", "sha256": digest(f"source of {application.name}")}],
        **COMMON,
        **application.facts,
    }
    if application.made_from:
        given["madeFrom"] = [{"objectId": source, "grantId": grant} for source, grant in application.made_from]
    if application.object_id:
        given["furtherToId"] = application.object_id
    filing: dict[str, Any] = application.applicant.api.mutate("filingSubmit", FILING, content=given)["filing"]
    return filing


def examine(cast: Cast, filing: dict[str, Any]) -> dict[str, Any]:
    """Acceptance and first examination by one registrar, publication by another."""
    first, second = cast.registrar.people
    found = FOUND | ({"derivedSubstantive": True} if filing["situation"] == "DERIVED" else {})
    steps: list[tuple[Person, str, dict[str, Any]]] = [
        (first, "filingAccept", {}),
        (first, "filingExamine", {"assessment": found}),
        (second, "filingPublish", {}),
    ]
    for person, name, more in steps:
        filing = person.api.mutate(name, FILING, filingId=filing["id"], expectedVersion=filing["version"], **more)["filing"]
    return filing


def register(stage: Stage, cast: Cast, applications: list[Application]) -> list[dict[str, Any]]:
    """File, examine and publish all applications, wait out the longest notice, and return the deposited filings."""
    filings = []
    for application in applications:
        stage.step(f"{application.applicant.name_en} files for {', '.join(application.rights)} in “{application.name}”")
        filings.append(examine(cast, file_for(application)))
    until = max(filing["noticeUntilAt"] for filing in filings)
    stage.jump(cast.registrar.api, until, "public notice (公示), 5 working days")
    return [_certified(cast, filing["id"]) for filing in filings]


def take_certificate(stage: Stage, owner: Organisation, filing_id: str, files: Path) -> None:
    """Look at the certificate of a filing as anybody may, without a key: its page, and the PDF, which is kept in a folder.

    Raises:
        DemoFailed: the page does not name the certificate, or what came is no PDF.
    """
    certificate = owner.api.query(PAPER, id=filing_id)["node"]["certificate"]
    page, pdf = (requests.get(certificate[name], timeout=TIMEOUT_S) for name in ("pageUrl", "pdfUrl"))
    if not (page.ok and certificate["number"] in page.text and pdf.ok and pdf.content.startswith(b"%PDF-")):
        message = f"certificate {certificate['number']}: HTTP {page.status_code} and {pdf.status_code}"
        raise DemoFailed(message)
    kept = files / f"{certificate['number']}.pdf"
    kept.write_bytes(pdf.content)
    stage.step(f"certificate 登记证书 {certificate['pageUrl']}")
    stage.step(f"to print 可打印 {certificate['pdfUrl']}, kept as {kept}")


def _certified(cast: Cast, filing_id: str) -> dict[str, Any]:
    def certified() -> Any:
        filing = cast.registrar.api.query(STATE, id=filing_id)["node"]
        return filing if filing["state"] == "CERTIFIED" else None

    found: dict[str, Any] = wait_for(f"the certificate of filing {filing_id}", certified)
    return found
