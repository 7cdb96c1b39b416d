"""What the code on a paper and an identifier lead to: the facts, and how they stand at that moment, for anybody."""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
import subprocess
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from django.test import Client

from marketplace.console import register_views
from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.ids import uuid7
from registry.certificates import selectors
from registry.certificates.models import Certificate
from registry.certificates.rendering.pdf import Busy
from registry.certificates.revoking import certificate_revocation_propose, certificate_revoke
from registry.certificates.services import certificate_issue
from registry.certificates.signing import signatures_over, signatures_store
from registry.certificates.statements import statement_bytes
from registry.identifiers.handles import draw
from registry.identifiers.models import Identifier
from registry.identifiers.services import mint, retire
from registry.log.integrator import integrate
from registry.log.merkle import leaf_hash
from registry.log.models import Entry, Outbox, SignedCheckpoint
from registry.log.selectors import verifier_key
from registry.rights.ending import end
from registry.rights.models import Grant, Hold
from registry.rights.services import ObjectFacts, hold_lift, hold_place, object_register
from registry.rights.states import HoldKind, ObjectKind
from registry.rules.calendar import CHINA, china_date
from tests.marketplace.console.test_pages import POLICY, cells, headings
from tests.registry.rights.world import DERIVING, actor, first, licence, organisation, registered
from tests.support.filings import certified, door, jump, key, office

pytestmark = pytest.mark.django_db
ISSUED = (Certificate, Grant, Hold, Identifier, Entry, Outbox)


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


@pytest.fixture
def filing():
    return certified(office(), name="Departures <2013>")


def got(path, *, status=200, language="en", **headers):
    response = Client(raise_request_exception=False).get(path, headers={"Accept-Language": language, **headers})
    assert response.status_code == status, response.content[:2000]
    return response


def text(response):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<.*?>", "", response.content.decode())))


def page_of(filing, leaf=None):
    return f"/certificates/{filing.certificate.number}/" + ("" if leaf is None else f"?leaf={leaf}")


def leaf_of(filing):
    return leaf_hash(bytes(Entry.objects.get(pk=filing.deposit_event).body)).hex()


def checks(response):
    return re.findall(r'<li class="(good|bad)">(.*?)</li>', response.content.decode())


def verdicts(response):
    return re.findall(r'class="verdict (\w+)"><strong>(.*?)</strong>', response.content.decode())


def test_the_page_shows_what_is_certified_and_that_it_was_checked_now(filing):
    response = got(page_of(filing))
    assert response["Cache-Control"] == "no-cache"
    number, index = filing.certificate.number, json.loads(bytes(filing.certificate.statement))["credentialSubject"]["deposit"]["index"]
    size = SignedCheckpoint.objects.latest("size").size
    assert headings(response) == [
        f"Certificate <code>{number}</code>", "Checked just now", "What it states", "Files", "Check it yourself"
    ]  # fmt: skip
    assert verdicts(response) == [("good", "The certificate is genuine, and its rights are registered as it says.")]
    assert checks(response) == [
        ("good", "Every signature is good, by a key that this issuer introduced in the log."),
        (
            "good",
            f"The deposit is entry {index} of the log, under the signed checkpoint of {size} entries.",
        ),
        ("good", "Its status, as the status lists and its term have it: VALID 有效."),
    ]
    scope = "In CN: derive, provide derived products, sublicense, resell"
    term = [filing.valid_from.isoformat(), filing.valid_until.isoformat(), "no", scope, "in force"]
    assert cells(response) == [
        *("Right", "First day", "Last day", "Exclusive", "Scope", "Today"),
        *("HOLD: control the data", *term, "OPERATE: offer products", *term, "USE: process and use it", *term),
    ]
    shown = text(response)
    for said in (
        *("Airports", filing.object.identifier, "Departures <2013>", filing.certificate.sha256, leaf_of(filing)),
        *(str(filing.deposit_event), str(filing.pk)),
        *("not a certificate of the national data property-rights registry", f"--key '{verifier_key()}'"),
        f"{filing.certificate.issued_at.astimezone(CHINA):%Y-%m-%d %H:%M}",
    ):
        assert said in shown
    assert f'href="/objects/{filing.object.identifier}/"' in response.content.decode()


