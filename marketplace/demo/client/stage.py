"""What a person at the terminal sees: progress as it goes, and every jump of the clock."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rich.console import Console

from marketplace.demo.client.api import Api


@dataclass(slots=True)
class Stage:
    """Prints progress to the terminal, never to the result on standard output's last line."""

    console: Console = field(default_factory=lambda: Console(stderr=False, highlight=False))
    started: float = field(default_factory=time.monotonic)
    jumps: list[str] = field(default_factory=list)

    def act(self, title: str) -> None:
        """Open an act."""
        self.console.rule(f"[bold]{title}", align="left")

    def step(self, text: str) -> None:
        """Say what happens next."""
        self.console.print(f"[dim]{time.monotonic() - self.started:6.2f} s[/]  {text}")

    def refusal(self, rule: str, clause: str, remedy: str) -> None:
        """Show a refusal with its clause and remedy."""
        self.console.print(f"          [red]refused[/] {rule}: {clause}")
        self.console.print(f"          [dim]remedy: {remedy}[/]")

    def jump(self, api: Api, to: str, why: str) -> None:
        """Wait out a statutory period on the server's demo clock, and say so."""
        target = datetime.fromisoformat(to) + timedelta(seconds=1)
        before = datetime.fromisoformat(api.query("{ clock { now } }")["clock"]["now"])
        if target <= before:
            return
        api.send("clockAdvance", "clock { now }", to=target.isoformat())
        text = f"{before:%Y-%m-%d %H:%M} → {target:%Y-%m-%d %H:%M} UTC: {why}"
        self.jumps.append(text)
        self.console.print(f"          [yellow]clock[/] {text}")
