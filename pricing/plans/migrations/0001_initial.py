"""Plans, immutable from the start."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_parties", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("name_zh", models.CharField(max_length=80)),
                ("name_en", models.CharField(max_length=80)),
                ("model_key", models.CharField(max_length=32)),
                ("model_version", models.PositiveSmallIntegerField()),
                ("params", models.JSONField()),
                ("adjustments", models.JSONField(default=dict)),
                ("currency", models.CharField(max_length=3)),
                ("created_at", models.DateTimeField()),
                ("series", models.UUIDField()),
                ("number", models.PositiveIntegerField(default=1)),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "plan",
                "constraints": [
                    models.UniqueConstraint(fields=("series", "number"), name="plan_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("number", 1), ("series", models.F("id"))), ("number__gt", 1), _connector="OR"),
                        name="plan_series_begins_with_itself",
                    ),
                ],
            },
        ),
        append_only("pricing_plans_plan"),
    ]