def test_it_reads_the_same_in_chinese(filing):
    response = got(page_of(filing), language="zh-hans")
    assert response["Content-Language"] == "zh-hans"
    assert verdicts(response) == [("good", "证书真实，所载权利与登记一致。")]
    assert cells(response)[:7] == ["权利", "起始日", "末日", "独占", "范围", "今日状态", "数据资源持有权"]
    assert cells(response)[10] == "地域：CN；许可：衍生加工、提供衍生产品、再许可、转售"
    assert checks(response)[2] == ("good", "状态（依状态列表与期限）：VALID 有效。")
    assert "并非国家数据产权登记凭证" in text(response)


@pytest.mark.parametrize("path", ["certificate", "object", "search", "unknown"])
def test_these_pages_too_let_nothing_in_but_their_own_style(path, filing):
    address = {"certificate": page_of(filing), "object": f"/objects/{filing.object.identifier}/", "search": "/certificates/?q=x"}
    response = Client().get(address.get(path, "/certificates/EGR-200001-0001/"))
    assert (response["Content-Security-Policy"], response["Referrer-Policy"], response["X-Frame-Options"]) == (
        POLICY,
        "no-referrer",
        "DENY",
    )
    content = response.content.decode()
    assert re.findall(r"<script|<style|style=|\son[a-z]+=", content) == []
    assert [each for each in re.findall(r'(?:href|src|action)="([^"]*)"', content) if not re.match(r"[/?#](?!/)", each)] == []


def test_the_leaf_hash_of_the_paper_is_compared_with_what_is_registered(filing):
    right = leaf_of(filing)[:16]
    assert checks(got(page_of(filing, right)))[2] == ("good", "The code on the paper carries the leaf hash of this deposit.")
    assert checks(got(page_of(filing, right.upper())))[2][0] == "good"
    for wrong in ("0" * 16, right[:15], right + "0", leaf_of(filing), "", "<b>x</b>", "%00", "x" * 5000):
        response = got(page_of(filing, wrong))
        assert verdicts(response) == [("bad", "The paper is not what is registered.")]
        assert checks(response)[2] == ("bad", "The code on the paper carries another leaf hash.")
        assert "<b>x</b>" not in response.content.decode()
    assert verdicts(got(page_of(filing, "0" * 16), language="zh-hans")) == [("bad", "纸面内容与登记不符。")]


def test_who_changes_the_language_still_sees_that_the_paper_is_not_what_is_registered(filing):
    page = got(page_of(filing, "0" * 16))
    (other,) = re.findall(r'<a href="([^"]*)" lang="zh-hans"', page.content.decode())
    assert html.unescape(other) == "?leaf=0000000000000000&lang=zh-hans"
    assert verdicts(got(f"/certificates/{filing.certificate.number}/{html.unescape(other)}")) == [("bad", "纸面内容与登记不符。")]
    hostile = got(page_of(filing, '"><b>x</b>&lang=en')).content.decode()
    assert ("<b>x</b>" in hostile, 'href="?leaf=%22%3E%3Cb%3Ex%3C%2Fb%3E&amp;lang=zh-hans"' in hostile) == (False, True)


def test_a_signature_that_is_not_good_is_told_at_once(filing, monkeypatch):
    monkeypatch.setattr(selectors, "signature_holds", lambda *_: False)
    response = got(page_of(filing))
    assert verdicts(response) == [("bad", "This certificate does not verify.")]
    assert [state for state, _ in checks(response)] == ["bad", "good", "good"]


