"""What the monitor says of coverage and overlap is what counting days one by one says, and a stop anywhere changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.log.monitor.monitor import Monitor
from registry.log.monitor.state import load, save
from tests.registry.log.published import KEY, written
from tests.registry.log.story import Story, market, uid

DAY = date(2027, 1, 1)
SPAN = 12
KINDS = ("HOLD", "USE", "OPERATE")


def day(number):
    return (DAY + timedelta(days=number)).isoformat()


@dataclass
class Known:
    """A right as the oracle knows it: every single day on which it exists, as known now."""

    name: str
    of: str
    kind: str
    holder: str
    exclusive: bool
    days: set[int]
    parent: Known | None


@dataclass
class Oracle:
    """Writes leaves, and what is wrong with each by counting days."""

    story: Story = field(default_factory=Story)
    rights: list[Known] = field(default_factory=list)
    under: dict[str, list[Known]] = field(default_factory=dict)
    expected: set[tuple[int, str]] = field(default_factory=set)

    def thing(self, *licences: Known) -> str:
        name = f"thing {len(self.under)}"
        self.under[name] = list(licences)
        self.story.thing(name, licences[0].holder if licences else "owner", *((each.of, each.name) for each in licences))
        return name

    def grant(self, of: str, kind: str, days: set[int], parent: Known | None, *, exclusive: bool) -> None:
        name, holder = f"right {len(self.rights)}", f"holder {len(self.rights) % 3}"
        right = Known(name, of, kind, holder, exclusive, days, parent)
        term = {"valid_from": day(min(days)), "valid_to": day(max(days) + 1)}
        if parent:
            self.story.signed(f"deal {name}", parent.holder, holder)
            at = self.story.granted(name, of, holder, kind=kind, exclusive=exclusive, parent=parent.name, deal=f"deal {name}", **term)
            kinds = {("USE", "OPERATE"), ("USE", "USE"), ("OPERATE", "OPERATE")}
            self.expect(at, "parent_ended", wrong=not parent.days)
            self.expect(at, "parent_term", wrong=bool(parent.days) and not days <= parent.days)
            self.expect(at, "parent_object", wrong=parent.of != of)
            self.expect(at, "parent_kind", wrong=(kind, parent.kind) not in kinds)
        else:
            at = self.story.granted(name, of, holder, kind=kind, exclusive=exclusive, **term)
            self.story.deposited(f"filing {name}", of, holder, (name, kind), first=day(min(days)), last=day(max(days)))
        for licence in self.under[of]:
            self.expect(at, "source_ended", wrong=not licence.days)
            self.expect(at, "source_term", wrong=bool(licence.days) and not days <= licence.days)
        rivals = [each for each in self.rights if (each.of, each.kind) == (of, kind) and (each.exclusive or exclusive)]
        self.expect(at, "overlap", wrong=any(each.days & days for each in rivals))
        self.rights.append(right)

    def end(self, first: Known, number: int, children: list[Known]) -> None:
        listed = [first, *children]
        at = self.story.tell("right.ended", **self.named(first), ends_on=day(number), children=[self.named(each) for each in children])
        ended = [each for each in listed if any(each_day >= number for each_day in each.days)]
        for each in listed:
            self.expect(at, "idle_end", wrong=each not in ended)
        for each in ended:
            each.days = {each_day for each_day in each.days if each_day < number}
        for each in ended:
            for other in self.rights:
                rests = other.parent is each or each in self.under[other.of]
                self.expect(at, "left", wrong=rests and bool(other.days) and not other.days <= each.days)

    def named(self, right: Known) -> dict[str, str]:
        return {"grant": uid(right.name), "object": uid(right.of), "kind": right.kind, "holder": uid(right.holder)}

    def resting(self, right: Known) -> list[Known]:
        """Everything that rests on a right, each once."""
        found: list[Known] = []
        left = [right]
        while left:
            each = left.pop()
            resting = [other for other in self.rights if other.parent is each or each in self.under[other.of]]
            more = [other for other in resting if other not in [*found, right]]
            found += more
            left += more
        return found

    def expect(self, at: int, code: str, *, wrong: bool) -> None:
        if wrong:
            self.expected.add((at, code))


@st.composite
def told(draw):
    """A register of random rights, lawful or not, with its oracle."""
    oracle = Oracle()
    oracle.thing()
    for _ in range(draw(st.integers(1, 14))):
        choice = draw(st.sampled_from(["first", "licence", "licence", "licence", "end", "end whole", "product", "thing"]))
        rights, things = oracle.rights, list(oracle.under)
        start = draw(st.integers(0, SPAN - 1))
        days = set(range(start, start + draw(st.integers(1, SPAN))))
        kind, exclusive = draw(st.sampled_from(KINDS)), draw(st.booleans())
        if choice == "thing":
            oracle.thing()
        elif choice == "first" or not rights:
            oracle.grant(draw(st.sampled_from(things)), kind, days, None, exclusive=exclusive)
        elif choice == "licence":
            parent = draw(st.sampled_from(rights))
            of = parent.of if draw(st.integers(0, 5)) else draw(st.sampled_from(things))
            oracle.grant(of, kind, days, parent, exclusive=exclusive)
        elif choice == "product":
            licences = [each for each in rights if each.kind == "USE" and each.days]
            if licences:
                oracle.thing(draw(st.sampled_from(licences)))
        else:
            first = draw(st.sampled_from(rights))
            number = draw(st.integers(0, SPAN))
            lasting = [each for each in oracle.resting(first) if any(each_day >= number for each_day in each.days)]
            some = st.lists(st.sampled_from(lasting), unique_by=id) if lasting else st.just([])
            oracle.end(first, number, lasting if choice == "end whole" else draw(some))
    return oracle


def read(story, monitor, size=None):
    leaves = story.leaves[:size]
    done = monitor.advance(written(len(leaves), entries=leaves).get)
    assert done.sound
    return [(each.index, each.code, each.params) for each in done.findings]


@given(oracle=told())
@settings(max_examples=300)
def test_coverage_and_overlap_are_what_counting_days_says(oracle):
    assert {(index, code) for index, code, _ in read(oracle.story, Monitor([KEY.verifier]))} == oracle.expected


@given(oracle=told(), data=st.data())
@settings(max_examples=60)
def test_a_stop_anywhere_changes_nothing_that_is_found(oracle, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("state") / "state"
    whole = read(oracle.story, Monitor([KEY.verifier]))
    sizes = sorted(data.draw(st.sets(st.integers(1, len(oracle.story.leaves)), max_size=4)) | {len(oracle.story.leaves)})
    stopped, monitor = [], Monitor([KEY.verifier])
    for size in sizes:
        stopped += read(oracle.story, monitor, size)
        save(monitor, path)
        monitor = load(path, [KEY.verifier], late_seconds=60)
    assert stopped == whole


def test_a_stop_after_each_entry_of_a_lawful_log_and_of_one_with_violations_changes_nothing(tmp_path):
    story = market()
    for name in ("flights", "table"):
        story.licensed(f"beyond {name}", name, "maker", "b", valid_to="2031-01-01")
    story.certified("EGR-1", "no filing", "flights")
    story.step("deal first sale", "settled")
    story.tell("listing.listed", event=uid("event 1"))
    story.tell("listing.listed", at=story.now - timedelta(hours=1))
    whole = read(story, Monitor([KEY.verifier]))
    assert len({code for _, code, _ in whole}) == 8
    stopped, monitor = [], Monitor([KEY.verifier])
    for size in range(1, len(story.leaves) + 1):
        stopped += read(story, monitor, size)
        save(monitor, tmp_path / "state")
        monitor = load(tmp_path / "state", [KEY.verifier], late_seconds=60)
    assert stopped == whole
    assert (len(monitor.known), sum(monitor.counted.values())) == (len(whole), len(whole))
