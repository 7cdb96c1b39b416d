"""Plays the whole main job and prints the result: a table for a person, one JSON object as the last line."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import requests
from rich.console import Console

from marketplace.demo.client.api import Api, DemoFailed
from marketplace.demo.client.report import keys_table, result_line, result_table
from marketplace.demo.client.stage import Stage
from marketplace.demo.client.story import play


def main() -> int:
    """Play the job; 0 if everything held, 1 with a clear message otherwise."""
    parser = argparse.ArgumentParser(prog="python -m marketplace.demo.client", description=main.__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--gateway", required=True, help="the simulated gateway, where the buyer's card token comes from")
    parser.add_argument("--files", required=True, type=Path)
    parser.add_argument("--elapsed", type=float, default=0.0, help="seconds spent on starting the server")
    parser.add_argument("--keys", action="store_true", help="also print an API key for each kind of user")
    options = parser.parse_args()
    console = Console(highlight=False)
    started = time.monotonic() - options.elapsed
    stage = Stage(console, started)
    try:
        cast, outcome, found = play(stage, Api(options.url, os.environ["EGRET_OPERATOR_KEY"]), options.url, options.files)
        problems = outcome.problems() + found.problems()
    except (DemoFailed, requests.RequestException) as error:
        console.print(f"[bold red]The main job failed:[/] {error}", markup=True)
        return 1
    console.print(result_table(cast, outcome, found))
    if options.keys:
        console.print(keys_table(cast, options.url))
    for problem in problems:
        console.print(f"[bold red]wrong:[/] {problem}")
    sys.stdout.write(json.dumps(result_line(outcome, found, seconds=time.monotonic() - started), ensure_ascii=False) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