def test_what_was_signed_with_a_stolen_key_but_never_issued_does_not_verify(filing):
    honest = filing.certificate
    stated = {**json.loads(bytes(honest.statement)), "name": "Another"}
    stored = statement_bytes(stated)
    same = ("object_id", "deposit_event", "status_list_id", "issued_at", "event_id")
    forged = Certificate.objects.create(
        number=f"{honest.number[:-4]}0666", filing_id=uuid7(clock.now()), statement=stored, sha256=hashlib.sha256(stored).hexdigest(),
        status_index=(honest.status_index + 1) % 131_072, **{name: getattr(honest, name) for name in same},
    )  # fmt: skip
    signatures_store(forged, signatures_over(stated, clock.now()), clock.now())
    response = got(f"/certificates/{forged.number}/")
    assert verdicts(response) == [("bad", "This certificate does not verify.")]
    assert checks(response)[0] == ("bad", "A signature is not good, or the register never issued this.")
    assert [state for state, _ in verdicts(got(page_of(filing)))] == ["good"]
    integrate()
    assert [verdicts(got(path))[0][0] for path in (f"/certificates/{forged.number}/", page_of(filing))] == ["bad", "good"]


def test_a_deposit_that_is_not_the_logs_is_told_at_once(filing, monkeypatch):
    honest = selectors.proof_of
    monkeypatch.setattr(selectors, "proof_of", lambda event: honest(Entry.objects.exclude(pk=event).latest("pk").pk))
    response = got(page_of(filing))
    assert verdicts(response) == [("bad", "This certificate does not verify.")]
    assert checks(response)[1] == ("bad", "The deposit was not found in the log.")


def test_a_right_that_was_ended_shows_on_page_and_paper(filing):
    before = got(f"/certificates/{filing.certificate.number}.pdf")
    stop = china_date(clock.now()) + timedelta(days=30)
    end(actor=SYSTEM, origin_id=Grant.objects.get(object=filing.object, kind="OPERATE").pk, ends_on=stop, reason="False proof")
    response = got(page_of(filing))
    assert verdicts(response) == [("bad", "1 of 3 rights were cut short of their term.")]
    assert cells(response)[12:18][-1] == f"in force ends from {stop} on"
    assert "False proof" not in response.content.decode()
    after = got(f"/certificates/{filing.certificate.number}.pdf")
    assert after["ETag"] != before["ETag"]
    assert after.content != before.content
    jump(clock.now() + timedelta(days=31))
    assert cells(got(page_of(filing)))[12:18][-1] == f"ended before its term ends from {stop} on"
    assert cells(got(page_of(filing), language="zh-hans"))[12:18][-1] == f"提前终止 自 {stop} 起终止"


def test_a_certificate_revoked_as_issued_in_error_says_so_on_page_and_paper():
    of = office()
    certificate = certified(of).certificate
    paper = f"/certificates/{certificate.number}.pdf"
    before = got(paper)
    stated = {"reason": "Wrong holder", "evidence_sha256": "0" * 64, "idempotency_key": key()}
    proposed = certificate_revocation_propose(actor=of.first, certificate_id=certificate.pk, **stated)
    assert "revoked" not in text(got(f"/objects/{certificate.object.identifier}/"))
    assert (got(paper)["ETag"], [state for state, _ in verdicts(got(f"/certificates/{certificate.number}/"))]) == (before["ETag"], ["good"])
    certificate_revoke(actor=of.second, revocation_id=proposed.pk, expected_version=1, idempotency_key=key())
    response = got(f"/certificates/{certificate.number}/")
    assert verdicts(response) == [("bad", "This certificate is revoked: it was issued in error.")]
    assert checks(response)[2] == ("bad", "Its status, as the status lists and its term have it: REVOKED 撤销.")
    objects = got(f"/objects/{certificate.object.identifier}/")
    assert text(objects).count("revoked as issued in error") == 1
    assert text(got(f"/objects/{certificate.object.identifier}/", language="zh-hans")).count("因错误核发已撤销") == 1
    assert [b"Wrong holder" in each.content for each in (response, objects)] == [False, False]
    assert "Wrong holder" not in response.content.decode()
    assert verdicts(got(f"/certificates/{certificate.number}/", language="zh-hans")) == [("bad", "本证书已被撤销：系错误核发。")]
    assert got(paper)["ETag"] != before["ETag"]


