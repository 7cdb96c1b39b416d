"""Rounds and bids: what was published and what was bid never changes."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import fixed_except, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pricing_computations", "0001_initial"),
        ("pricing_plans", "0001_initial"),
        ("registry_parties", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Round",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("offer_id", models.UUIDField()),
                ("inputs", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "Open"), ("CLOSED", "Closed"), ("CLEARED", "Cleared"), ("VOID", "Void")],
                        default="OPEN",
                        max_length=32,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("opened_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
                ("closed_event", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("void_reason", models.CharField(blank=True, max_length=64)),
                (
                    "computation",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_computations.computation"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_plans.plan")),
                (
                    "surplus_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"
                    ),
                ),
            ],
            options={
                "verbose_name": "round",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["OPEN", "CLOSED", "CLEARED", "VOID"])), name="round_state_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("closes_at__gt", models.F("opened_at"))), name="round_closes_later"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["OPEN", "VOID"]), ("closed_event__isnull", False), _connector="OR"),
                        name="round_closed_with_its_bids",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("computation", None), ("decided_at", None), ("state__in", ["OPEN", "CLOSED"]), ("void_reason", "")),
                            models.Q(
                                ("computation__isnull", False), ("decided_at__isnull", False), ("state", "CLEARED"), ("void_reason", "")
                            ),
                            models.Q(
                                ("computation", None),
                                ("decided_at__isnull", False),
                                ("state", "VOID"),
                                models.Q(("void_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="round_result_whole",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["OPEN", "CLOSED"])), fields=("offer_id",), name="round_one_undecided_per_offer"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Bid",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("person", models.UUIDField()),
                ("side", models.CharField(choices=[("BUY", "Buy"), ("SELL", "Sell")], max_length=32)),
                ("offer_id", models.UUIDField(null=True)),
                ("rows", models.PositiveSmallIntegerField()),
                ("sealed", models.BinaryField()),
                ("commitment", models.CharField(max_length=64)),
                ("placed_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField(null=True)),
                (
                    "bidder",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                ("round", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="bids", to="pricing_rounds.round")),
            ],
            options={
                "verbose_name": "bid",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("side__in", ["BUY", "SELL"])), name="bid_side_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("offer_id__isnull", False), ("side", "SELL")),
                            models.Q(("offer_id", None), ("side", "BUY")),
                            _connector="OR",
                        ),
                        name="bid_ask_has_an_offer",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at", None)), fields=("round", "bidder", "side"), name="bid_one_standing"
                    ),
                ],
            },
        ),
        fixed_except(
            "pricing_rounds_round", once=["closed_event", "decided_at", "computation_id"], free=["state", "version", "void_reason"]
        ),
        never_deleted("pricing_rounds_round"),
        fixed_except("pricing_rounds_bid", once=["replaced_at"]),
        never_deleted("pricing_rounds_bid"),
    ]
