"""Rulebooks, verdicts and findings; the function by which every table asks for a passing verdict; rulebook number 1."""

import hashlib
from datetime import UTC, date, datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.state import StateApps

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted
from registry.log.canonical import canonical
from registry.rules.catalogue import builtin_rulebook_json, parse_rulebook

PASSES = """
CREATE FUNCTION egret_verdict_passes(subject uuid, version int, stage text, instant timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT newest.outcome IN ('PASS', 'ALLOW_IF') AND newest.expires_at > $4
    FROM registry_rules_store_verdict newest
    WHERE newest.subject_id = $1 AND newest.subject_version = $2 AND newest.stage = $3
    ORDER BY newest.decided_at DESC, newest.id DESC LIMIT 1), false)
$$;
"""


def seed(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Publish the rulebook that comes with the software as number 1."""
    body = builtin_rulebook_json()
    parse_rulebook(body)
    apps.get_model("registry_rules_store", "Rulebook").objects.create(
        id=registry.base.ids.uuid7(datetime(2026, 7, 1, tzinfo=UTC)),
        number=1,
        body=body,
        sha256=hashlib.sha256(canonical(body)).hexdigest(),
        effective_from=date.fromisoformat(body["effective_from"]),
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [("registry_base", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Rulebook",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(unique=True)),
                ("body", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("effective_from", models.DateField()),
                ("proposed_by", models.UUIDField(null=True)),
                ("proposed_at", models.DateTimeField(null=True)),
                ("approved_by", models.UUIDField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                (
                    "based_on",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rules_store.rulebook"
                    ),
                ),
            ],
            options={
                "verbose_name": "rulebook",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approved_at", None),
                                ("approved_by", None),
                                ("based_on", None),
                                ("number", 1),
                                ("proposed_at", None),
                                ("proposed_by", None),
                            ),
                            models.Q(
                                ("based_on__isnull", False),
                                ("number__gt", 1),
                                ("proposed_at__isnull", False),
                                ("proposed_by__isnull", False),
                                models.Q(
                                    models.Q(("approved_at", None), ("approved_by", None)),
                                    models.Q(
                                        ("approved_at__isnull", False),
                                        ("approved_by__isnull", False),
                                        models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="rulebook_four_eyes",
                    ),
                    models.CheckConstraint(condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="rulebook_hashed"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Verdict",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("subject_type", models.CharField(max_length=64)),
                ("subject_id", models.UUIDField()),
                ("subject_version", models.PositiveIntegerField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("draft", "草稿"),
                            ("registration", "登记"),
                            ("listing", "挂牌"),
                            ("offer", "要约"),
                            ("contract", "签约"),
                            ("funding", "入金"),
                            ("delivery", "交付"),
                            ("settlement", "结算"),
                        ],
                        max_length=32,
                    ),
                ),
                ("facts_id", models.UUIDField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("PASS", "通过"), ("ALLOW_IF", "有条件通过"), ("REFER", "转人工审查"), ("BLOCK", "禁止")], max_length=32
                    ),
                ),
                ("conditions", models.JSONField()),
                (
                    "allowed_rules",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), default=list, size=None),
                ),
                ("organisations", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ("decided_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "rulebook",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rules_store.rulebook"),
                ),
            ],
            options={
                "verbose_name": "verdict",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["PASS", "ALLOW_IF", "REFER", "BLOCK"])), name="verdict_outcome_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stage__in", ["draft", "registration", "listing", "offer", "contract", "funding", "delivery", "settlement"])
                        ),
                        name="verdict_stage_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("expires_at__gt", models.F("decided_at"))), name="verdict_expires_later"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("rule_id", models.CharField(max_length=8)),
                ("rule_version", models.PositiveIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("PASS", "通过"), ("ALLOW_IF", "有条件通过"), ("REFER", "转人工审查"), ("BLOCK", "禁止")], max_length=32
                    ),
                ),
                ("title_en", models.TextField()),
                ("title_zh", models.TextField()),
                ("basis", models.JSONField()),
                ("clause", models.TextField()),
                ("facts", models.JSONField()),
                ("missing", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list, size=None)),
                ("codes", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None)),
                ("overridable", models.BooleanField()),
                ("reason_en", models.TextField(blank=True)),
                ("reason_zh", models.TextField(blank=True)),
                ("remedy_en", models.TextField(blank=True)),
                ("remedy_zh", models.TextField(blank=True)),
                (
                    "verdict",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="registry_rules_store.verdict"
                    ),
                ),
            ],
            options={
                "verbose_name": "finding",
                "constraints": [
                    models.UniqueConstraint(fields=("verdict", "rule_id"), name="finding_once_per_rule"),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["PASS", "ALLOW_IF", "REFER", "BLOCK"])), name="finding_outcome_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome", "PASS"),
                            models.Q(
                                models.Q(("reason_en", ""), _negated=True),
                                models.Q(("reason_zh", ""), _negated=True),
                                models.Q(("remedy_en", ""), _negated=True),
                                models.Q(("remedy_zh", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="finding_explained",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index(fields=["subject_id", "stage", "subject_version", "-decided_at"], name="verdict_latest"),
        ),
        append_only("registry_rules_store_verdict"),
        append_only("registry_rules_store_finding"),
        never_deleted("registry_rules_store_rulebook"),
        fixed_except("registry_rules_store_rulebook", once=("approved_by", "approved_at")),
        RunSQL(PASSES, "DROP FUNCTION egret_verdict_passes(uuid, int, text, timestamptz)"),
        RunPython(seed, RunPython.noop),
    ]
