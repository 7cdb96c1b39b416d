"""Published fee schedules."""

import django.db.models.expressions
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PublishedSchedule",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("effective_from", models.DateTimeField()),
                ("platform_ppm", models.PositiveIntegerField()),
                ("institution_ppm", models.PositiveIntegerField()),
                ("gateway_ppm", models.PositiveIntegerField()),
                ("gateway_fixed_minor", models.PositiveBigIntegerField()),
                ("tax_ppm", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gateway_ppm__lte", 1000000),
                            ("institution_ppm__lte", 1000000),
                            ("platform_ppm__lte", 1000000),
                            (
                                "platform_ppm__lte",
                                django.db.models.expressions.CombinedExpression(models.Value(1000000), "-", models.F("institution_ppm")),
                            ),
                        ),
                        name="fees_within_the_amount",
                    )
                ],
            },
        ),
        append_only("pricing_fees_publishedschedule"),
    ]