def test_a_hold_on_a_source_shows_on_the_page_of_what_was_made_from_it():
    regulator, maker = organisation(PartyKind.REGULATOR, name="Data Bureau"), organisation(name="Maker")
    source = registered(organisation(name="Owner"), name="Raw departures")
    product = registered(maker, licence(first(source), maker), name="Delays")
    first(product, scope=DERIVING)
    integrate()
    certificate = certificate_issue(actor=SYSTEM, filing_id=product.filing_id, object_id=product.pk, deposit_event=product.event_id)
    path = f"/certificates/{certificate.number}"
    plain = got(f"{path}.pdf")["ETag"]
    hold_place(actor=actor(regulator), object_id=source.pk, kind=HoldKind.COURT, reason="Seized", idempotency_key=key())
    response = got(f"{path}/")
    assert verdicts(response) == [("warn", "A hold is on the object, or on what it was made from.")]
    assert "on its source Raw departures" in text(response)
    assert checks(response)[2] == ("bad", "Its status, as the status lists and its term have it: SUSPENDED 中止.")
    assert got(f"{path}.pdf")["ETag"] != plain


def test_rights_whose_term_is_over_are_not_in_force(filing):
    jump(clock.now() + timedelta(days=366 * 6))
    response = got(page_of(filing))
    assert verdicts(response) == [("warn", "The certificate is genuine, but none of its rights is in force today.")]
    assert cells(response)[11::6] == ["term over"] * 3
    assert checks(response)[2] == ("bad", "Its status, as the status lists and its term have it: EXPIRED 期满.")


def test_a_hold_shows_on_both_pages_and_the_paper_without_its_reason(filing):
    plain = got(f"/certificates/{filing.certificate.number}.pdf")["ETag"]
    regulator = organisation(PartyKind.REGULATOR, name="Data Bureau")
    hold = hold_place(
        actor=actor(regulator), object_id=filing.object_id, kind=HoldKind.DISPUTE, reason="Ownership is contested", idempotency_key=key()
    )
    response = got(page_of(filing))
    assert verdicts(response) == [("warn", "A hold is on the object, or on what it was made from.")]
    assert cells(response)[-6:-1] == ["Kind of hold", "Set by", "Since (China time)", "DISPUTE", "Data Bureau"]
    chinese = cells(got(page_of(filing), language="zh-hans"))
    assert (chinese[-6], chinese[-3]) == ("限制种类", "争议")
    seen = got(f"/objects/{filing.object.identifier}/")
    assert "DISPUTE" in cells(seen)
    assert [b"contested" in each.content for each in (response, seen)] == [False, False]
    held = got(f"/certificates/{filing.certificate.number}.pdf")["ETag"]
    jump(clock.now() + timedelta(hours=1))
    hold_lift(actor=actor(regulator), hold_id=hold.pk, reason="Settled", expected_version=1, idempotency_key=key())
    assert [state for state, _ in verdicts(got(page_of(filing)))] == ["good"]
    lifted = got(f"/certificates/{filing.certificate.number}.pdf")["ETag"]
    assert len({plain, held, lifted}) == 3  # the last one says of which later instant


