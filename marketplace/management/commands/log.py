"""What anybody may do with a published log, without the market's database or keys: read it, copy it, witness it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.base.storage import DurableFileStorage
from registry.log.audit import Audit, Read
from registry.log.checkpoint import BadCheckpoint
from registry.log.cosignature import WitnessSigner
from registry.log.files import AlteredFile, LogFiles
from registry.log.mirror import mirror, read_over_http
from registry.log.note import BadNote, Verifier
from registry.log.policy import BadPolicy, parse_policy

EVERY: Final = 65_536
"""Entries from one line of progress to the next."""


class Command(BaseCommand):
    """`manage.py log`."""

    help = "Audit, mirror or witness a published log. 审计、镜像或见证已发布的日志"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the three commands."""
        commands = parser.add_subparsers(dest="what", required=True)
        for name, told in (
            ("audit", "read every file and name what is wrong with it 逐一核对文件"),
            ("mirror", "keep a copy that never follows a fork 保存副本"),
        ):
            one = commands.add_parser(name, help=told)
            where = one.add_mutually_exclusive_group(required=True)
            where.add_argument("--url", help="address of the log 日志地址")
            where.add_argument("--folder", type=Path, help="folder that holds the log's files 日志文件所在目录")
            one.add_argument("--key", required=True, help="the log's verifier key, from a source you trust 可信来源的日志公钥")
            if name == "mirror":
                one.add_argument("--to", type=Path, required=True, help="folder of the copy 副本目录")
            else:
                one.add_argument("--policy", type=Path, help="file that says which witnesses must have cosigned 见证策略文件")
        one = commands.add_parser("witness", help="cosign checkpoints that continue what was seen; key in EGRET_WITNESS_KEY 见证检查点")
        one.add_argument("--name", required=True, help="the witness's name, such as witness.example/w1 见证方名称")
        one.add_argument(
            "--policy", type=Path, required=True, help="file with the log lines of the logs to watch (C2SP tlog-policy) 策略文件"
        )
        one.add_argument("--folder", type=Path, required=True, help="where the last checkpoint of each log is kept 状态目录")
        one.add_argument("--port", type=int, default=8100)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it.

        Raises:
            CommandError: something is wrong with the log, the copy, or an option.
        """
        try:
            if options["what"] == "witness":
                self._witness(options)
            else:
                self._read(options)
        except (BadNote, BadPolicy, BadCheckpoint, AlteredFile, ValueError, OSError) as error:
            raise CommandError(str(error)) from error

    def _read(self, options: dict[str, Any]) -> None:
        key, read = Verifier.parse(options["key"]), _reader(options)
        if options["what"] == "audit":
            audit = Audit(read, key, policy=parse_policy(options["policy"].read_bytes()) if options["policy"] else None)
            shown = 0
            for _block in audit.blocks():
                if audit.frontier.size - shown >= EVERY:
                    shown = audit.frontier.size
                    self.stderr.write(f"{shown} entries 条")
        else:
            audit = mirror(read, LogFiles(".", DurableFileStorage(location=options["to"])), key)
        for finding in audit.findings:
            self.stdout.write(f"wrong 有误   {finding}")
        if audit.findings:
            message = f"{len(audit.findings)} findings 项问题"
            raise CommandError(message)
        size = audit.checkpoint.size if audit.checkpoint else 0
        self.stdout.write(f"sound 完好   {key.name}: {size} entries under the signed root 条目均在已签署的根之下")

    def _witness(self, options: dict[str, Any]) -> None:
        seed = os.environ.get("EGRET_WITNESS_KEY", "")
        signer = WitnessSigner(options["name"], bytes.fromhex(seed))
        logs = parse_policy(options["policy"].read_bytes()).logs
        if not logs:
            message = f"{options['policy']} names no log"
            raise CommandError(message)
        self.stdout.write(f"{signer.key}")
        self.stdout.flush()
        os.environ.update(
            EGRET_WITNESS_NAME=options["name"], EGRET_WITNESS_POLICY=str(options["policy"]), EGRET_WITNESS_FOLDER=str(options["folder"])
        )
        arguments = ["--bind", f"127.0.0.1:{options['port']}", "--worker-class", "gthread", "--threads", "4", "--log-level", "warning"]
        limits = ["--timeout", "30", "--limit-request-line", "1024", "--no-control-socket"]
        os.execv(  # noqa: S606  # this interpreter and literal arguments; the server takes this process's place
            sys.executable, [sys.executable, "-m", "gunicorn", *arguments, *limits, "registry.log.witness_server:from_environment()"]
        )


def _reader(options: dict[str, Any]) -> Read:
    if options["url"]:
        return read_over_http(options["url"])
    if not options["folder"].is_dir():
        message = f"{options['folder']} is no folder"
        raise CommandError(message)
    return LogFiles(".", DurableFileStorage(location=options["folder"])).read
