"""The monitor finds nothing in a lawful log, and names each kind of violation by its file and place though the log signed it."""

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from registry.log.canonical import canonical
from registry.log.findings import TEXTS, Kind
from registry.log.monitor.filings import GRACE
from registry.log.monitor.monitor import HANDLERS, Monitor, bundle_of
from registry.log.monitor.passed_over import PASSED_OVER
from registry.log.note import Signer
from registry.log.schemas import declared
from tests.registry.log.deal_log import DEAL, OBJECT, OWNER, OWNER_GRANT, SELLER, Deal, leaf
from tests.registry.log.published import KEY, written
from tests.registry.log.story import Story, after, market, uid

ROOT = Path(__file__).parents[3]


def files(story):
    return written(len(story.leaves), entries=story.leaves)


def read(story, monitor=None, **given):
    """Every finding of one reading; each names the bundle that holds its entry."""
    done = (monitor or Monitor([KEY.verifier])).advance(files(story).get, **given)
    assert done.sound
    assert all(finding.file in files(story) and finding.file == bundle_of(finding.index, done.size) for finding in done.findings)
    assert all(finding.reason and finding.chinese for finding in done.findings)
    return done.findings


def found(story, monitor=None, **given):
    return [(finding.index, finding.code) for finding in read(story, monitor, **given)]


def test_a_lawful_log_has_no_finding_and_unknown_events_are_counted():
    monitor = Monitor([KEY.verifier])
    assert found(market(), monitor) == []
    assert monitor.ignored == {"listing.listed": 1, "organisation.admitted": 1}
    assert (monitor.open_questions(), monitor.deals.open, monitor.counted) == ([], {}, {})


def test_an_event_that_the_monitor_does_not_know_is_a_finding():
    story, monitor = market(), Monitor([KEY.verifier])
    told = [story.step("deal given up", "reopened"), story.tell("right.pledged", grant=uid("operate table")), story.tell("listing.listed")]
    assert found(story, monitor) == [(told[0], "schema"), (told[1], "schema")]
    assert (monitor.counted, monitor.ignored["listing.listed"]) == ({"malformed": 2}, 2)


def test_every_event_that_a_room_declares_is_checked_or_passed_over_by_name():
    for package in ("registry", "pricing", "listings", "settlement", "marketplace"):
        for path in (ROOT / package).rglob("events.py"):
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    rooms = {each.name for each in declared() if not each.name.startswith(("test.", "tests."))}
    assert rooms == HANDLERS.keys() | PASSED_OVER
    assert (len(HANDLERS), len(PASSED_OVER), HANDLERS.keys() & PASSED_OVER) == (18, 82, set())


def test_every_text_is_in_both_languages_and_takes_the_same_values():
    for _, english, chinese in TEXTS.values():
        assert english.count("{") == chinese.count("{")
        assert any("\u4e00" <= each <= "\u9fff" for each in chinese)


# What is planted after a lawful story, by what it is: it returns the index at which the finding must stand.
LATER = {"valid_from": "2029-01-01"}
LICENCES = {
    ("no_object", "in an object never registered"): lambda s: s.licensed("x", "nowhere", "airport", "b", parent="operate nowhere"),
    ("no_parent", "under a right that does not exist"): lambda s: s.licensed("x", "table", "maker", "b", parent="nothing"),
    ("parent_term", "under a right that has ended"): lambda s: s.licensed("x", "index", "maker", "b", valid_from="2027-07-01"),
    ("parent_ended", "under one that never began"): lambda s: s.licensed("x", "index", "other", "b", parent="alone later", **LATER),
    ("parent_object", "under a right in another object"): lambda s: s.licensed("x", "flights", "maker", "b", parent="operate table"),
    ("parent_kind", "to operate, under one to use"): lambda s: s.licensed("x", "flights", "maker", "b", parent="to maker", kind="OPERATE"),
    ("parent_kind", "to hold, under a right to operate"): lambda s: s.licensed("x", "table", "maker", "b", kind="HOLD"),
    ("parent_term", "that begins before its parent"): lambda s: s.licensed("x", "flights", "airport", "b", valid_from="2026-12-31"),
    ("parent_term", "that outlasts its parent"): lambda s: s.licensed("x", "flights", "airport", "b", valid_to="2030-01-02"),
    ("parent_term", "without end under one that has an end"): lambda s: s.licensed("x", "flights", "airport", "b", valid_to=None),
    ("licensor", "by somebody who does not hold the one it rests on"): lambda s: s.licensed("x", "flights", "maker", "b"),
    ("empty_term", "that is over when it begins"): lambda s: s.licensed("x", "flights", "airport", "b", valid_to="2027-01-01"),
    ("twice", "with the id of another"): lambda s: s.licensed("to maker", "flights", "airport", "maker") ,
}  # fmt: skip