def test_the_pdf_is_the_certificate_and_is_not_sent_twice(filing):
    address, number = f"/certificates/{filing.certificate.number}.pdf", filing.certificate.number
    response = got(address)
    assert response.content.startswith(b"%PDF-1.7")
    assert {name: response[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control", "Content-Language")} == {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'inline; filename="{number}.pdf"',
        "Cache-Control": "public, max-age=60",
        "Content-Language": "zh-hans, en",
    }
    assert got(address).content == response.content
    again = got(address, status=304, **{"If-None-Match": response["ETag"]})
    assert (again.content, again["ETag"]) == (b"", response["ETag"])
    assert got(address, **{"If-None-Match": '"another"'}).content == response.content
    head = Client().head(address)
    assert (head.status_code, head["ETag"], head.content) == (200, response["ETag"], b"")


def test_a_flood_of_papers_is_turned_away_in_words(filing, monkeypatch):
    def busy(*_):
        raise Busy

    monkeypatch.setattr(register_views, "certificate_pdf", busy)
    response = got(f"/certificates/{filing.certificate.number}.pdf", status=429)
    assert response["Retry-After"] == "5"
    assert verdicts(response) == [("bad", "Too many certificates are being set at once.")]


def test_the_code_on_the_paper_is_read_and_followed(filing, settings, tmp_path):
    if not shutil.which("pdftoppm") or not shutil.which("zbarimg"):
        pytest.skip("pdftoppm or zbarimg is not on this machine")
    (tmp_path / "c.pdf").write_bytes(got(f"/certificates/{filing.certificate.number}.pdf").content)
    subprocess.run(["pdftoppm", "-r", "120", "-png", "-singlefile", tmp_path / "c.pdf", tmp_path / "c"], check=True)
    read = subprocess.run(
        ["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", tmp_path / "c.png"], capture_output=True, text=True, check=True
    )
    scanned = urlsplit(read.stdout.strip())
    assert f"{scanned.scheme}://{scanned.netloc}" == settings.EGRET_PUBLIC_URL
    response = got(f"{scanned.path}?{scanned.query}")
    assert [state for state, _ in checks(response)] == ["good"] * 4
    assert verdicts(response)[0][0] == "good"


@pytest.mark.parametrize("path", ["/certificates/EGR-202601-9999/", "/certificates/EGR-202601-9999.pdf", "/objects/{unminted}/"])
@pytest.mark.parametrize(("language", "said"), [("en", "There is no such"), ("zh-hans", "没有该")])
def test_what_does_not_exist_is_a_page_in_the_readers_language(path, language, said):
    unminted = draw("88.118.100111")
    response = got(path.format(unminted=unminted), status=404, language=language)
    assert response["Content-Language"] == language
    ((state, words),) = verdicts(response)
    assert state == "bad"
    assert said in words
    assert 'name="q"' in response.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/certificates/x/",
            "/certificates/EGR-202613-0001/",
            "/certificates/EGR-202601-0000.pdf",
            "/certificates/%00/",
            "/certificates/../",
        ),
        *(f"/certificates/{'9' * 4000}/", "/certificates/EGR-٢٠٢٦01-0001/", "/certificates/EGR-202601-0001x.pdf", "/certificates/%FF"),
        *("/objects/88.118.100111/7K3M9QX2B4DTD/", "/objects/x/y/", f"/objects/{'8' * 3000}/y/", "/objects/88.1.1/%00/"),
        *("/certificates/?q=", "/certificates/?q=%00", "/certificates/?q=EGR-202601", f"/certificates/?q={'%F0%9F%98%80' * 400}"),
        *("/certificates/?q=88.118.100111/7K3M9QX2B4DTD", "/certificates/?q=/etc/passwd", "/certificates/?q=%EF%B7%BA"),
    ],
)
def test_what_cannot_exist_is_refused_in_words(path, snapshot):
    before = snapshot(*ISSUED)
    response = got(path, status=400)
    assert [state for state, _ in verdicts(response)] == ["bad"]
    assert response["Content-Security-Policy"] == POLICY
    assert snapshot(*ISSUED) == before


