"""Quotes; only the deal that uses one is ever filled in."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import never_deleted

ONLY_USED = """
CREATE FUNCTION pricing_quotes_only_used() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.used_by IS NOT NULL OR to_jsonb(NEW) - 'used_by' <> to_jsonb(OLD) - 'used_by' THEN
    RAISE EXCEPTION 'a quote never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER pricing_quotes_only_used BEFORE UPDATE ON pricing_quotes_quote
  FOR EACH ROW EXECUTE FUNCTION pricing_quotes_only_used();
"""
NOT_ONLY_USED = "DROP TRIGGER pricing_quotes_only_used ON pricing_quotes_quote; DROP FUNCTION pricing_quotes_only_used"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pricing_computations", "0001_initial"),
        ("pricing_plans", "0001_initial"),
        ("registry_parties", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Quote",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("offer_id", models.UUIDField()),
                ("verb", models.CharField(max_length=16)),
                ("inputs", models.JSONField()),
                ("inputs_digest", models.CharField(max_length=64)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("answer", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_by", models.UUIDField(null=True, unique=True)),
                (
                    "computation",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_computations.computation"
                    ),
                ),
                ("surplus_minor", models.BigIntegerField(default=0)),
                (
                    "surplus_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"
                    ),
                ),
                (
                    "buyer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_plans.plan")),
                (
                    "seller",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_minor__gte", 0)), name="quote_amount_not_negative"),
                    models.CheckConstraint(condition=models.Q(("expires_at__gt", models.F("created_at"))), name="quote_expires_later"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("surplus_minor", 0),
                            models.Q(
                                ("surplus_minor__gt", 0), ("surplus_minor__lte", models.F("amount_minor")), ("surplus_to__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="quote_surplus_within_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("surplus_minor", 0), ("computation__isnull", False), _connector="OR"),
                        name="quote_surplus_of_a_round",
                    ),
                ],
            },
        ),
        RunSQL(ONLY_USED, NOT_ONLY_USED),
        never_deleted("pricing_quotes_quote"),
    ]
