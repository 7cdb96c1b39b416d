"""What anybody may do with a published log, without the market's database or keys: read it, copy it, watch it, witness it."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.base.signing import CannotSign
from registry.base.storage import DurableFileStorage, alone
from registry.log.allowance import CONTENT_BYTES_MAX, ENTRIES_MAX, Allowance, TooMuch
from registry.log.audit import Audit, Read
from registry.log.checkpoint import BadCheckpoint
from registry.log.cosignature import WitnessSigner
from registry.log.files import AlteredFile, LogFiles
from registry.log.findings import Finding
from registry.log.merkle import SIZE_MAX
from registry.log.mirror import mirror, read_over_http
from registry.log.monitor.live import Watch
from registry.log.monitor.monitor import LATE_SECONDS, Monitor
from registry.log.monitor.papers import PAPER_BYTES_MAX, Paper
from registry.log.note import BadNote, Verifier
from registry.log.policy import BadPolicy, read_policy
from registry.log.sm2_line import Sm2Key

PROGRESS_SECONDS: Final = 5.0
"""From one line of progress to the next."""
LOOK_SECONDS: Final = 10.0
SHOWN_MAX: Final = 1_000
"""Findings of one look that are printed; the rest is counted."""
DECIMAL: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,6})?", re.ASCII)
COUNT: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
WHOLE: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
SEED: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
REFUSED: Final = (BadPolicy, AlteredFile, CannotSign, ValueError, OSError)


class Command(BaseCommand):
    """`manage.py log`."""

    help = "Audit, mirror, monitor or witness a published log. 审计、镜像、监测或见证已发布的日志"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the four commands."""
        commands = parser.add_subparsers(dest="what", required=True)
        for name, told in (
            ("audit", "read every file and name what is wrong with it 逐一核对文件"),
            ("mirror", "keep a copy that never follows a fork 保存副本"),
            ("monitor", "re-check the rules of the register over every entry, and go on as the log grows 按登记规则监测全部条目"),
        ):
            one = commands.add_parser(name, help=told)
            where = one.add_mutually_exclusive_group(required=True)
            where.add_argument("--url", help="address of the log 日志地址")
            where.add_argument("--folder", type=Path, help="folder that holds the log's files 日志文件所在目录")
            told_key = "the log's verifier key, from a source you trust; again for each key that it has had 可信来源的日志公钥，可重复"
            one.add_argument("--key", action="append", required=True, help=told_key)
            _allowance_arguments(one)
            if name == "audit":
                one.add_argument("--policy", type=Path, help="file that says which witnesses must have cosigned 见证策略文件")
                one.add_argument("--sm2-key", help="the log's SM2 key, if its second line is to be there too 国密第二签名公钥")
            if name == "mirror":
                one.add_argument("--to", type=Path, required=True, help="folder of the copy 副本目录")
            if name == "monitor":
                _monitor_arguments(one)
        one = commands.add_parser("witness", help="cosign checkpoints that continue what was seen; key in EGRET_WITNESS_KEY 见证检查点")
        one.add_argument("--name", required=True, help="the witness's name, such as witness.example/w1 见证方名称")
        one.add_argument(
            "--policy", type=Path, required=True, help="file with the log lines of the logs to watch (C2SP tlog-policy) 策略文件"
        )
        one.add_argument("--folder", type=Path, required=True, help="where the last checkpoint of each log is kept 状态目录")
        proxied = "on this machine only: outsiders reach it by a proxy that passes on whole requests 仅限本机，对外须经代理"
        one.add_argument("--port", type=int, choices=range(1, 65_536), default=8100, metavar="1-65535", help=proxied)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it.

        Raises:
            CommandError: something is wrong with the log, the copy, or an option.
        """
        does = {"audit": self._audit, "mirror": self._mirror, "monitor": self._monitor, "witness": self._witness}
        try:
            does[options["what"]](options)
        except TooMuch as error:
            self._say_all("wrong 有误  ", list(error.findings), as_json=options.get("json", False))
            raise CommandError(str(error)) from error
        except (BadNote, BadCheckpoint) as error:
            message = f"{error.reason} / {error.chinese}"
            raise CommandError(message) from error
        except REFUSED as error:
            raise CommandError(str(error)) from error

    def _audit(self, options: dict[str, Any]) -> None:
        keys, also = _keys(options), [Sm2Key.parse(options["sm2_key"])] if options["sm2_key"] else []
        policy = read_policy(options["policy"]) if options["policy"] else None
        audit = Audit(_reader(options), *keys, policy=policy, also=also, allowance=_allowance(options))
        progress = self._progress()
        for _block in audit.blocks():
            progress(audit.frontier.size, audit.size)
        self._conclude(audit, keys[0].name)

    def _mirror(self, options: dict[str, Any]) -> None:
        keys, read = _keys(options), _reader(options)
        options["to"].mkdir(parents=True, exist_ok=True)
        with alone(options["to"]):  # of two at once, the one that read first could take the copy back behind what the other has seen
            copy = LogFiles(".", DurableFileStorage(location=options["to"]))
            audit = mirror(read, copy, *keys, allowance=_allowance(options), progress=self._progress())
        self._conclude(audit, keys[0].name)

    def _conclude(self, audit: Audit, name: str) -> None:
        for finding in audit.findings:
            self.stdout.write(_line("wrong 有误  ", finding))
        if audit.findings:
            message = f"{len(audit.findings)} findings 项问题"
            raise CommandError(message)
        self.stdout.write(f"sound 完好   {name}: {audit.size} entries under the signed root 条目均在已签署的根之下")

    def _monitor(self, options: dict[str, Any]) -> None:
        papers = [Paper.read(path.name, _limited(path)) for path in options["certificate"]]
        keys, second = _keys(options), [Sm2Key.parse(key) for key in options["sm2_key"]]
        _require_one_log([*keys, *second])
        given = {"state": options["state"], "late_seconds": options["late"], "papers": papers, "second": second}
        with alone(options["state"]) if options["state"] else nullcontext():
            watch = Watch(_reader(options), keys, allowance=_allowance(options), **given)
            if options["once"]:
                self._look_once(watch, options)
            else:
                self._look_on(watch, options)

    def _look_once(self, watch: Watch, options: dict[str, Any]) -> None:
        for finding in watch.monitor.known:
            self._say("known 已知  ", finding, as_json=options["json"])
        counted = sum(watch.monitor.counted.values())
        done, fresh = watch.look(self._progress())
        watch.keep()
        waiting = watch.monitor.open_questions() if done.sound else []
        found = fresh if options["state"] else [*fresh, *waiting]  # nobody will come back to what is open
        self._say_all("wrong 有误  ", found, as_json=options["json"], left=done.left)
        if options["state"]:
            self._say_all("open 待定   ", waiting, as_json=options["json"])
        self._sum_up(watch.monitor, done.size, as_json=options["json"])
        if total := counted + len(found) + done.left:
            message = f"{total} findings 项问题"
            raise CommandError(message)

    def _look_on(self, watch: Watch, options: dict[str, Any]) -> None:
        pause, size = threading.Event(), -1
        for number in (signal.SIGINT, signal.SIGTERM):  # said anew, since a shell has what it starts in the background ignore the first
            signal.signal(number, signal.default_int_handler)
        try:
            while True:
                try:
                    done, fresh = watch.look(self._progress())
                except (AlteredFile, OSError) as error:
                    self.stderr.write(f"not reached 未能读取   {error}")
                else:
                    self._say_all("wrong 有误  ", fresh, as_json=options["json"], left=done.left)
                    if done.sound and (fresh or done.size != size):
                        size = done.size
                        self._sum_up(watch.monitor, size, as_json=options["json"])
                pause.wait(options["every"])
        except KeyboardInterrupt:
            watch.keep()
        except TooMuch:  # it will not become less: whoever is in charge must look at it
            watch.keep()
            raise

    def _say_all(self, word: str, findings: list[Finding], *, as_json: bool, left: int = 0) -> None:
        for finding in findings[:SHOWN_MAX]:
            self._say(word, finding, as_json=as_json)
        left += len(findings[SHOWN_MAX:])
        if left:
            self.stderr.write(f"{left} more 另有若干项")

    def _say(self, word: str, finding: Finding, *, as_json: bool) -> None:
        told = {
            "said": word.split(maxsplit=1)[0],
            "kind": finding.kind.value,
            "code": finding.code,
            "file": finding.file,
            "index": finding.index,
        }
        told |= {"english": finding.reason, "chinese": finding.chinese}
        self.stdout.write(json.dumps(told, ensure_ascii=False) if as_json else _line(word, finding))
        self.stdout.flush()

    def _sum_up(self, monitor: Monitor, size: int, *, as_json: bool) -> None:
        ignored, counted = sum(monitor.ignored.values()), dict(sorted(monitor.counted.items()))
        second = monitor.trust.second
        if as_json:
            told: dict[str, Any] = {"said": "read", "log": monitor.origin, "size": size, "findings": counted, "passed_over": ignored}
            told |= {"second_line": "not checked" if second.unchecked else "checked"} if second.unchecked or second.checked else {}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            kinds = ", ".join(f"{kind} {count}" for kind, count in counted.items()) or "no findings 无问题"
            passed = f"{ignored} nothing to the register 与登记无关"
            self.stdout.write(f"read 已读     {monitor.origin}: {size} entries 条, {passed}; {kinds}")
            if second.unchecked:
                self.stdout.write(f"not checked 未核对   second line 国密第二签名: {second.unchecked}")
        self.stdout.flush()

    def _progress(self) -> Callable[[int, int], None]:
        said = time.monotonic()

        def progress(read: int, of: int) -> None:
            nonlocal said
            if time.monotonic() - said >= PROGRESS_SECONDS:
                said = time.monotonic()
                self.stderr.write(f"read 已读     {read} of {of} entries 条")

        return progress

    def _witness(self, options: dict[str, Any]) -> None:
        seed = os.environ.get("EGRET_WITNESS_KEY", "")
        if not SEED.fullmatch(seed):
            message = "set EGRET_WITNESS_KEY to the witness's seed, 64 hexadecimal digits that nobody else has"
            raise CommandError(message)
        signer = WitnessSigner(options["name"], bytes.fromhex(seed))
        logs = read_policy(options["policy"]).logs
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


def _allowance_arguments(one: CommandParser) -> None:
    told = "refuse the log if more entries than this are new (default %(default)s) 新条目超过此数即拒绝读取"
    one.add_argument("--entries-max", type=_count, default=ENTRIES_MAX, help=told)
    told = "end the reading when its files have more bytes than this together (default %(default)s) 文件总量超过此字节数即中止"
    one.add_argument("--bytes-max", type=_count, default=CONTENT_BYTES_MAX, help=told)


def _allowance(options: dict[str, Any]) -> Allowance:
    return Allowance(options["entries_max"], options["bytes_max"])


def _monitor_arguments(one: CommandParser) -> None:
    one.add_argument("--state", type=Path, help="file that keeps what is known, so that a restart does not read again 状态文件")
    often = one.add_mutually_exclusive_group()
    often.add_argument("--every", type=_seconds, default=LOOK_SECONDS, help="seconds from one look to the next 每隔多少秒")
    often.add_argument("--once", action="store_true", help="look once; exit code 1 if anything was found 只看一次")
    one.add_argument(
        "--late", type=_whole_seconds, default=LATE_SECONDS, help="seconds that an entry may wait for its place 条目入序的时限（秒）"
    )
    paper = "a certificate that must be in the log; again for each 须见于日志的证书文件，可重复"
    one.add_argument("--certificate", type=Path, action="append", default=[], help=paper)
    told = "an SM2 key of the log's second line, from a source you trust; again for each 可信来源的国密第二签名公钥，可重复"
    one.add_argument("--sm2-key", action="append", default=[], help=told)
    one.add_argument("--json", action="store_true", help="one JSON object a line 每行一个 JSON")


def _seconds(text: str) -> float:
    value = float(text) if DECIMAL.fullmatch(text) else 0.0
    if not 0.1 <= value <= 86_400:  # noqa: PLR2004 said in the message
        message = "a number of seconds from 0.1 to 86400"
        raise ArgumentTypeError(message)
    return value


def _whole_seconds(text: str) -> int:
    if not WHOLE.fullmatch(text) or not 1 <= int(text) <= 86_400:  # noqa: PLR2004 said in the message
        message = "a whole number of seconds from 1 to 86400"
        raise ArgumentTypeError(message)
    return int(text)


def _count(text: str) -> int:
    if not COUNT.fullmatch(text) or int(text) > SIZE_MAX:
        message = f"a whole number from 1 to {SIZE_MAX} 应为 1 至 {SIZE_MAX} 的整数"
        raise ArgumentTypeError(message)
    return int(text)


def _keys(options: dict[str, Any]) -> list[Verifier]:
    keys = [Verifier.parse(key) for key in options["key"]]
    _require_one_log(keys)
    return keys


def _require_one_log(keys: Sequence[Verifier | Sm2Key]) -> None:
    if len({key.name for key in keys}) != 1:
        message = "the keys given are of several logs"
        raise CommandError(message)


def _limited(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(PAPER_BYTES_MAX + 1)


def _line(word: str, finding: Finding) -> str:
    return f"{word} {finding} / {finding.chinese}"


def _reader(options: dict[str, Any]) -> Read:
    if options["url"]:
        return read_over_http(options["url"])
    if not options["folder"].is_dir():
        message = f"{options['folder']} is no folder"
        raise CommandError(message)
    return LogFiles(".", DurableFileStorage(location=options["folder"])).read
