"""The ledger's tables as Django reads them; the SQL migration makes them, the functions of the migration write them."""

from typing import Final

from django.db import models
from django.db.models import Exists, OuterRef, Q

from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record

AUDITORS: Final = (PartyKind.REGULATOR, PartyKind.INSTITUTION, PartyKind.OPERATOR)


class AccountKind(models.TextChoices):
    """What an account is for. Kinds in ``FLOORED`` keep a balance that may not fall below zero."""

    GATEWAY = "GATEWAY", "money at a payment gateway 支付渠道"
    ESCROW = "ESCROW", "money locked for one deal 托管"
    PAYABLE = "PAYABLE", "owed to a party 应付"
    PLATFORM_FEE = "PLATFORM_FEE", "the platform's fees 平台服务费"
    INSTITUTION_FEE = "INSTITUTION_FEE", "a trading-service institution's fees 交易服务费"
    TAX = "TAX", "tax withheld 代扣税"
    TRANSIT = "TRANSIT", "on its way to a party 在途"
    FEE_EXPENSE = "FEE_EXPENSE", "the gateway's own fee 渠道手续费"


FLOORED: Final = frozenset({AccountKind.ESCROW, AccountKind.PAYABLE})


class Account(Record):
    """A place where money of one currency can sit. Never deleted."""

    market = models.SmallIntegerField()
    kind = models.TextField(choices=AccountKind.choices)
    owner = models.UUIDField()
    unit = models.CharField(max_length=3)
    floored = models.BooleanField()

    class Meta:
        managed = False
        db_table = "settlement_account"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Its owner and those who audit."""
        if actor.is_kind(*AUDITORS):
            return EVERYBODY
        return Q(owner=actor.organisation) if actor.authenticated else NOBODY


class Entry(Record):
    """One business fact as money: one or more moves under one key. Append-only."""

    market = models.SmallIntegerField()
    key = models.TextField()
    digest = models.BinaryField()
    kind = models.TextField()
    deal = models.UUIDField(null=True)
    at = models.DateTimeField()
    reverses = models.UUIDField(null=True)

    class Meta:
        managed = False
        db_table = "settlement_entry"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Auditors, and whoever owns an account that the entry moves."""
        if actor.is_kind(*AUDITORS):
            return EVERYBODY
        if not actor.authenticated:
            return NOBODY
        mine = Account.objects.filter(owner=actor.acting_for).values("id")
        return Q(Exists(Move.objects.filter(Q(src__in=mine) | Q(dst__in=mine), entry=OuterRef("pk"))))


class Move(Record):
    """One movement: one source, one destination, one positive amount in minor units. Append-only, partitioned by its key."""

    market = models.SmallIntegerField()
    entry = models.UUIDField()
    line = models.SmallIntegerField()
    unit = models.CharField(max_length=3)
    src = models.UUIDField()
    dst = models.UUIDField()
    amount = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "settlement_move"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Auditors, and the owners of the two accounts."""
        if actor.is_kind(*AUDITORS):
            return EVERYBODY
        if not actor.authenticated:
            return NOBODY
        mine = Account.objects.filter(owner=actor.acting_for).values("id")
        return Q(src__in=mine) | Q(dst__in=mine)


class Balance(models.Model):
    """The kept balance of a floored account, in minor units."""

    account = models.UUIDField(primary_key=True)
    market = models.SmallIntegerField()
    amount = models.BigIntegerField()
    floor = models.BigIntegerField()
    version = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "settlement_balance"

    def __str__(self) -> str:
        """Account and amount."""
        return f"{self.account}: {self.amount}"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Read through the account."""
        return NOBODY
