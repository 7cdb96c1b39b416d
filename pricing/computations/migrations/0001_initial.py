"""Computations, append-only."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pricing_plans", "0001_initial"),
        ("registry_parties", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Computation",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("verb", models.CharField(max_length=16)),
                ("inputs", models.JSONField()),
                ("seed", models.BigIntegerField(null=True)),
                ("seed_size", models.BigIntegerField(null=True)),
                ("seed_root", models.BinaryField(max_length=32, null=True)),
                ("inputs_digest", models.CharField(max_length=64)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("answer", models.JSONField()),
                ("computed_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_plans.plan")),
            ],
            options={
                "verbose_name": "computation",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_minor__gte", 0)), name="computation_amount_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("seed", None), ("seed_root", None), ("seed_size", None)),
                            models.Q(
                                ("seed__isnull", False),
                                ("seed__range", (0, 9007199254740991)),
                                models.Q(
                                    models.Q(("seed_root", None), ("seed_size", None)),
                                    models.Q(("seed_root__isnull", False), ("seed_size__gte", 1), ("seed_size__isnull", False)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="computation_seed_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("verb__in", ["clear", "split"]), _negated=True),
                            ("seed", None),
                            ("seed_size__isnull", False),
                            _connector="OR",
                        ),
                        name="computation_that_moves_money_drew_from_the_log",
                    ),
                ],
            },
        ),
        append_only("pricing_computations_computation"),
    ]
