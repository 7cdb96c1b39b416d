"""The operator's door to the keys of the market's own log: list them, announce the next one, retire one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.base.signing import CannotSign
from registry.log.checkpoint import BadCheckpoint
from registry.log.files import AlteredFile
from registry.log.keys import KnownKey, NoSigningKey
from registry.log.note import BadNote
from registry.log.rotation import CannotRotate, key_add, key_retire
from registry.log.selectors import log_keys, log_sm2_key


class Command(BaseCommand):
    """`manage.py log_keys`."""

    help = "List, announce or retire the keys that sign the log. 列出、公告或停用日志签名公钥"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the three commands."""
        commands = parser.add_subparsers(dest="what", required=True)
        commands.add_parser("list", help="every key, and for which sizes it vouches 历次公钥及其担保范围")
        commands.add_parser("add", help="announce the key in EGRET_LOG_NEXT_KEY; it signs beside the present one 公告新公钥")
        one = commands.add_parser("retire", help="let a key sign no more, for good 停用公钥")
        one.add_argument("--key", required=True, help="its verifier key 公钥")
        one.add_argument("--compromised", action="store_true", help="somebody else may have it 已泄露")
        one.add_argument("--last-size", type=int, help="the last size at which it was surely only ours 泄露前最后可信规模")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it.

        Raises:
            CommandError: the step is refused; nothing has changed.
        """
        try:
            if options["what"] == "add":
                self._show(key_add())
            elif options["what"] == "retire":
                self._show(key_retire(key=options["key"], compromised=options["compromised"], last_size=options["last_size"]))
            else:
                self._list()
        except (CannotRotate, NoSigningKey, CannotSign, BadNote, BadCheckpoint, AlteredFile, OSError) as error:
            raise CommandError(str(error)) from error

    def _list(self) -> None:
        for known in log_keys():
            self._show(known)
        second = log_sm2_key()
        if second:
            self.stdout.write(f"{second}   second line, SM2 国密第二签名")

    def _show(self, known: KnownKey) -> None:
        begins = "once its entry has a place 待入序" if known.from_size is None else f"from size 自规模 {known.from_size}"
        ends = "" if known.row.last_size is None else f" to 至 {known.row.last_size}"
        said = ", compromised 已泄露" if known.row.compromised else ""
        self.stdout.write(f"{known.row.key}   {begins}{ends}{said}")