@pytest.mark.parametrize(("code", "what"), LICENCES, ids=[what for _, what in LICENCES])
def test_a_licence_that_is_not_covered_is_named(code, what):
    story = market()
    index = LICENCES[code, what](story)
    expected = {"no_object": ["no_object", "no_parent"], "parent_ended": ["parent_ended"]}.get(code, [code])
    if code == "twice":  # the deal of that name is over as well, and gets no right
        assert [(each.index, each.code) for each in read(story) if each.code == "twice"] == [(index, "twice")]
    else:
        assert found(story) == [(index, each) for each in expected]


def test_a_licence_needs_a_signed_deal_whose_buyer_gets_it():
    story = market()
    right = {"kind": "USE", "parent": "operate flights"}
    unsigned = story.granted("x", "flights", "b", deal="nobody signed", **right)
    over = story.granted("y", "flights", "b", deal="deal first sale", **right)
    without = story.granted("z", "flights", "b", **right)
    story.signed("d", "airport", "b")
    stranger = story.granted("v", "flights", "c", deal="d", **right)
    rootless = story.granted("w", "flights", "b", kind="USE", parent=None, deal="d")
    expected = [(unsigned, "no_deal"), (over, "no_deal"), (without, "basis"), (stranger, "licensee"), (rootless, "basis")]
    assert found(story) == expected


@pytest.mark.parametrize("kind", ["DISPUTE", "PLEDGE", "COURT", "NOTICE", "ORDER"])
def test_a_hold_blocks_its_object_and_those_on_a_title_block_what_was_made_from_it(kind):
    story = market()
    story.held("h", "flights", kind)
    own = story.licensed("x", "flights", "airport", "b")
    derived = story.licensed("y", "table", "maker", "b")
    story.lifted("h", "flights")
    story.licensed("z", "flights", "airport", "b")
    assert found(story) == [(own, "held"), *([(derived, "held")] if kind in {"DISPUTE", "COURT", "ORDER"} else [])]


def test_holds_are_placed_once_on_what_is_registered_and_lifted_once():
    story = market()
    story.held("h", "flights")
    expected = [(story.held("h", "table"), "twice"), (story.held("i", "nowhere"), "unknown")]
    story.lifted("h", "flights")
    expected.append((story.lifted("h", "flights"), "unknown"))
    assert found(story) == expected


@pytest.mark.parametrize(
    ("first", "second", "overlaps"),
    [
        ({"exclusive": True}, {}, True),
        ({}, {"exclusive": True}, True),
        ({"exclusive": True}, {"exclusive": True}, True),
        ({}, {}, False),
        ({"exclusive": True}, {"kind": "OPERATE"}, False),
        ({"exclusive": True, "valid_to": "2028-01-01"}, {"valid_from": "2028-01-01"}, False),
        ({"exclusive": True, "valid_to": "2028-01-02"}, {"valid_from": "2028-01-01"}, True),
        ({"valid_from": "2028-01-01"}, {"exclusive": True, "valid_to": "2028-01-01"}, False),
    ],
)
def test_an_exclusive_right_stands_alone_in_its_kind_object_and_time(first, second, overlaps):
    story = Story()
    story.owned("flights", "airport")
    story.licensed("one", "flights", "airport", "a", **first)
    index = story.licensed("two", "flights", "airport", "b", **second)
    assert found(story) == ([(index, "overlap")] if overlaps else [])


