"""The public pages answer in both languages, say what the tables say, and ask nothing of any other server."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.staticfiles.finders import find
from django.test import Client

from listings.products.listing_services import listing_list
from listings.products.services import listing_draft, offer_add, product_create, product_version_add
from listings.products.states import Delivery
from marketplace.console import views
from marketplace.console.reader import PUBLIC_READER
from marketplace.console.shown import percent
from pricing.engines.catalogue import model_at
from pricing.fees.models import PublishedSchedule
from pricing.plans.selectors import model_list
from pricing.plans.services import plan_create
from registry.base import clock
from registry.base.actor import SCOPES, SYSTEM, PartyKind
from registry.filings.tasks import run_once as run_filings
from registry.log.integrator import integrate
from registry.log.models import SignedCheckpoint
from registry.log.selectors import verifier_key
from registry.parties.services import organisation_admit
from registry.rights.scope import Scope
from registry.rules.book import Stage
from registry.rules.calendar import CHINA
from registry.rules.catalogue import builtin_rulebook
from registry.rules.engine import Screening
from registry.rules_store.services import verdict_store
from tests.marketplace.delivery.bought import in_days, stored
from tests.registry.rights.world import actor, first, organisation, registered
from tests.support.filings import examined, jump, key, office, publicised

pytestmark = pytest.mark.django_db

MODELS = model_list()
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADINGS = {
    "/": (
        ["A market for data elements", "Three rights, three separate things", "How one deal travels", "Where to go"],
        ["数据要素市场", "三权分置", "一笔交易的过程", "去往何处"],
    ),
    "/catalogue/": (["Catalogue"], ["产品目录"]),
    "/notices/": (["Notice board"], ["公示栏"]),
    "/log/": (["Log"], ["日志"]),
    "/certificates/": (["Verify a certificate"], ["核验证书"]),
    "/fees/": (["Fees"], ["收费"]),
    "/pricing/": (
        ["Pricing models", *(f"{model.name.en} <code>{model.key}</code>" for model in MODELS)],
        ["定价模型", *(f"{model.name.zh} <code>{model.key}</code>" for model in MODELS)],
    ),
}


def got(path, *, language="en"):
    response = Client(raise_request_exception=False).get(path, headers={"Accept-Language": language})
    assert response.status_code == 200, response.content
    return response


def headings(response):
    return re.findall(r"<h[1-6]>(.*?)</h[1-6]>", response.content.decode())


def cells(response):
    return [re.sub(r"<.*?>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", response.content.decode(), re.DOTALL)]


@pytest.mark.parametrize("path", list(HEADINGS))
@pytest.mark.parametrize(("language", "place"), [("en", 0), ("zh-hans", 1)])
def test_a_page_answers_in_the_readers_language(path, language, place):
    response = got(path, language=language)
    assert headings(response) == HEADINGS[path][place]
    assert response["Content-Language"] == language
    assert f'<html lang="{language}">' in response.content.decode()


@pytest.mark.parametrize("path", list(HEADINGS))
def test_a_page_lets_nothing_in_but_its_own_style(path):
    response = got(path)
    shown = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options")
    assert [response[name] for name in shown] == [POLICY, "nosniff", "no-referrer", "DENY"]
    html = response.content.decode()
    targets = re.findall(r'(?:href|src|action)="([^"]*)"', html)
    assert [target for target in targets if not target.startswith(("/", "?", "#")) or target.startswith("//")] == []
    assert "://" not in html
    assert re.findall(r"<script|<style|style=|\son[a-z]+=", html) == []
    assert html.count('<link rel="stylesheet" href="/static/console/console.css">') == 1
    assert "://" not in Path(find("console/console.css")).read_text()


def test_the_language_link_switches_and_is_remembered():
    client = Client()
    assert '<a href="?lang=zh-hans" lang="zh-hans" hreflang="zh-hans">中文</a>' in client.get("/").content.decode()
    assert headings(client.get("/?lang=zh-hans"))[0] == "数据要素市场"
    assert headings(client.get("/fees/"))[0] == "收费"
    assert headings(client.get("/fees/?lang=en"))[0] == "Fees"
    assert headings(client.get("/fees/?lang=xx"))[0] == "Fees"


@pytest.mark.parametrize("path", list(HEADINGS))
def test_a_page_is_only_read(path):
    assert [getattr(Client(), verb)(path).status_code for verb in ("post", "put", "patch", "delete")] == [405] * 4


def test_the_public_reader_may_do_nothing_and_owns_nothing():
    assert (PUBLIC_READER.person, PUBLIC_READER.kinds, PUBLIC_READER.scopes, PUBLIC_READER.key) == (None, frozenset(), frozenset(), None)
    assert [scope for scope in SCOPES if PUBLIC_READER.may(scope)] == []
    assert PUBLIC_READER.organisation.int == 0


def test_the_log_page_shows_the_checkpoint_the_key_and_the_register_but_not_who_deals_with_whom():
    assert "The log is empty" in got("/log/").content.decode()
    thing = registered(organisation())
    first(thing)
    told = organisation_admit(
        actor=SYSTEM, kinds=[PartyKind.MERCHANT], name_zh="甲", name_en="Alpha", uscc=None, country="SG", first_person_name="Li Lei",
        idempotency_key="k",
    )  # fmt: skip
    integrate()
    response = got("/log/")
    html = response.content.decode()
    checkpoint = SignedCheckpoint.objects.get()
    assert f'<pre tabindex="0"><code>{checkpoint.note}</code></pre>' in html
    assert f"<code>{verifier_key()}</code>" in html
    assert headings(response) == ["Log", "Latest checkpoint", "Verifier key", "Newest entries of the public register"]
    shown = [cell for cell in cells(response) if re.fullmatch(r"[a-z_]+\.[a-z_]+", cell)]
    assert sorted(shown) == ["object.registered", "organisation.admitted", "right.granted"]
    assert "person.added" not in html
    assert "Li Lei" not in html
    assert told.secret not in html


def test_the_notice_board_shows_what_is_on_notice_until_when_and_nothing_else(settings):
    settings.DEMO_CLOCK = True
    of = office()
    examined(of, name="Not yet shown")
    filing = publicised(of, name="Departures <2013>")
    until = filing.notice_until_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    assert cells(got("/notices/")) == [
        *("Data", "Applicant", "Rights claimed", "Open to objection until (China time)"),
        *("Departures &lt;2013&gt;Every departure of 2013 from three airports.", "Airports", "HOLD, OPERATE, USE", until),
    ]
    assert cells(got("/notices/", language="zh-hans"))[:4] == ["数据", "申请人", "申请登记的权利", "异议截止（北京时间）"]
    jump(filing.notice_until_at)
    run_filings()
    assert "Nothing is on public notice now." in got("/notices/").content.decode()


def test_the_fees_page_shows_the_schedule_in_force_and_says_when_there_is_none():
    assert "No fee schedule is in force yet." in got("/fees/").content.decode()
    rates = {"platform_ppm": 12_500, "institution_ppm": 5_000, "gateway_ppm": 6_000, "gateway_fixed_minor": 100}
    PublishedSchedule.objects.create(number=1, effective_from=clock.now() - timedelta(hours=1), **rates)
    PublishedSchedule.objects.create(number=2, effective_from=clock.now() + timedelta(days=1), **{**rates, "platform_ppm": 1})
    response = got("/fees/")
    assert cells(response) == [
        *("Fee", "Rate", "Borne by"),
        *("Platform", "1.25 %", "seller"),
        *("Trading-service institution", "0.5 %", "seller"),
        *("Payment gateway", "0.6 % + 100 minor units a charge", "platform"),
    ]
    assert "Schedule 1, in force since" in response.content.decode()


@pytest.mark.parametrize(("ppm", "shown"), [(0, "0"), (1, "0.0001"), (500, "0.05"), (12_500, "1.25"), (10_000, "1"), (1_000_000, "100")])
def test_parts_per_million_are_shown_exactly(ppm, shown):
    assert percent(ppm) == shown


def listed(owner, *, title, plan):
    """A product of an organisation, on the market with one offer of a file."""
    by = actor(owner)
    thing = registered(owner, name=title)
    first(thing, start=in_days(-1), end=in_days(400))
    asset = stored(owner, thing, b"a,b\n1,2\n")
    product = product_create(actor=by, object_id=thing.pk, idempotency_key=key())
    titles = {"title_zh": f"{title}（中文）", "title_en": title, "description_en": f"About {title}"}
    version = product_version_add(actor=by, product_id=product.pk, asset_id=asset.pk, idempotency_key=key(), **titles)
    draft = listing_draft(actor=by, product_version_id=version.pk, idempotency_key=key())
    offer_add(
        actor=by, listing_id=draft.pk, plan_id=plan.pk, term_months=12, exclusive=False, scope=Scope(territory="CN"),
        delivery=Delivery.FILE, expected_version=draft.version, idempotency_key=key(),
    )  # fmt: skip
    draft.refresh_from_db()
    verdict = verdict_store(
        actor=SYSTEM, subject=("Listing", draft.pk), subject_version=draft.content_version, stage="listing",
        screening=Screening(builtin_rulebook().version, Stage.LISTING, ()), facts_id=uuid4(), expires_at=clock.now() + timedelta(days=1),
    )  # fmt: skip
    return listing_list(actor=by, listing_id=draft.pk, verdict_id=verdict.pk, expected_version=draft.version)


def test_the_catalogue_shows_what_is_listed_and_finds_it():
    owner = organisation(name="Delays & Co")
    plan = plan_create(
        actor=actor(owner), name_zh="一次性文件", name_en="One-off file", model_key="fixed",
        params={"kind": "one_off", "currency": "CNY", "price": "1280.00"}, idempotency_key=key(),
    )  # fmt: skip
    for title in ("Delay by hour", "Weather <hourly>"):
        listed(owner, title=title, plan=plan)
    response = got("/catalogue/")
    assert headings(response) == ["Catalogue", "Weather &lt;hourly&gt;", "Delay by hour"]
    assert "2 products" in response.content.decode()
    assert "Delays &amp; Co" in response.content.decode()
    columns = ["Plan", "Pricing model", "Currency", "Delivery", "Term in months", "Exclusive"]
    row = ["One-off file", model_at("fixed").name.en, "CNY", "FILE", "12", "no"]
    assert cells(response) == [*columns, *row] * 2
    assert headings(got("/catalogue/?q=delay+HOUR")) == ["Catalogue", "Delay by hour"]
    assert "1 product<" in got("/catalogue/?q=Weather").content.decode()
    chinese = got("/catalogue/?q=Weather", language="zh-hans")
    assert headings(chinese) == ["产品目录", "Weather &lt;hourly&gt;（中文）"]
    assert cells(chinese)[6:] == ["一次性文件", model_at("fixed").name.zh, "CNY", "文件", "12", "否"]
    assert "1 个产品" in chinese.content.decode()


@pytest.mark.parametrize("text", ["<b>x</b>", "'; --", "%", "\x00"])
def test_any_search_text_is_only_text(text):
    response = Client(raise_request_exception=False).get("/catalogue/", {"q": text})
    assert response.status_code == 200
    assert "0 products" in response.content.decode()
    assert "<b>x</b>" not in response.content.decode()


def test_a_search_text_that_is_too_long_is_refused_in_words():
    response = Client(raise_request_exception=False).get("/catalogue/", {"q": "x" * 5000})
    assert response.status_code == 400
    assert '<p role="alert">text is not acceptable: at most 100 characters in 8 words</p>' in response.content.decode()
    assert response["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(("language", "said"), [("en", "Nothing here"), ("zh-hans", "此处无页面")])
@pytest.mark.parametrize(
    "path", ["/nowhere", "/certificates", "/certificates/x.png", "/objects/a/b/c/", "/%00", f"/{'x' * 4000}", "/<b>x</b>"]
)
def test_an_address_that_leads_nowhere_is_told_in_the_readers_language(path, language, said):
    response = Client(raise_request_exception=False).get(path, headers={"Accept-Language": language})
    assert (response.status_code, response["Content-Language"], headings(response)) == (404, language, [said])
    assert (response["Content-Security-Policy"], response["Cache-Control"]) == (POLICY, "no-cache")
    assert "<b>" not in response.content.decode()


def test_a_query_that_cannot_be_read_is_no_fault_of_ours():
    for path in ("/nowhere", "/certificates/"):
        assert Client(raise_request_exception=False).get(f"{path}?{'a&' * 1001}").status_code == 400


@pytest.mark.parametrize("path", list(HEADINGS))
def test_what_is_sent_to_a_page_is_refused_as_such_outside_of_tests_too(path):
    client = Client(enforce_csrf_checks=True, headers={"Accept-Language": "zh-hans"})
    answers = [getattr(client, verb)(path) for verb in ("post", "put", "patch", "delete")]
    assert [(each.status_code, each["Allow"], headings(each)) for each in answers] == [(405, "GET, HEAD", ["此处仅供查阅"])] * 4


def test_a_failure_and_a_request_that_cannot_be_read_are_told_in_both_languages(monkeypatch):
    client = Client(raise_request_exception=False)
    bad = client.get("/fees/", headers={"host": "elsewhere.example"})
    monkeypatch.setattr(views, "schedule_current", lambda *_, **__: 1 / 0)
    failed = client.get("/fees/")
    told = [(each.status_code, headings(each)) for each in (bad, failed)]
    assert told == [
        (400, ['This request cannot be read <span class="other" lang="zh-hans">无法读取该请求</span>']),
        (500, ['Something failed inside <span class="other" lang="zh-hans">内部错误</span>']),
    ]
    assert b"ZeroDivisionError" not in failed.content
