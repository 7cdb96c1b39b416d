"""Profiles and samples are measured by jobs, never declared, and open to the market only when the product is listed."""

import csv
import json

import pytest
from django.db import IntegrityError, transaction

from listings.resources import table, tasks
from listings.resources.models import Profile, Sample
from listings.resources.tasks import run_once
from registry.base.actor import PartyKind
from registry.base.models import Job
from registry.log.models import Outbox
from tests.listings.shop import CSV, door, drafted, events, job, key, measured, offer, plan, publish, ready, staged
from tests.marketplace.screening import market as m
from tests.support.events import acted
from tests.support.graphql import UserError
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
PROFILE = """query A($id: ID!) { node(id: $id) { ... on Asset { size profiles {
  rows publishedAt columns { name type nulls distinct distinctMore min max mean personal { kind hits ppm } } } } } }"""
SAMPLES = "query A($id: ID!) { node(id: $id) { ... on Asset { samples { method header rows } } } }"


@pytest.fixture
def of():
    return m.market()


@pytest.fixture
def seller(of):
    return door(of.seller)


def test_a_profile_says_what_is_in_the_file(of, seller):
    asset = ready(seller)
    ended = job(seller, "profileStart", assetId=asset)
    assert (ended["state"], ended["done"], ended["total"]) == ("SUCCEEDED", str(len(CSV)), str(len(CSV)))
    shown = seller.query(PROFILE, id=asset)["node"]["profiles"]
    plain = {"distinctMore": False, "personal": []}
    assert shown == [
        {
            "rows": "3",
            "publishedAt": None,
            "columns": [
                {
                    "name": "day",
                    "type": "DATE",
                    "nulls": "0",
                    "distinct": "3",
                    "min": "2013-01-01",
                    "max": "2013-01-03",
                    "mean": None,
                    **plain,
                },
                {
                    "name": "flights",
                    "type": "INTEGER",
                    "nulls": "0",
                    "distinct": "3",
                    "min": "842",
                    "max": "943",
                    "mean": "899.666667",
                    **plain,
                },
                {"name": "note", "type": "TEXT", "nulls": "1", "distinct": "2", "min": "calm", "max": "storm", "mean": None, **plain},
            ],
        }
    ]
    (event,) = events("profile.measured")
    assert event["data"]["rows"] == "3"
    assert acted(event) == {"person": None, "organisation": None}


def test_personal_numbers_are_shown_as_a_rate_and_never_as_a_value(of, seller):
    content = b"phone,n\n13800138000,1\n13912345678,2\nunknown,3\n,4\n"
    asset = ready(seller, content)
    assert job(seller, "profileStart", assetId=asset)["state"] == "SUCCEEDED"
    phone, _ = seller.query(PROFILE, id=asset)["node"]["profiles"][0]["columns"]
    assert phone["personal"] == [{"kind": "MOBILE", "hits": "2", "ppm": 500_000}]
    assert (phone["min"], phone["max"]) == (None, None)
    assert "13800138000" not in json.dumps(list(Profile.objects.values_list("columns", flat=True)))


def test_progress_is_seen_while_it_runs_and_a_cancel_is_obeyed(of, seller, monkeypatch):
    monkeypatch.setattr(table, "ROWS_A_BATCH", 2)
    monkeypatch.setattr(table, "ROWS_A_STEP", 2)
    asset = ready(seller, b"a\n1\n2\n3\n4\n5\n")
    started = seller.mutate("profileStart", "job { id }", assetId=asset, idempotencyKey=key())["job"]["id"]
    seen = []

    def report(handle, done, total):
        seen.append((done, total))
        original(handle, done, total)
        if len(seen) == 2:
            seller.mutate("jobCancel", "job { id }", jobId=started)

    original = tasks.jobs.Handle.progress
    monkeypatch.setattr(tasks.jobs.Handle, "progress", report)
    assert run_once() == 1
    assert Job.objects.get().state == "CANCELLED"
    assert seen == [(12, 12)] * 3
    assert Profile.objects.count() == 0
    assert events("profile.measured") == []


def test_what_is_no_table_fails_the_job_and_leaves_no_profile(seller):
    asset = ready(seller, b"a,b\n1\n")
    ended = job(seller, "profileStart", assetId=asset)
    assert (ended["state"], ended["errorCode"]) == ("FAILED", "NOT_TABULAR")
    assert Profile.objects.count() == 0


def test_bytes_are_measured_once(seller):
    unready, _ = staged(seller)
    assert seller.mutate("profileStart", "job { id }", assetId=unready, idempotencyKey=key()).codes == ["ASSET_NOT_READY"]
    asset = ready(seller)
    job(seller, "profileStart", assetId=asset)
    before = Job.objects.count()
    assert seller.mutate("profileStart", "job { id }", assetId=asset, idempotencyKey=key()).codes == ["ALREADY_MEASURED"]
    assert Job.objects.count() == before
    Profile.objects.update(published_at="2026-01-01T00:00:00Z")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Profile.objects.update(published_at="2026-01-02T00:00:00Z")


def test_two_jobs_on_one_asset_leave_one_profile_and_one_event(seller):
    asset = ready(seller)
    for _ in range(2):
        seller.mutate("profileStart", "job { id }", assetId=asset, idempotencyKey=key())
    assert (run_once(), run_once(), run_once()) == (1, 1, 0)
    assert [job.state for job in Job.objects.all()] == ["SUCCEEDED", "SUCCEEDED"]
    assert (Profile.objects.count(), len(events("profile.measured"))) == (1, 1)


