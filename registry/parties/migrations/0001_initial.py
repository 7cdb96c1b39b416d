"""Tables of the parties room, what of their rows may change, the credit code's check character, one operator a market."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted

CREDIT_CODE = """
CREATE FUNCTION egret_uscc_valid(code text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT code ~ '^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$' AND (
    SELECT sum((strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, place, 1)) - 1)
               * ('{1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28,1}'::int[])[place]) % 31 = 0
    FROM generate_series(1, 18) AS place)
$$;
ALTER TABLE registry_parties_organisation ADD CONSTRAINT organisation_uscc_checks CHECK (egret_uscc_valid(uscc));
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_base", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("sealed_name", models.BinaryField()),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kinds", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), size=None)),
                ("name_zh", models.CharField(blank=True, max_length=200)),
                ("name_en", models.CharField(blank=True, max_length=200)),
                ("uscc", models.CharField(max_length=18, null=True)),
                ("country", models.CharField(max_length=2)),
                ("admitted_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(null=True)),
                ("identity_document_sha256", models.CharField(max_length=64, null=True)),
                (
                    "verified_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.person"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("uscc",), name="organisation_uscc_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kinds__contained_by",
                                ["OPERATOR", "MERCHANT", "BUYER", "INSTITUTION", "REGISTRAR", "REGULATOR", "PUBLIC_BODY"],
                            ),
                            ("kinds__len__gte", 1),
                        ),
                        name="organisation_kinds_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("name_en", ""), ("name_zh", ""), _negated=True), name="organisation_named"),
                    models.CheckConstraint(condition=models.Q(("country__regex", "^[A-Z]{2}$")), name="organisation_country_code"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("country", "CN"), _negated=True), ("uscc__isnull", False), _connector="OR"),
                        name="organisation_uscc_in_china",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("identity_document_sha256__isnull", True), ("verified_at__isnull", True), ("verified_by__isnull", True)
                            ),
                            models.Q(
                                ("identity_document_sha256__regex", "^[0-9a-f]{64}$"),
                                ("verified_at__isnull", False),
                                ("verified_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="organisation_verified_wholly",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("may_bind", models.BooleanField()),
                ("authority_sha256", models.CharField(max_length=64, null=True)),
                ("valid_from", models.DateField()),
                ("valid_until", models.DateField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="registry_parties.organisation"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="registry_parties.person"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("person", "organisation"), name="membership_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("authority_sha256__regex", "^[0-9a-f]{64}$"), ("may_bind", True)),
                            models.Q(("authority_sha256__isnull", True), ("may_bind", False)),
                            _connector="OR",
                        ),
                        name="membership_authority_documented",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"),
                        name="membership_days_in_order",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("lookup", models.CharField(max_length=8)),
                ("secret_hash", models.BinaryField(max_length=32)),
                ("scopes", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_on", models.DateField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.person")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("lookup",), name="api_key_lookup_once"),
                    models.CheckConstraint(condition=models.Q(("scopes__len__gte", 1)), name="api_key_has_scopes"),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("issued_at"))), name="api_key_expires_after_issue"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="SectorPermit",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("sector", models.CharField(max_length=32)),
                ("number", models.CharField(max_length=64)),
                ("valid_from", models.DateField()),
                ("valid_until", models.DateField(help_text="last day of validity")),
                ("document_sha256", models.CharField(max_length=64)),
                ("filed_at", models.DateTimeField()),
                ("accepted", models.BooleanField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "checked_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.person"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "sector", "number"), name="permit_once"),
                    models.CheckConstraint(condition=models.Q(("valid_until__gte", models.F("valid_from"))), name="permit_days_in_order"),
                    models.CheckConstraint(condition=models.Q(("document_sha256__regex", "^[0-9a-f]{64}$")), name="permit_documented"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted__isnull", True), ("checked_at__isnull", True), ("checked_by__isnull", True)),
                            models.Q(("accepted__isnull", False), ("checked_at__isnull", False), ("checked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="permit_checked_wholly",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("public_key", models.BinaryField(max_length=32)),
                ("authority_sha256", models.CharField(max_length=64)),
                ("registered_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.person")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_key",), name="signing_key_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at__isnull", True)), fields=("person", "organisation"), name="signing_key_one_active"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("authority_sha256__regex", "^[0-9a-f]{64}$")), name="signing_key_authority_documented"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("revoked_at__isnull", True), ("revoked_at__gte", models.F("registered_at")), _connector="OR"),
                        name="signing_key_revoked_later",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Affiliation",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("CONTROL", "one controls the other 控制"),
                            ("COMMON_CONTROL", "both are under one control 同一控制"),
                            ("KEY_PEOPLE", "they share directors or managers 董事监事高管关联"),
                            ("OTHER", "another tie that may move interests 其他关联"),
                        ],
                        max_length=32,
                    ),
                ),
                ("declared_at", models.DateTimeField()),
                ("a", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation")),
                ("b", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("a", "b"), name="affiliation_once"),
                    models.CheckConstraint(condition=models.Q(("a__lt", models.F("b"))), name="affiliation_of_two_in_order"),
                    models.CheckConstraint(
                        condition=models.Q(("basis__in", ["CONTROL", "COMMON_CONTROL", "KEY_PEOPLE", "OTHER"])),
                        name="affiliation_basis_known",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            CREDIT_CODE,
            "ALTER TABLE registry_parties_organisation DROP CONSTRAINT organisation_uscc_checks; DROP FUNCTION egret_uscc_valid(text)",
        ),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX organisation_one_operator ON registry_parties_organisation ((true)) WHERE kinds @> '{OPERATOR}'",
            "DROP INDEX organisation_one_operator",
        ),
        append_only("registry_parties_person"),
        append_only("registry_parties_membership"),
        append_only("registry_parties_affiliation"),
        fixed_except("registry_parties_organisation", once=["verified_at", "verified_by_id", "identity_document_sha256"]),
        fixed_except("registry_parties_apikey", once=["revoked_at"], free=["last_used_on"]),
        fixed_except("registry_parties_signingkey", once=["revoked_at"]),
        fixed_except("registry_parties_sectorpermit", once=["accepted", "checked_by_id", "checked_at"]),
        never_deleted("registry_parties_organisation"),
        never_deleted("registry_parties_apikey"),
        never_deleted("registry_parties_signingkey"),
        never_deleted("registry_parties_sectorpermit"),
    ]
