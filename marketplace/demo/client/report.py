"""What the main job came to: checked against itself, as a table and as one line of JSON."""

from dataclasses import dataclass
from typing import Any

from rich.table import Table

from marketplace.demo.client.outsider import WITNESS, Findings
from marketplace.demo.client.people import Cast
from marketplace.demo.client.proving import Verdict
from marketplace.demo.client.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that the run found, all of it read from the market's answers."""

    state: str
    amount: str
    amount_minor: int
    currency: str
    lines: tuple[dict[str, Any], ...]
    ledger_balanced: bool
    refusals: tuple[Refusal, ...]
    events: int
    evidence: str
    verdict: Verdict
    right: Verdict
    forgeries: dict[str, Verdict]
    file_matches: bool
    complete: bool
    jumps: tuple[str, ...]

    def problems(self) -> list[str]:
        """What does not hold; empty if the job succeeded."""
        total = sum(int(line["amount"]["minorUnits"]) for line in self.lines)
        checks = {
            "the deal is not SETTLED": self.state == "SETTLED",
            f"the lines sum to {total}, the amount is {self.amount_minor}": total == self.amount_minor,
            "the ledger does not balance": self.ledger_balanced,
            "the delivered file is not the one the contract names": self.file_matches,
            "a right, signature, verdict or entry is missing behind the settled deal": self.complete,
            "fewer than three forbidden trades were refused": len(self.refusals) == 3,  # noqa: PLR2004 the three of the job
            "the evidence does not verify: " + "; ".join(self.verdict.problems): self.verdict.verified,
            "the right's chain of title does not verify: " + "; ".join(self.right.problems): self.right.verified,
            **{f"the forgery “{name}” was not found": not verdict.verified for name, verdict in self.forgeries.items()},
        }
        return [problem for problem, holds in checks.items() if not holds]


def result_line(outcome: Outcome, found: Findings, *, seconds: float) -> dict[str, Any]:
    """The last line: one JSON object for programs."""
    return {
        "settled": outcome.state == "SETTLED",
        "amount": outcome.amount,
        "currency": outcome.currency,
        "shares": [
            {"role": line["role"], "party": line["party"], "amount": line["amount"]["amount"], "minor": line["amount"]["minorUnits"]}
            for line in outcome.lines
        ],
        "ledger_balanced": outcome.ledger_balanced,
        "blocked": [{"rule": refusal.rule, "clause": refusal.clause, "relation": refusal.relation} for refusal in outcome.refusals],
        "events": outcome.events,
        "evidence": outcome.evidence,
        "verified": outcome.verdict.verified,
        "sm2": [*outcome.verdict.sm2],
        "outsider": {
            "entries": found.entries,
            "sound": found.sound,
            "altered": found.altered,
            "witness": WITNESS if found.witnessed else None,
        },
        "seconds": round(seconds, 1),
    }


def result_table(cast: Cast, outcome: Outcome, found: Findings) -> Table:
    """Who got what, what was proven, and what an outsider found."""
    names = {organisation.uuid: f"{organisation.name_zh} {organisation.name_en}" for organisation in cast.all()}
    table = Table(title=f"One deal, {outcome.currency} {outcome.amount}, {outcome.state} 一笔交易的结算", title_justify="left")
    table.add_column("what 项目")
    table.add_column("to 收款方")
    table.add_column("amount 金额", justify="right")
    roles = {
        "platform_fee": "platform fee 平台服务费",
        "institution_fee": "institution fee 交易服务费",
        "share": "share 分成",
        "tax": "tax 代扣税",
    }
    for line in outcome.lines:
        table.add_row(roles[line["role"]], names.get(line["party"], "the market 平台"), line["amount"]["amount"])
    table.add_section()
    table.add_row("sum 合计", "", outcome.amount)
    for refusal in outcome.refusals:
        table.add_row(f"refused 拒绝: {refusal.rule}", f"{refusal.clause} ({refusal.relation})", "then mended 已补正")
    table.add_row("evidence 证据包", outcome.evidence, "verified 已验证" if outcome.verdict.verified else "NOT verified")
    for name, verdict in outcome.forgeries.items():
        table.add_row(
            f"forgery 伪造: {name}", verdict.problems[0] if verdict.problems else "", "found 已识别" if not verdict.verified else "MISSED"
        )
    table.add_row(
        "outsider 局外人", f"{found.entries} entries 条, copied and audited 已复制并审计", "sound 完好" if found.sound else "NOT sound"
    )
    table.add_row("witness 见证方", f"{WITNESS} (simulated 模拟)", "cosigned 已见证" if found.witnessed else "NOT cosigned")
    return table


def keys_table(cast: Cast, url: str) -> Table:
    """Where to look, and one key for each kind of user."""
    table = Table(title=f"GraphiQL {url}graphiql  pages {url}", title_justify="left")
    table.add_column("user 用户")
    table.add_column("API key 接口密钥", no_wrap=True)
    for organisation in cast.all():
        for person in organisation.people:
            table.add_row(f"{person.name}, {organisation.name_zh} {organisation.name_en}", person.api.token)
    return table
