"""Agreements to divide, and consents."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pricing_computations", "0001_initial"),
        ("pricing_plans", "0001_initial"),
        ("registry_parties", "0001_initial"),
        ("registry_rights", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Split",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("inputs", models.JSONField()),
                ("consenters", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PROPOSED", "Proposed"),
                            ("AGREED", "Agreed"),
                            ("IN_FORCE", "In Force"),
                            ("REPLACED", "Replaced"),
                            ("WITHDRAWN", "Withdrawn"),
                            ("FAILED", "Failed"),
                        ],
                        default="PROPOSED",
                        max_length=32,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("proposed_at", models.DateTimeField()),
                ("agreed_event", models.UUIDField(null=True)),
                ("seed", models.BigIntegerField(null=True)),
                ("in_force_at", models.DateTimeField(null=True)),
                (
                    "computation",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_computations.computation"
                    ),
                ),
                (
                    "object",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.registeredobject"),
                ),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_plans.plan")),
            ],
            options={
                "verbose_name": "split",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["PROPOSED", "AGREED", "IN_FORCE", "REPLACED", "WITHDRAWN", "FAILED"])),
                        name="split_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("seed", None), ("seed__range", (0, 9007199254740991)), _connector="OR"),
                        name="split_seed_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["PROPOSED", "WITHDRAWN"]), ("agreed_event__isnull", False), _connector="OR"),
                        name="split_agreed_on_the_log",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("computation__isnull", False), ("in_force_at__isnull", False), ("state__in", ["IN_FORCE", "REPLACED"])
                            ),
                            models.Q(
                                ("computation", None),
                                ("in_force_at", None),
                                ("seed", None),
                                models.Q(("state__in", ["IN_FORCE", "REPLACED"]), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="split_in_force_whole",
                    ),
                    models.UniqueConstraint(condition=models.Q(("state", "IN_FORCE")), fields=("object",), name="split_one_in_force"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["PROPOSED", "AGREED"])), fields=("object",), name="split_one_under_way"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SplitConsent",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("person", models.UUIDField()),
                ("given_at", models.DateTimeField()),
                (
                    "holder",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "split",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="consents", to="pricing_splits.split"),
                ),
            ],
            options={
                "verbose_name": "consent to a split",
                "constraints": [models.UniqueConstraint(fields=("split", "holder"), name="split_consent_once")],
            },
        ),
        fixed_except("pricing_splits_split", once=["agreed_event", "seed", "computation_id", "in_force_at"], free=["state", "version"]),
        never_deleted("pricing_splits_split"),
        append_only("pricing_splits_splitconsent"),
    ]
