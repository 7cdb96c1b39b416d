"""A deal's evidence while the log changes its key, and what the log's monitor says of whole deals."""

import pytest
from django.core.management import call_command

from registry.log.files import LogFiles
from registry.log.integrator import integrate
from registry.log.keys import environment_keys
from registry.log.models import LogState
from registry.log.monitor.monitor import Monitor
from registry.log.verifier import unzip
from registry.rights.models import Grant
from tests.marketplace.deals.test_proofs import bundle, judged
from tests.support import trade


def keys():
    return [str(key.verifier) for key in environment_keys(LogState.objects.get().log_id)]


@pytest.fixture
def packed(done):
    """Pack the evidence as it stands; returns the bundle."""
    return lambda: bundle(done, done.buyer.party.token).content


def test_evidence_stays_proven_by_the_old_key_and_is_packed_for_the_new_one_once_the_old_is_retired(packed, settings, tmp_path):
    before = packed()
    settings.EGRET_LOG_NEXT_KEY = "a1" * 32
    old, new = keys()
    call_command("log_keys", "add")
    integrate()
    during = packed()
    call_command("log_keys", "retire", "--key", old)
    integrate()
    behind = packed()
    proven = {
        (name, which): judged(content, tmp_path, key=key)[0] == 0
        for name, content in (("before", before), ("during", during), ("behind", behind))
        for which, key in (("old", old), ("new", new))
    }
    assert during == before  # both keys sign meanwhile, so the file needs no change
    assert {each for each, holds in proven.items() if holds} == {("before", "old"), ("during", "old"), ("behind", "old"), ("behind", "new")}
    shown = [unzip(content)["keys.txt"].decode().split("\n") for content in (before, during, behind)]
    assert [[line[4:] for line in lines if line.startswith("log ")] for lines in shown] == [[old], [old], [new, old]]
    code, report = judged(before, tmp_path, key=new)
    assert (code, report["problems"][0]["file"]) == (1, "checkpoint")


def test_the_monitor_finds_nothing_in_a_deal_over_a_chain_of_licences(done):
    trade.relay()
    monitor = Monitor([environment_keys(LogState.objects.get().log_id)[0].verifier])
    done_reading = monitor.advance(LogFiles.of(LogState.objects.get().log_id).read)
    assert (done_reading.sound, [str(finding) for finding in done_reading.findings]) == (True, [])
    first = {str(each) for each in Grant.objects.filter(parent=None).values_list("origin", flat=True)}
    assert {each.params[0] for each in monitor.open_questions()} == first  # this market's objects are registered without a filing
    assert monitor.deals.over[done.uuid.int] == "deal.settled"
    assert sorted(monitor.deals.over.values()) == ["deal.in_force", "deal.in_force", "deal.settled"]
