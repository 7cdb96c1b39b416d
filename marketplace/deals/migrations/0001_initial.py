"""Deals, and what must stand behind their states."""

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from marketplace.deals.guards import GUARDS, NO_GUARDS
from registry.base.operations import append_only, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("listings_products", "0001_initial"),
        ("pricing_fees", "0001_initial"),
        ("pricing_quotes", "0001_initial"),
        ("registry_parties", "0001_initial"),
        ("registry_rights", "0002_guards"),
        ("registry_rules_store", "0001_initial"),
        ("settlement_escrow", "0001_initial"),
        ("settlement_ledger", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deal",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "consideration",
                    models.CharField(choices=[("FIXED", "Fixed"), ("FREE", "Free"), ("INCOME_SHARE", "Income Share")], max_length=16),
                ),
                ("income_share_ppm", models.PositiveIntegerField(default=0)),
                ("amount_minor", models.BigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                ("purpose", models.CharField(max_length=400)),
                ("terms", models.JSONField()),
                ("terms_bytes", models.BinaryField()),
                ("terms_hash", models.CharField(max_length=64)),
                ("terms_version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("REQUESTED", "Requested"),
                            ("CHECKED", "Checked"),
                            ("REFERRED", "Referred"),
                            ("SIGNED", "Signed"),
                            ("IN_FORCE", "In Force"),
                            ("FUNDED", "Funded"),
                            ("DELIVERED", "Delivered"),
                            ("ACCEPTED", "Accepted"),
                            ("SETTLED", "Settled"),
                            ("CANCELLED", "Cancelled"),
                            ("REFUNDED", "Refunded"),
                        ],
                        default="REQUESTED",
                        max_length=16,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("requested_at", models.DateTimeField()),
                ("signed_at", models.DateTimeField(null=True)),
                ("funded_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("inspection_until_at", models.DateTimeField(null=True)),
                ("settlement_verdict", models.UUIDField(null=True)),
                (
                    "buyer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "fee_schedule",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_fees.publishedschedule"),
                ),
                (
                    "institution",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                ("offer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings_products.offer")),
                (
                    "quote",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_quotes.quote"
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "REQUESTED",
                                    "CHECKED",
                                    "REFERRED",
                                    "SIGNED",
                                    "IN_FORCE",
                                    "FUNDED",
                                    "DELIVERED",
                                    "ACCEPTED",
                                    "SETTLED",
                                    "CANCELLED",
                                    "REFUNDED",
                                ],
                            )
                        ),
                        name="deal_state_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("seller", models.F("buyer")), _negated=True), name="deal_two_sides"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("institution", models.F("seller")), _negated=True),
                            models.Q(("institution", models.F("buyer")), _negated=True),
                        ),
                        name="deal_settled_by_a_third",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount_minor__gt", 0), ("consideration", "FIXED"), ("income_share_ppm", 0), ("quote__isnull", False)
                            ),
                            models.Q(("amount_minor", 0), ("consideration", "FREE"), ("income_share_ppm", 0), ("quote__isnull", False)),
                            models.Q(
                                ("amount_minor", 0),
                                ("consideration", "INCOME_SHARE"),
                                ("income_share_ppm__range", (1, 1000000)),
                                ("quote", None),
                            ),
                            _connector="OR",
                        ),
                        name="deal_consideration_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["FUNDED", "DELIVERED", "ACCEPTED", "SETTLED", "REFUNDED"]), _negated=True),
                            ("consideration", "FIXED"),
                            _connector="OR",
                        ),
                        name="deal_priced_states_have_a_price",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "IN_FORCE"), _negated=True),
                            models.Q(("consideration", "FIXED"), _negated=True),
                            _connector="OR",
                        ),
                        name="deal_licence_in_force",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="DealRight",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=8)),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("exclusive", models.BooleanField()),
                ("scope", models.JSONField()),
                (
                    "deal",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="rights", to="marketplace_deals.deal"),
                ),
                (
                    "grant",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.grant"
                    ),
                ),
                (
                    "object",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.registeredobject"),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("deal", "object", "kind"), name="deal_right_once")]},
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("side", models.CharField(choices=[("seller", "Seller"), ("buyer", "Buyer")], max_length=8)),
                ("terms_hash", models.CharField(max_length=64)),
                ("signature", models.BinaryField(max_length=64)),
                ("signed_at", models.DateTimeField()),
                (
                    "deal",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="signatures", to="marketplace_deals.deal"),
                ),
                (
                    "signing_key",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.signingkey"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("deal", "side"), name="signature_one_per_side"),
                    models.CheckConstraint(condition=models.Q(("side__in", ["seller", "buyer"])), name="signature_side_known"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Voucher",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=24, unique=True)),
                ("statement", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("issued_at", models.DateTimeField()),
                (
                    "deal",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="voucher", to="marketplace_deals.deal"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        RunSQL(GUARDS, NO_GUARDS),
        never_deleted("marketplace_deals_deal"),
        never_deleted("marketplace_deals_dealright"),
        append_only("marketplace_deals_signature"),
        append_only("marketplace_deals_voucher"),
    ]