def test_an_ended_right_makes_room_from_the_day_on_which_it_ends():
    story = Story()
    story.owned("flights", "airport")
    story.licensed("one", "flights", "airport", "a", exclusive=True)
    story.ended("one", "flights", "a", "2027-05-01", kind="USE")
    story.licensed("two", "flights", "airport", "b", exclusive=True, valid_from="2027-05-01", valid_to="2028-01-01")
    story.ended("two", "flights", "b", "2027-05-01", kind="USE")  # it ends without having begun
    story.licensed("three", "flights", "airport", "c", exclusive=True, valid_from="2027-05-01")
    assert found(story) == []
    assert found_after(story, "four", valid_from="2027-04-30", valid_to="2027-05-01") == "overlap"


def found_after(story, name, **term):
    index = story.licensed(name, "flights", "airport", "d", **term)
    ((place, code),) = found(story)
    assert place == index
    return code


def test_a_right_that_ends_takes_along_what_rests_on_it():
    story = market()
    left = story.ended("to maker", "flights", "maker", "2028-01-01", kind="USE")  # the table was made under it
    assert [(each.index, each.code, each.params[1]) for each in read(story)] == [
        (left, "left", uid("operate table")), (left, "left", uid("second sale"))
    ]  # fmt: skip
    story = market()
    story.tell(
        "right.ended", grant=uid("to maker"), object=uid("flights"), holder=uid("maker"), kind="USE", ends_on="2028-01-01",
        children=[
            {"grant": uid(name), "object": uid("table"), "holder": uid(holder), "kind": kind}
            for name, holder, kind in (("operate table", "maker", "OPERATE"), ("second sale", "other", "USE"))
        ],
    )  # fmt: skip
    assert found(story) == []
    beyond = story.licensed("x", "table", "maker", "b", valid_to="2028-01-02")
    assert found(story) == [(beyond, "parent_term"), (beyond, "source_term")]


def test_an_ending_says_what_the_register_says():
    story = market()
    expected = [
        (story.ended("nothing", "table", "maker", "2028-01-01"), "unknown"),
        (story.ended("second sale", "table", "maker", "2028-01-01"), "differs"),  # the kind, and
        (len(story.leaves) - 1, "differs"),  # the holder
        (story.ended("first sale", "table", "buyer", "2028-01-01", kind="USE"), "idle_end"),
    ]
    assert sorted(found(story)) == sorted(expected)


def test_a_product_is_made_under_its_owners_own_licence_to_use():
    story = market()
    story.licensed("to rival", "flights", "airport", "rival")
    expected = [
        (story.thing("p1", "maker", ("flights", "to rival")), "title"),
        (story.thing("p2", "maker", ("table", "to maker")), "title"),
        (story.thing("p3", "airport", ("flights", "operate flights")), "title"),
        (story.thing("p4", "maker", ("nowhere", "to maker")), "title"),
        (story.thing("p5", "maker", ("flights", "nothing")), "title"),
        (story.thing("p6", "other", ("index", "alone later")), "title"),
        (story.thing("p7", "maker", ("flights", "to maker"), kind="RESOURCE"), "title_kind"),
        (story.thing("flights", "airport"), "twice"),
    ]
    assert found(story) == expected


def test_a_first_right_without_a_deposit_is_open_until_nothing_can_follow():
    story = market()
    story.thing("lone", "airport")
    index = story.granted("lone right", "lone", "airport")
    monitor = Monitor([KEY.verifier])
    assert found(story, monitor) == []
    assert [(each.index, each.code) for each in monitor.open_questions()] == [(index, "no_deposit")]
    for _ in range(GRACE - 1):
        story.tell("listing.listed")
    assert found(story, monitor) == []
    story.tell("listing.listed")
    assert found(story, monitor) == [(index, "no_deposit")]
    assert (monitor.open_questions(), found(story)) == ([], [(index, "no_deposit")])


def test_a_deposit_names_first_rights_as_they_are():
    story = market()
    story.thing("t", "airport")
    story.granted("r", "t", "airport")
    wrong = story.deposited("f", "t", "maker", ("r", "USE"), ("nothing", "HOLD"), last="2029-12-30")
    again = story.deposited("f", "t", "airport", ("r", "OPERATE"))
    elsewhere = story.deposited("g", "nowhere", "airport")
    findings = read(story)
    assert [(each.index, each.code) for each in findings] == [
        *[(wrong, "differs")] * 3, (wrong, "unknown"), (again, "twice"), (elsewhere, "unknown")
    ]  # fmt: skip
    assert [each.params[0] for each in findings[:3]] == ["kind", "holder", "term"]