def test_samples_are_chosen_by_rule(of, seller):
    content = b"n,sq\n" + b"".join(b"%d,%d\n" % (number, number * number) for number in range(10))
    asset = ready(seller, content, of.registered)
    job(seller, "profileStart", assetId=asset)
    job(seller, "sampleStart", assetId=asset, method="FIRST", rows=2)
    job(seller, "sampleStart", assetId=asset, method="SPREAD", rows=3)
    job(seller, "sampleStart", assetId=asset, method="SPREAD", rows=20)
    first, spread, whole = seller.query(SAMPLES, id=asset)["node"]["samples"]
    assert first == {"method": "FIRST", "header": ["n", "sq"], "rows": [["0", "0"], ["1", "1"]]}
    assert spread == {"method": "SPREAD", "header": ["n", "sq"], "rows": [["0", "0"], ["3", "9"], ["6", "36"]]}
    assert [row[0] for row in whole["rows"]] == [str(number) for number in range(10)]
    assert len(events("sample.taken")) == 3


@pytest.mark.parametrize("kind", ["PI", "SENSITIVE", "DE_IDENTIFIED", ""])
def test_no_row_about_people_is_ever_shown(kind, snapshot):
    of = m.market(pi_kind=kind)
    seller = door(of.seller)
    asset = ready(seller, CSV, of.registered)
    job(seller, "profileStart", assetId=asset)
    before = snapshot(Sample, Job, Outbox)
    assert seller.mutate("sampleStart", "job { id }", assetId=asset, method="FIRST", rows=1, idempotencyKey=key()).codes == [
        "SAMPLE_FORBIDDEN"
    ]
    assert snapshot(Sample, Job, Outbox) == before


def test_a_sample_of_an_unattached_or_unmeasured_file_is_refused(of, seller):
    loose, bare = ready(seller), ready(seller, CSV, of.registered)
    given = {"method": "FIRST", "rows": 1}
    assert seller.mutate("sampleStart", "job { id }", assetId=loose, idempotencyKey=key(), **given).codes == ["SAMPLE_FORBIDDEN"]
    assert seller.mutate("sampleStart", "job { id }", assetId=bare, idempotencyKey=key(), **given).codes == ["NOT_MEASURED"]
    for rows in (0, 21, -1):
        refused = seller.mutate("sampleStart", "job { id }", assetId=bare, method="FIRST", rows=rows, idempotencyKey=key())
        assert refused.user_errors == [UserError("BAD_INPUT", field=["rows"])]


def test_profile_and_sample_open_when_the_product_is_listed(of, seller):
    asset = ready(seller, CSV, of.registered)
    profile, sample = measured(seller, asset)
    buyer = door(of.buyer)
    read = (
        "query P($p: ID!, $s: ID!) { p: node(id: $p) { ... on Profile { rows asset { id } } } s: node(id: $s) { ... on Sample { rows } } }"
    )
    assert buyer.query(read, p=profile, s=sample).data == {"p": None, "s": None}
    listing = drafted(seller, of.registered, asset=asset, sample=sample)
    offer(seller, listing, plan(seller), delivery="FILE")["offer"]
    assert buyer.query(read, p=profile, s=sample).data == {"p": None, "s": None}
    assert publish(seller, listing, 2)["listing"]["state"] == "LISTED"
    shown = buyer.query(read, p=profile, s=sample).data
    assert shown == {"p": {"rows": "3", "asset": None}, "s": {"rows": [["2013-01-01", "842", "calm"], ["2013-01-02", "943", ""]]}}
    assert buyer.query("query A($id: ID!) { node(id: $id) { id } }", id=asset)["node"] is None


def test_extremes_of_data_about_people_stay_with_the_owner_and_supervisors():
    of = m.market(pi_kind="PI")
    asset = ready(door(of.seller), CSV, of.registered)
    job(door(of.seller), "profileStart", assetId=asset)
    Profile.objects.update(published_at="2026-12-01T00:00:00Z")
    read = "{ profiles(first: 1) { nodes { columns { min } } } }"
    seen = {
        name: [column["min"] for column in door(party).query(read)["profiles"]["nodes"][0]["columns"]]
        for name, party in (("seller", of.seller), ("regulator", of.regulator), ("buyer", of.buyer))
    }
    assert seen["seller"] == seen["regulator"] == ["2013-01-01", "842", "calm"]
    assert seen["buyer"] == [None, None, None]


def test_the_rows_of_a_profile_are_those_of_the_file(seller):
    content = "名称,值\n" + "".join(f"第{number}行,{number}\n" for number in range(50))
    asset = ready(seller, content.encode("gb18030"))
    job(seller, "profileStart", assetId=asset)
    profile = Profile.objects.get()
    assert profile.rows == len(list(csv.DictReader(content.splitlines())))
    assert profile.columns[1]["mean"] == "24.500000"


def test_a_stranger_starts_no_job_on_somebody_elses_file(seller):
    asset = ready(seller)
    stranger = door(admit(PartyKind.MERCHANT, name="Stranger"))
    assert stranger.mutate("profileStart", "job { id }", assetId=asset, idempotencyKey=key()).codes == ["NOT_FOUND"]
    assert Job.objects.count() == 0
