"""The escrow of a deal."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_parties", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Escrow",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("market", models.SmallIntegerField()),
                ("deal_id", models.UUIDField(unique=True)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("UNFUNDED", "Unfunded"),
                            ("FUNDING", "Funding"),
                            ("FUNDED", "Funded"),
                            ("RELEASED", "Released"),
                            ("REFUNDED", "Refunded"),
                        ],
                        default="UNFUNDED",
                        max_length=16,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("fund_entry", models.UUIDField(null=True)),
                ("out_entry", models.UUIDField(null=True)),
                (
                    "institution",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "payer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="escrow_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["UNFUNDED", "FUNDING", "FUNDED", "RELEASED", "REFUNDED"])),
                        name="escrow_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("fund_entry", None), ("state__in", ["UNFUNDED", "FUNDING"])),
                            models.Q(("fund_entry__isnull", False), ("state__in", ["FUNDED", "RELEASED", "REFUNDED"])),
                            _connector="OR",
                        ),
                        name="escrow_funded_has_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("out_entry__isnull", False), ("state__in", ["RELEASED", "REFUNDED"])),
                            models.Q(models.Q(("state__in", ["RELEASED", "REFUNDED"]), _negated=True), ("out_entry", None)),
                            _connector="OR",
                        ),
                        name="escrow_emptied_has_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("payer", models.F("institution")), _negated=True), name="escrow_payer_is_not_institution"
                    ),
                ],
            },
        ),
        never_deleted("settlement_escrow_escrow"),
    ]
