"""The operator's door to the keys of the market's own log: list them, announce the next one, retire one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.base.signing import CannotSign
from registry.log.checkpoint import BadCheckpoint
from registry.log.files import AlteredFile
from registry.log.keys import AnyKnown, NoSigningKey, sm2_refusal, sm2_signer
from registry.log.models import LogState
from registry.log.note import BadNote
from registry.log.rotation import CannotRotate, key_add, key_retire, sm2_key_add
from registry.log.selectors import log_keys, log_sm2_keys
from registry.log.sm2_line import Sm2Key


class Command(BaseCommand):
    """`manage.py log_keys`."""

    help = "List, announce or retire the keys that sign the log. 列出、公告或停用日志签名公钥"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the three commands."""
        commands = parser.add_subparsers(dest="what", required=True)
        commands.add_parser("list", help="every key, and for which sizes it vouches 历次公钥及其担保范围")
        one = commands.add_parser("add", help="announce the key in EGRET_LOG_NEXT_KEY; it signs beside the present one 公告新公钥")
        second = "instead the key in EGRET_LOG_SM2_KEY; from then on it signs the second line 改为公告国密第二签名公钥"
        one.add_argument("--sm2", action="store_true", help=second)
        one = commands.add_parser("retire", help="let a key sign no more, for good 停用公钥")
        one.add_argument("--key", required=True, help="its verifier key, also of the second line 公钥，含国密第二签名公钥")
        one.add_argument("--compromised", action="store_true", help="somebody else may have it 已泄露")
        one.add_argument("--last-size", type=int, help="the last size at which it was surely only ours 泄露前最后可信规模")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it.

        Raises:
            CommandError: the step is refused; nothing has changed.
        """
        try:
            if options["what"] == "add":
                self._show(sm2_key_add() if options["sm2"] else key_add())
            elif options["what"] == "retire":
                self._show(key_retire(key=options["key"], compromised=options["compromised"], last_size=options["last_size"]))
            else:
                self._list()
        except (CannotRotate, NoSigningKey, CannotSign, BadNote, BadCheckpoint, AlteredFile, OSError) as error:
            raise CommandError(str(error)) from error

    def _list(self) -> None:
        everything: list[AnyKnown] = [*log_keys(), *log_sm2_keys()]
        for known in everything:
            self._show(known)
        state = LogState.objects.filter(id=1).first()
        signer = sm2_signer(state.log_id) if state else None
        why = sm2_refusal(signer.verifier, state.size) if state and signer else None
        if why:
            self.stderr.write(why)

    def _show(self, known: AnyKnown) -> None:
        begins = "once its entry has a place 待入序" if known.from_size is None else f"from size 自规模 {known.from_size}"
        ends = "" if known.row.last_size is None else f" to 至 {known.row.last_size}"
        said = ", compromised 已泄露" if known.row.compromised else ""
        second = ", second line, SM2 国密第二签名" if isinstance(known.verifier, Sm2Key) else ""
        self.stdout.write(f"{known.row.key}   {begins}{ends}{said}{second}")
