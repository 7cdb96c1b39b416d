"""Advice: asked once, answered once."""

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
            name="Advice",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("verb", models.CharField(max_length=16)),
                ("inputs", models.JSONField()),
                ("seed", models.BigIntegerField(null=True)),
                ("appraiser", models.CharField(blank=True, max_length=200)),
                ("valued_on", models.DateField(null=True)),
                ("job_id", models.UUIDField()),
                (
                    "state",
                    models.CharField(
                        choices=[("ASKED", "Asked"), ("GIVEN", "Given"), ("REFUSED", "Refused")], default="ASKED", max_length=32
                    ),
                ),
                ("refusal", models.JSONField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("about", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_plans.plan")),
            ],
            options={
                "verbose_name": "advice",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("state__in", ["ASKED", "GIVEN", "REFUSED"])), name="advice_state_known"),
                    models.CheckConstraint(
                        condition=models.Q(("verb__in", ["appraise", "optimise", "propose", "observe"])), name="advice_verb_advises"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("valued_on__isnull", False), ("verb", "appraise"), models.Q(("appraiser", ""), _negated=True)),
                            models.Q(("appraiser", ""), ("valued_on", None), models.Q(("verb", "appraise"), _negated=True)),
                            _connector="OR",
                        ),
                        name="advice_appraisal_has_an_appraiser",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="advice",
            name="computation",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_computations.computation"
            ),
        ),
        migrations.AddField(
            model_name="advice",
            name="owner",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
        ),
        migrations.AddField(
            model_name="advice",
            name="plan",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_plans.plan"),
        ),
        migrations.AddConstraint(
            model_name="advice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("computation", None), ("refusal", None), ("state", "ASKED")),
                    models.Q(("answered_at__isnull", False), ("computation__isnull", False), ("refusal", None), ("state", "GIVEN")),
                    models.Q(("answered_at__isnull", False), ("computation", None), ("refusal__isnull", False), ("state", "REFUSED")),
                    _connector="OR",
                ),
                name="advice_answered_whole",
            ),
        ),
        fixed_except("pricing_advice_advice", once=["refusal", "computation_id", "answered_at"], free=["state"]),
        never_deleted("pricing_advice_advice"),
    ]