def test_a_number_or_an_identifier_is_found_however_it_is_typed(filing):
    number, handle = filing.certificate.number, filing.object.identifier
    leaf = leaf_of(filing)[:16]
    wide = "".join(chr(ord(each) + 0xFEE0) for each in number)
    for typed in (number, number.lower(), f"  {number}\n", wide, f"https://egret.example/certificates/{number}/"):
        assert got(f"/certificates/?q={quote(typed)}", status=302)["Location"] == f"/certificates/{number}/"
    for found in (leaf, "0" * 16, ""):  # what was scanned and pasted is compared too
        scanned = f"https://egret.example/certificates/{number}/?leaf={found}"
        assert got(f"/certificates/?q={quote(scanned)}", status=302)["Location"] == f"/certificates/{number}/?leaf={found}"
    for typed in (handle, handle.lower(), f" {handle} ", "\u200b".join(handle)):
        assert got(f"/certificates/?q={quote(typed)}", status=302)["Location"] == f"/objects/{handle}/"
    assert got(f"/certificates/{number.lower()}/").status_code == 200


def test_the_name_of_the_credential_leads_people_to_the_page_and_programs_to_the_credential(filing):
    number = filing.certificate.number
    name = json.loads(bytes(filing.certificate.statement))["id"]
    path = urlsplit(name).path
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert got(path, status=302, Accept=browser)["Location"] == f"/certificates/{number}/"
    assert got(path, status=302)["Location"] == f"/certificates/{number}/"
    assert got(f"{path}?leaf=00", status=302, Accept=browser)["Location"] == f"/certificates/{number}/?leaf=00"
    for asked in ("application/vc", "application/json", "application/ld+json, text/html;q=0.5"):
        response = got(path, status=302, Accept=asked)
        assert response["Location"] == f"/certificates/{number}.json"
        assert "Accept" in response["Vary"]
    assert json.loads(got(f"/certificates/{number}.json").content)["id"] == name


def test_the_api_tells_both_addresses(filing, settings):
    of = office()
    settings.EGRET_PUBLIC_URL = "https://market.example"
    asked = "query($number: String!) { certificates(number: $number, first: 1) { nodes { pageUrl pdfUrl } } }"
    (told,) = door(of.merchant).query(asked, number=filing.certificate.number)["certificates"]["nodes"]
    below = f"https://market.example/certificates/{filing.certificate.number}"
    assert told == {"pageUrl": f"{below}/", "pdfUrl": f"{below}.pdf"}


@pytest.mark.parametrize(
    "path", ["/certificates/", "/certificates/EGR-202601-0001/", "/certificates/EGR-202601-0001.pdf", "/objects/8.8.8/X/"]
)
def test_these_pages_are_only_read(path):
    assert [getattr(Client(), verb)(path).status_code for verb in ("post", "put", "patch", "delete")] == [405] * 4


def test_home_and_log_lead_to_the_search():
    assert 'action="/certificates/"' in got("/").content.decode()
    assert '<a href="/certificates/">' in got("/log/").content.decode()


def test_an_object_shows_whose_it_is_who_may_what_and_nothing_that_is_sealed(filing):
    response = got(f"/objects/{filing.object.identifier}/")
    assert headings(response) == ["Departures &lt;2013&gt;", "Derivation", "Rights", "Certificates"]
    term = [filing.valid_from.isoformat(), filing.valid_until.isoformat(), "no", "in force"]
    rows = [cell for kind in ("HOLD", "OPERATE", "USE") for cell in (kind, "Airports", "first holder’s own", *term)]
    assert cells(response) == ["Right", "Holder", "Granted by", "First day", "Last day", "Exclusive", "Today", *rows]
    assert f'href="/certificates/{filing.certificate.number}/"' in response.content.decode()
    assert "It was made from nothing that is registered" in response.content.decode()
    assert got(f"/objects/{filing.object.identifier.lower()}/").content == response.content
    assert cells(got(f"/objects/{filing.object.identifier}/", language="zh-hans"))[7:10] == ["数据资源持有权", "Airports", "原始取得"]


