"""Tables of the register; of rights in one lane no two overlap in both times."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [("registry_base", "0001_initial"), ("registry_parties", "0001_initial")]

    operations = [
        # an equality inside a GiST exclusion, without an extension: a range of one point
        RunSQL("CREATE TYPE uuidrange AS RANGE (subtype = uuid);", "DROP TYPE uuidrange;"),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("HOLD", "数据资源持有权"), ("USE", "数据加工使用权"), ("OPERATE", "数据产品经营权")], max_length=32
                    ),
                ),
                ("lane", django.contrib.postgres.fields.ranges.IntegerRangeField()),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("recorded", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("scope", models.JSONField()),
                ("income_share_ppm", models.PositiveIntegerField(default=0)),
                ("deal_id", models.UUIDField(null=True)),
                ("filing_id", models.UUIDField(null=True)),
                ("event_id", models.UUIDField()),
                (
                    "holder",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "licensor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"
                    ),
                ),
                (
                    "origin",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="registry_rights.grant"),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="licences", to="registry_rights.grant"
                    ),
                ),
            ],
            options={
                "verbose_name": "grant",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kind__in", ["HOLD", "USE", "OPERATE"])), name="grant_kind_known"),
                    models.CheckConstraint(
                        condition=models.Q(("valid__isempty", False), ("valid__lower_inf", False), ("valid__upper_inf", False)),
                        name="grant_term_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recorded__isempty", False), ("recorded__lower_inf", False)), name="grant_recorded_from"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lane__isempty", False),
                            ("lane__lower_inf", False),
                            models.Q(
                                models.Q(("lane__startswith", 0), ("lane__upper_inf", True)),
                                models.Q(
                                    (
                                        "lane__endswith",
                                        django.db.models.expressions.CombinedExpression(models.F("lane__startswith"), "+", models.Value(1)),
                                    ),
                                    ("lane__startswith__gte", 0),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="grant_lane_formed",
                    ),
                    models.CheckConstraint(condition=models.Q(("income_share_ppm__lte", 1000000)), name="grant_share_within_whole"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("deal_id", None),
                                ("filing_id__isnull", False),
                                ("income_share_ppm", 0),
                                ("licensor", None),
                                ("parent", None),
                            ),
                            models.Q(
                                ("deal_id__isnull", False), ("filing_id", None), ("licensor__isnull", False), ("parent__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="grant_filed_or_licensed",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("recorded__upper_inf", True)), fields=("origin",), name="grant_one_current_version"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RegisteredObject",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("RESOURCE", "数据资源"), ("PRODUCT", "数据产品")], max_length=32)),
                ("name", models.CharField(max_length=200)),
                ("summary", models.TextField(blank=True)),
                ("source_category", models.CharField(max_length=32)),
                ("source_kind", models.CharField(max_length=32)),
                ("situation", models.CharField(max_length=32)),
                ("level", models.CharField(blank=True, max_length=32)),
                ("pi_kind", models.CharField(blank=True, max_length=32)),
                ("sector", models.CharField(blank=True, max_length=32)),
                ("identifier", models.CharField(blank=True, max_length=64)),
                ("filing_id", models.UUIDField()),
                ("depth", models.PositiveSmallIntegerField()),
                ("registered_at", models.DateTimeField()),
                ("event_id", models.UUIDField()),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "registered object",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kind__in", ["RESOURCE", "PRODUCT"])), name="object_kind_known"),
                    models.CheckConstraint(condition=models.Q(("depth__lte", 16)), name="object_depth_bounded"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("kind", "RESOURCE"), _negated=True), ("depth", 0), _connector="OR"),
                        name="object_resource_underived",
                    ),
                    models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="object_named"),
                    models.UniqueConstraint(
                        condition=models.Q(("identifier", ""), _negated=True), fields=("identifier",), name="object_identifier_once"
                    ),
                    models.UniqueConstraint(fields=("filing_id",), name="object_once_per_filing"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MadeFrom",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "grant",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="relied_on_by", to="registry_rights.grant"),
                ),
                (
                    "object",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="made_from",
                        to="registry_rights.registeredobject",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="made_into", to="registry_rights.registeredobject"
                    ),
                ),
            ],
            options={
                "verbose_name": "title link",
                "constraints": [models.UniqueConstraint(fields=("object", "source"), name="made_from_source_once")],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("DISPUTE", "争议"),
                            ("PLEDGE", "质押"),
                            ("COURT", "司法保全"),
                            ("NOTICE", "异议提示"),
                            ("ORDER", "监管命令"),
                        ],
                        max_length=32,
                    ),
                ),
                ("reason", models.TextField()),
                ("state", models.CharField(choices=[("ACTIVE", "生效"), ("LIFTED", "解除")], default="ACTIVE", max_length=32)),
                ("version", models.PositiveIntegerField(default=1)),
                ("placed_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
                ("event_id", models.UUIDField()),
                ("lift_event_id", models.UUIDField(null=True)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "set_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="registry_rights.registeredobject"
                    ),
                ),
            ],
            options={
                "verbose_name": "hold",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["DISPUTE", "PLEDGE", "COURT", "NOTICE", "ORDER"])), name="hold_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lift_event_id", None), ("lifted_at", None), ("lifted_by", None), ("state", "ACTIVE")),
                            models.Q(
                                ("lift_event_id__isnull", False),
                                ("lifted_at__isnull", False),
                                ("lifted_by__isnull", False),
                                ("state", "LIFTED"),
                            ),
                            _connector="OR",
                        ),
                        name="hold_lifted_is_told",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="grant",
            name="object",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="grants", to="registry_rights.registeredobject"
            ),
        ),
        migrations.CreateModel(
            name="Revocation",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("ends_on", models.DateField()),
                ("reason", models.TextField()),
                ("evidence_sha256", models.CharField(max_length=64)),
                ("state", models.CharField(choices=[("PROPOSED", "拟撤销"), ("DONE", "已撤销")], default="PROPOSED", max_length=32)),
                ("version", models.PositiveIntegerField(default=1)),
                ("proposed_by", models.UUIDField()),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "grant",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="revocations", to="registry_rights.grant"),
                ),
                (
                    "registrar",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "revocation",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("evidence_sha256__regex", "^[0-9a-f]{64}$")), name="revocation_evidence_hashed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("state", "PROPOSED")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state", "DONE"),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="revocation_four_eyes",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(condition=models.Q(("lifted_at", None)), fields=["object"], name="hold_active"),
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(fields=["object", "kind", "holder"], name="grant_of_object"),
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(condition=models.Q(("recorded__upper_inf", False)), fields=["id"], name="grant_closed"),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (models.Func(models.F("object"), models.F("object"), models.Value("[]"), function="uuidrange"), "&&"),
                    (
                        models.Func(
                            models.Case(
                                models.When(kind="HOLD", then=models.Value(1)),
                                models.When(kind="USE", then=models.Value(2)),
                                models.When(kind="OPERATE", then=models.Value(3)),
                                output_field=models.IntegerField(),
                            ),
                            models.Case(
                                models.When(kind="HOLD", then=models.Value(1)),
                                models.When(kind="USE", then=models.Value(2)),
                                models.When(kind="OPERATE", then=models.Value(3)),
                                output_field=models.IntegerField(),
                            ),
                            models.Value("[]"),
                            function="int4range",
                        ),
                        "&&",
                    ),
                    ("lane", "&&"),
                    ("valid", "&&"),
                    ("recorded", "&&"),
                ],
                name="grant_lanes_apart",
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("id", models.F("origin"))),
                fields=("object", "kind", "holder", "deal_id", "filing_id"),
                name="grant_once_per_basis",
                nulls_distinct=False,
            ),
        ),
    ]
