"""Tables of assets, profiles, samples and papers; what was vouched for or filed never changes."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted

READY = """
-- what its owner vouched for is what is listed, signed for and delivered
CREATE TRIGGER asset_ready_stays BEFORE UPDATE ON listings_resources_asset FOR EACH ROW
  WHEN (OLD.state = 'READY'
        AND (NEW.state, NEW.sha256, NEW.storage_name, NEW.ready_at) IS DISTINCT FROM (OLD.state, OLD.sha256, OLD.storage_name, OLD.ready_at))
  EXECUTE FUNCTION egret_refuse_change();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_parties", "0001_initial"),
        ("registry_rights", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Asset",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("media_type", models.CharField(max_length=127)),
                ("size", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64, null=True)),
                ("storage_name", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("STAGED", "待上传"), ("UPLOADED", "已上传"), ("READY", "可用")], default="STAGED", max_length=32
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("staged_at", models.DateTimeField()),
                ("ready_at", models.DateTimeField(null=True)),
                (
                    "object",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="assets", to="registry_rights.registeredobject"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "asset",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("state__in", ["STAGED", "UPLOADED", "READY"])), name="asset_state_known"),
                    models.CheckConstraint(condition=models.Q(("size__gte", 1), ("size__lte", 268435456)), name="asset_size_bounded"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sha256", None), ("state", "STAGED"), ("storage_name", "")),
                            models.Q(
                                models.Q(("state", "STAGED"), _negated=True),
                                ("sha256__regex", "^[0-9a-f]{64}$"),
                                models.Q(("storage_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="asset_uploaded_wholly",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ready_at__isnull", False), ("state", "READY")),
                            models.Q(models.Q(("state", "READY"), _negated=True), ("ready_at", None)),
                            _connector="OR",
                        ),
                        name="asset_ready_is_dated",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("object", None), ("state", "READY"), _connector="OR"), name="asset_attached_when_ready"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentBasis",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("purpose", models.CharField(max_length=400)),
                ("kinds", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None)),
                ("separate", models.BooleanField()),
                ("notice_sha256", models.CharField(max_length=64)),
                ("evidence_sha256", models.CharField(max_length=64)),
                ("given_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "buyer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="consents", to="registry_rights.registeredobject"
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("evidence_sha256__regex", "^[0-9a-f]{64}$"), ("notice_sha256__regex", "^[0-9a-f]{64}$")),
                        name="consent_evidence_hashed",
                    ),
                    models.CheckConstraint(condition=models.Q(("kinds__len__gte", 1), ("kinds__len__lte", 50)), name="consent_names_kinds"),
                    models.CheckConstraint(condition=models.Q(("purpose", ""), _negated=True), name="consent_purpose_stated"),
                    models.CheckConstraint(
                        condition=models.Q(("given_at__lte", models.F("recorded_at"))), name="consent_given_before_recorded"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("withdrawn_at", None), ("withdrawn_at__gte", models.F("recorded_at")), _connector="OR"),
                        name="consent_withdrawn_later",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImpactAssessment",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("purpose", models.CharField(max_length=400)),
                ("kinds", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None)),
                ("reported_on", models.DateField()),
                ("report_sha256", models.CharField(max_length=64)),
                ("filed_at", models.DateTimeField()),
                (
                    "buyer",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"
                    ),
                ),
                (
                    "object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="impact_assessments",
                        to="registry_rights.registeredobject",
                    ),
                ),
            ],
            options={
                "verbose_name": "impact assessment",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kinds__len__gte", 1), ("kinds__len__lte", 50)), name="impact_names_kinds"),
                    models.CheckConstraint(condition=models.Q(("report_sha256__regex", "^[0-9a-f]{64}$")), name="impact_report_hashed"),
                    models.CheckConstraint(condition=models.Q(("purpose", ""), _negated=True), name="impact_purpose_stated"),
                ],
            },
        ),
        migrations.CreateModel(
            name="InstitutionReport",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("QUALITY", "质量评价"),
                            ("COMPLIANCE", "合规评估"),
                            ("RISK", "风险评估"),
                            ("ANONYMISATION", "匿名化检验"),
                            ("VALUE", "价值评估"),
                        ],
                        max_length=32,
                    ),
                ),
                ("accepted", models.BooleanField()),
                ("summary", models.TextField()),
                ("report_sha256", models.CharField(max_length=64)),
                ("reported_on", models.DateField()),
                ("filed_at", models.DateTimeField()),
                (
                    "institution",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="institution_reports",
                        to="registry_rights.registeredobject",
                    ),
                ),
            ],
            options={
                "verbose_name": "institution report",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["QUALITY", "COMPLIANCE", "RISK", "ANONYMISATION", "VALUE"])),
                        name="report_kind_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("report_sha256__regex", "^[0-9a-f]{64}$")), name="report_hashed"),
                    models.CheckConstraint(condition=models.Q(("summary", ""), _negated=True), name="report_summarised"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("rows", models.PositiveBigIntegerField()),
                ("columns", models.JSONField()),
                ("measured_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "asset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="profile", to="listings_resources.asset"
                    ),
                ),
            ],
            options={
                "verbose_name": "profile",
            },
        ),
        migrations.CreateModel(
            name="Sample",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("method", models.CharField(choices=[("FIRST", "前若干行"), ("SPREAD", "等距抽取")], max_length=32)),
                ("header", models.JSONField()),
                ("rows", models.JSONField()),
                ("row_count", models.PositiveSmallIntegerField()),
                ("taken_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "asset",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="samples", to="listings_resources.asset"),
                ),
            ],
            options={
                "verbose_name": "sample",
                "constraints": [
                    models.UniqueConstraint(fields=("asset", "method", "row_count"), name="sample_once"),
                    models.CheckConstraint(condition=models.Q(("method__in", ["FIRST", "SPREAD"])), name="sample_method_known"),
                    models.CheckConstraint(condition=models.Q(("row_count__gte", 1), ("row_count__lte", 20)), name="sample_small"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceStatement",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("statement", models.TextField()),
                ("evidence_sha256", models.CharField(max_length=64)),
                ("stated_at", models.DateTimeField()),
                (
                    "object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="source_statements", to="registry_rights.registeredobject"
                    ),
                ),
            ],
            options={
                "verbose_name": "source statement",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("evidence_sha256__regex", "^[0-9a-f]{64}$")), name="source_evidence_hashed"),
                    models.CheckConstraint(condition=models.Q(("statement", ""), _negated=True), name="source_stated"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="consentbasis",
            index=models.Index(fields=["object", "buyer"], name="consent_of_object"),
        ),
        append_only("listings_resources_impactassessment"),
        append_only("listings_resources_sourcestatement"),
        append_only("listings_resources_institutionreport"),
        fixed_except("listings_resources_profile", once=["published_at"]),
        fixed_except("listings_resources_sample", once=["published_at"]),
        fixed_except("listings_resources_consentbasis", once=["withdrawn_at"], free=["version"]),
        fixed_except("listings_resources_asset", once=["object_id", "ready_at"], free=["sha256", "storage_name", "state", "version"]),
        *(never_deleted(f"listings_resources_{table}") for table in ("profile", "sample", "consentbasis", "asset")),
        RunSQL(READY, "DROP TRIGGER asset_ready_stays ON listings_resources_asset"),
    ]