def test_the_picture_shows_sources_and_products_and_leads_to_them(settings):
    airport, maker, buyer = (organisation(name=name) for name in ("Airport", "Maker & Co", "Buyer"))
    flights = with_identifier(airport, "Flights")
    relied = licence(first(flights, start=today(), end=today(900)), maker, start=today(), end=today(800), share=123_456)
    delays = with_identifier(maker, "Delays <hourly>", relied)
    sold = first(delays, start=today(), end=today(700), scope=relied.allows)
    bought = licence(sold, buyer, start=today(), end=today(600))
    seen = got(f"/objects/{delays.identifier}/")
    content = seen.content.decode()
    assert content.count("<rect ") == 2
    assert content.count("<path ") == 1
    assert f'<a href="/objects/{flights.identifier}/">' in content
    assert "<title>Delays &lt;hourly&gt;</title>" in content
    assert ("Buyer", "Maker &amp; Co") in set(zip(cells(seen)[8::7], cells(seen)[9::7], strict=False))
    assert f'<a href="/objects/{delays.identifier}/">' in got(f"/objects/{flights.identifier}/").content.decode()
    for sealed in ("123456", "12.3456", str(bought.deal_id), "derive", str(bought.pk)):
        assert sealed not in content


def test_a_source_that_is_reached_by_two_ways_stands_at_the_longer_one():
    owner = organisation(name="Maker")
    flights = with_identifier(owner, "Flights")
    use = licence(first(flights, start=today(), end=today(900)), owner, start=today(), end=today(800))
    hours = with_identifier(owner, "Hours", use)
    hourly = licence(first(hours, start=today(), end=today(700), scope=use.allows), owner, start=today(), end=today(600))
    delays = with_identifier(owner, "Delays", use, hourly)
    content = got(f"/objects/{delays.identifier}/").content.decode()
    columns = dict(re.findall(r'translate\((\d+) \d+\)"><title>(\w+)', content))
    assert sorted(columns, key=int) == [next(x for x, name in columns.items() if name == each) for each in ("Flights", "Hours", "Delays")]
    assert content.count("<path ") == 3


def test_a_picture_is_bounded_and_says_so(django_assert_max_num_queries):
    airport, maker = organisation(name="Airport"), organisation(name="Maker")
    flights = with_identifier(airport, "Flights")
    relied = licence(first(flights, start=today(), end=today(900)), maker, start=today(), end=today(800))
    for number in range(15):
        with_identifier(maker, f"Product {number}", relied)
    with django_assert_max_num_queries(14):
        response = got(f"/objects/{flights.identifier}/")
    assert response.content.decode().count("<rect ") == 13
    assert "There is more than is drawn." in response.content.decode()


def test_a_retired_identifier_is_a_tombstone_and_not_a_404(filing):
    retire(handle=filing.object.identifier, event=uuid7())
    response = got(f"/objects/{filing.object.identifier}/")
    assert verdicts(response) == [("bad", "This identifier is retired.")]
    assert "Departures &lt;2013&gt;" in response.content.decode()


def today(days=0):
    return china_date(clock.now()) + timedelta(days=days)


def with_identifier(owner, name, *relied):
    """An object in the register that has an identifier, as a filing gives it one."""
    thing = uuid7()
    facts = ObjectFacts(
        kind=ObjectKind.PRODUCT if relied else ObjectKind.RESOURCE, owner_id=owner.pk, name=name, summary="", source_category="ENTERPRISE",
        source_kind="DERIVED" if relied else "COLLECTED", situation="DERIVED" if relied else "OWN_ACTIVITY", filing_id=uuid7(),
        identifier=mint(subject_type="RegisteredObject", subject_id=thing),
    )  # fmt: skip
    return object_register(actor=SYSTEM, facts=facts, made_from=[(grant.object_id, grant.origin_id) for grant in relied], object_id=thing)