def test_a_first_right_is_deposited_once():
    story = market()
    story.thing("t", "airport")
    story.granted("r", "t", "airport")
    twice = story.deposited("f", "t", "airport", ("r", "OPERATE"), ("r", "OPERATE"))
    again = story.deposited("g", "t", "airport", ("r", "OPERATE"))
    assert found(story) == [(twice, "not_awaited"), (again, "not_awaited")]


def test_a_deal_for_which_a_right_was_granted_is_not_cancelled():
    story = market()
    story.signed("x", "airport", "b")
    story.granted("right x", "flights", "b", kind="USE", parent="operate flights", deal="x")
    assert found(story) == []
    cancelled = story.step("x", "cancelled")
    assert found(story) == [(cancelled, "right_stays")]


def test_a_deal_settles_with_a_right_and_by_its_steps():
    story = Story()
    story.owned("flights", "airport")
    story.signed("bare", "airport", "b")
    bare = [story.step("bare", each) for each in ("funded", "delivered", "accepted", "settled")][-1]
    story.signed("free", "airport", "b")
    free = story.step("free", "in_force")
    unsigned = story.step("unsigned", "funded")
    story.sold("sale", "flights", "airport", "c")
    twice = story.step("deal sale", "settled")
    story.signed("hasty", "airport", "d")
    story.granted("x", "flights", "d", kind="USE", parent="operate flights", deal="hasty")
    hasty = story.step("hasty", "settled")
    refunded = story.step("deal sale", "refunded")
    assert found(story) == [
        (bare, "no_right"), (free, "no_right"), (unsigned, "step"), (twice, "step"), (hasty, "step"), (refunded, "step")
    ]  # fmt: skip


@pytest.mark.parametrize("step", ["signed", "funded", "delivered", "accepted", "settled"])
def test_a_step_taken_twice_is_one_finding_and_so_is_one_left_out(step):
    order = ["requested", "signed", "funded", "delivered", "accepted", "settled"]
    for steps, wrong in (
        ([*order[: order.index(step)], step, *order[order.index(step) :]], order.index(step) + 1),
        ([each for each in order if each != step], order.index(step)),
    ):
        story = Story()
        story.owned("flights", "airport")
        at = {}
        for number, each in enumerate(steps):
            sides = {"seller": uid("airport"), "buyer": uid("b")} if each == "signed" else {}
            at[number] = story.step("d", each, **sides)
            if each == "funded" or (step == "funded" and each == "delivered"):
                story.granted("x", "flights", "b", kind="USE", parent="operate flights", deal="d")
        codes = [(index, code) for index, code in found(story) if code == "step"]
        assert codes == ([(at[wrong], "step")] if wrong in at else [])


def test_a_certificate_needs_its_deposit_and_a_number_of_its_own():
    story = market()
    expected = [
        (story.certified("EGR-2", "no filing", "flights"), "no_filing"),
        (story.certified("EGR-3", "filing flights", "table"), "no_filing"),
        (story.certified("EGR-1", "filing table", "table"), "number_twice"),
    ]
    assert found(story) == expected
    assert {each.kind for each in read(story)} == {Kind.CERTIFICATE}


