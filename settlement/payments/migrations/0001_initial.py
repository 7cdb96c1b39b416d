"""Charges through the gateway."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("settlement_escrow", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("deal_id", models.UUIDField()),
                ("payment_method", models.CharField(max_length=64)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("REQUESTED", "Requested"),
                            ("SENT", "Sent"),
                            ("SUCCEEDED", "Succeeded"),
                            ("DECLINED", "Declined"),
                            ("FAILED", "Failed"),
                        ],
                        default="REQUESTED",
                        max_length=16,
                    ),
                ),
                ("gateway_payment_id", models.CharField(blank=True, default="", max_length=64)),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("requested_at", models.DateTimeField()),
                (
                    "escrow",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="settlement_escrow.escrow"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["REQUESTED", "SENT", "SUCCEEDED", "DECLINED", "FAILED"])),
                        name="charge_state_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="charge_amount_positive"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["REQUESTED", "SENT", "SUCCEEDED"])),
                        fields=("deal_id",),
                        name="charge_one_open_per_deal",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("gateway_payment_id", ""), _negated=True),
                        fields=("gateway_payment_id",),
                        name="charge_gateway_payment_once",
                    ),
                ],
            },
        ),
        never_deleted("settlement_payments_charge"),
    ]