BROKEN = {
    "not JSON": (b"somebody else's", "not_canonical"),
    "no UTF-8": (b'"\xff"', "not_canonical"),
    "spaces": (b'{"a": 1}', "not_canonical"),
    "order": (b'{"b":1,"a":1}', "not_canonical"),
    "a key twice": (b'{"a":1,"a":1}', "not_canonical"),
    "a float": (b'{"a":1.5}', "not_canonical"),
    "a number that doubles cannot hold": (b'{"a":9007199254740992}', "not_canonical"),
    "minus nothing": (b'{"a":-0}', "not_canonical"),
    "NaN": (b'{"a":NaN}', "not_canonical"),
    "half a character": (b'{"a":"\\ud800"}', "not_canonical"),
    "a needless escape": (b'{"a":"\\u0041"}', "not_canonical"),
    "nested without end": (b"[" * 30_000 + b"]" * 30_000, "not_canonical"),
    "a million digits": (b"9" * 60_000, "not_canonical"),
    "no object": (b"[]", "member"),
    "no event": (b'{"schema":"right.granted"}', "member"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_leaf_that_no_honest_log_has_is_named_and_the_rest_is_read(what):
    story = market()
    story.leaves.insert(3, BROKEN[what][0])
    assert found(story) == [(3, BROKEN[what][1])]


def test_rare_keys_in_their_one_order_are_canonical():
    story = Story()
    story.tell("listing.listed", **{"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "\r": 4, "\x7f": '\x1f\\"/\u2028'})
    assert found(story) == []


def test_an_event_id_twice_an_unknown_version_and_a_member_of_no_form_are_named():
    story = market()
    twice = story.tell("listing.listed", event=uid("event 5"))
    later = story.tell("right.granted", version=2)
    story.thing("t", "airport")
    bad = [
        story.granted("r", "t", "airport", **changed)
        for changed in (
            {"kind": "OWN"}, {"exclusive": 1}, {"exclusive": None}, {"valid_from": "2027-1-1"}, {"valid_from": "2027-02-30"},
            {"valid_from": "2027-W01-1"},
            {"valid_from": None}, {"grant": uid("r").upper()}, {"grant": "r"}, {"valid_to": 5},
        )
    ]  # fmt: skip
    story.leaves.append(canonical(json.loads(story.leaves[0]) | {"id": uid("no time"), "at": "2027-01-01T00:00:00"}))
    story.leaves.append(canonical(json.loads(story.leaves[0]) | {"id": uid("no version"), "version": True}))
    expected = [(twice, "event_twice"), (later, "version"), *((index, "member") for index in [*bad, bad[-1] + 1, bad[-1] + 2])]
    assert found(story) == expected


def test_the_deal_of_the_evidence_bundles_is_lawful_with_what_went_before_it():
    deal = Deal()
    deal.events[2][1]["valid_to"] = after(deal.events[3][1]["valid_to"], 0)
    deal.events[3][1]["deal"] = uid("the sellers' own")
    leaves = [leaf(n, *event, {(n, path): b"\x00" * 16 for path in event[2]}) for n, event in enumerate(deal.events)]
    story = Story(datetime(2026, 11, 24, 3, 24, 59, tzinfo=UTC))
    story.tell("object.registered", object=OBJECT, owner=OWNER, kind="RESOURCE", made_from=[])
    story.leaves += leaves[:3]
    rights = [{"grant": OWNER_GRANT, "kind": "OPERATE"}]
    story.tell(
        "filing.deposited",
        filing=uid("f"),
        applicant=OWNER,
        object=OBJECT,
        rights=rights,
        valid_from="2026-01-01",
        valid_until="2029-12-31",
    )
    for number, sides in ((uid("the sellers' own"), {"seller": OWNER, "buyer": SELLER}), (DEAL, {})):
        story.tell("deal.requested", deal=number)
        if sides:
            story.tell("deal.signed", deal=number, **sides)
    story.leaves += leaves[3:]
    assert found(story) == []
    del story.leaves[-5]
    assert found(story) == [(len(story.leaves) - 1, "no_right")]


class TestTime:
    def test_an_entry_that_stands_behind_later_ones_waited(self):
        story = market()
        late = story.tell("listing.listed", at=story.now - timedelta(seconds=61))
        story.tell("listing.listed", at=story.now - timedelta(seconds=59))
        assert found(story) == [(late, "behind")]
        assert found(story, Monitor([KEY.verifier], late_seconds=62)) == []

    def test_a_business_clock_that_jumps_is_no_delay(self):
        story = market()
        before = story.now
        story.now += timedelta(days=30)
        story.tell("listing.listed")
        story.tell("listing.listed", at=before + timedelta(seconds=1))  # written before the jump, committed after
        story.now += timedelta(days=300)
        story.tell("listing.listed")
        story.tell("listing.listed", at=before + timedelta(seconds=2))
        assert found(story) == []
        for _ in range(700):  # 70 seconds without a jump
            story.tell("listing.listed")
        late = story.tell("listing.listed", at=before + timedelta(seconds=2))
        assert found(story) == [(late, "behind")]

    def test_an_entry_that_was_not_covered_at_a_look_after_its_time_waited(self):
        story = market()
        monitor = Monitor([KEY.verifier])
        assert found(story, monitor, now=story.now.timestamp() + 1_000) == []  # it has not looked before
        looked = story.now.timestamp() + 1_000
        late = story.tell("listing.listed")
        story.now += timedelta(seconds=950)
        story.tell("listing.listed")
        assert found(story, monitor, now=looked + 1) == [(late, "waited")]
        assert monitor.looked == int((looked + 1) * 1_000_000)

    def test_business_time_ahead_of_ours_is_never_late(self):
        story = market()
        monitor = Monitor([KEY.verifier])
        found(story, monitor, now=story.now.timestamp())
        story.now += timedelta(days=300)
        story.tell("listing.listed")
        assert found(story, monitor, now=story.now.timestamp() - 86_400 * 299) == []


def test_an_altered_log_is_named_and_nothing_of_it_is_kept():
    story = market()
    monitor = Monitor([KEY.verifier])
    there = files(story)
    name = bundle_of(0, len(story.leaves))
    there[name] = there[name].replace(uid("to maker").encode(), uid("to rival").encode(), 1)
    done = monitor.advance(there.get)
    assert (done.sound, monitor.frontier.size, monitor.counted) == (False, 0, {})
    assert [(each.kind, each.file) for each in done.findings if each.kind is Kind.ALTERED] == [(Kind.ALTERED, name)]
    assert any(each.index == next(i for i, raw in enumerate(story.leaves) if uid("to maker").encode() in raw) for each in done.findings)


def test_a_fork_and_a_gap_are_named_by_their_files():
    story, other = market(), market()
    monitor = Monitor([KEY.verifier])
    assert found(story, monitor) == []
    other.leaves = [*other.leaves[1:], other.leaves[0]]
    other.tell("listing.listed")
    done = monitor.advance(files(other).get)
    assert (done.sound, {each.kind for each in done.findings}) == (False, {Kind.FORK})
    bundle = bundle_of(0, len(other.leaves))
    assert {each.file for each in done.findings} == {"checkpoint", bundle, bundle.replace("entries", "0")}
    cut = Monitor([KEY.verifier]).advance(written(9, entries=story.leaves[:9]).get)
    assert cut.sound
    shorter = monitor.advance(written(9, entries=story.leaves[:9]).get)
    assert [(each.code, each.file) for each in shorter.findings] == [("cut", "checkpoint")]
    there, name = files(story), bundle_of(0, len(story.leaves))
    del there[name]
    assert [(each.kind, each.file) for each in Monitor([KEY.verifier]).advance(there.get).findings] == [(Kind.GAP, name)]


def test_keys_that_vouch_for_each_other_in_every_way_are_judged_at_once():
    """Each is announced under a checkpoint that all before it signed: 2^40 ways lead down to the first, which then falls."""
    keys, story = [KEY, *(Signer.of_seed(KEY.name, bytes([number]) * 32) for number in range(1, 41))], Story()
    monitor = Monitor([KEY.verifier])
    for number, key in enumerate(keys[1:], start=1):
        story.tell("log_key.added", key=str(key.verifier))
        assert monitor.advance(written(number, entries=story.leaves, keys=keys[:number]).get).findings == []
    story.tell("log_key.retired", key=str(KEY.verifier), last_size=0, compromised=True)
    done = monitor.advance(written(len(story.leaves), entries=story.leaves, keys=keys).get)
    assert [(each.code, each.index) for each in done.findings] == [("beyond", None), *(("unfounded", number) for number in range(40))]


def test_of_a_log_that_is_wrong_throughout_the_first_findings_are_kept_and_all_are_counted(monkeypatch):
    monkeypatch.setattr("registry.log.monitor.monitor.PASS_MAX", 3)
    story, monitor = Story(), Monitor([KEY.verifier])
    for _ in range(5):
        story.lifted("nothing", "nowhere")
    files = written(5, entries=story.leaves)
    done = monitor.advance(files.get)
    assert ([each.index for each in done.findings], done.left, monitor.counted) == ([0, 1, 2], 2, {"register": 5})
    story.tell("listing.listed")
    altered = written(6, entries=story.leaves) | {"checkpoint": written(6)["checkpoint"]}
    done = Monitor([KEY.verifier]).advance(altered.get)
    assert ([each.code for each in done.findings], done.left) == (["unknown"] * 3 + ["root"], 2)
