"""Certificates, what they state and who signed them, written once; the counter of a month is only ever raised."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted

LOCKABLE = "GRANT UPDATE (opened_at) ON registry_certificates_statuslist TO egret_app;"
"""A row can be locked only by who may update a column of it; the trigger refuses the update itself."""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_rights", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("month", models.CharField(max_length=6, primary_key=True, serialize=False)),
                ("last", models.PositiveSmallIntegerField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("last__range", (1, 9999))), name="certificate_serial_in_range")],
            },
        ),
        migrations.CreateModel(
            name="IssuerKey",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("algorithm", models.CharField(choices=[("Ed25519", "Ed25519"), ("SM2-SM3", "SM2-SM3")], max_length=16)),
                ("public_key", models.BinaryField(max_length=65)),
                ("introduced_at", models.DateTimeField()),
                ("event_id", models.UUIDField()),
            ],
            options={
                "verbose_name": "issuer key",
                "constraints": [
                    models.UniqueConstraint(fields=("algorithm", "public_key"), name="issuer_key_once"),
                    models.CheckConstraint(
                        condition=models.Q(("algorithm__in", ["Ed25519", "SM2-SM3"])), name="issuer_key_algorithm_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusList",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="status_list_numbered_from_one")],
            },
        ),
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=16)),
                ("filing_id", models.UUIDField()),
                ("deposit_event", models.UUIDField()),
                ("statement", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("status_index", models.PositiveIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("event_id", models.UUIDField()),
                (
                    "object",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.registeredobject"),
                ),
                (
                    "status_list",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificates",
                        to="registry_certificates.statuslist",
                    ),
                ),
            ],
            options={
                "verbose_name": "certificate",
                "constraints": [
                    models.UniqueConstraint(fields=("number",), name="certificate_number_once"),
                    models.UniqueConstraint(fields=("filing_id",), name="certificate_one_per_filing"),
                    models.UniqueConstraint(fields=("status_list", "status_index"), name="certificate_status_place_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__regex", "^EGR-\\d{4}(0[1-9]|1[0-2])-(?!0000)\\d{4}$")), name="certificate_number_form"
                    ),
                    models.CheckConstraint(condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="certificate_hashed"),
                    models.CheckConstraint(condition=models.Q(("status_index__lt", 131072)), name="certificate_status_place_exists"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CertificateRevocation",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("reason", models.TextField()),
                ("evidence_sha256", models.CharField(max_length=64)),
                ("state", models.CharField(choices=[("PROPOSED", "拟撤销"), ("DONE", "已撤销")], default="PROPOSED", max_length=32)),
                ("version", models.PositiveIntegerField(default=1)),
                ("proposed_by", models.UUIDField()),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("event_id", models.UUIDField(null=True)),
                (
                    "certificate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="revocations", to="registry_certificates.certificate"
                    ),
                ),
                (
                    "registrar",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "certificate revocation",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("evidence_sha256__regex", "^[0-9a-f]{64}$")), name="certificate_revocation_evidence_hashed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("event_id", None), ("state", "PROPOSED")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("event_id__isnull", False),
                                ("state", "DONE"),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="certificate_revocation_four_eyes",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "DONE")), fields=("certificate",), name="certificate_revoked_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CertificateSignature",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("suite", models.CharField(choices=[("eddsa-jcs-2022", "数据完整性证明"), ("sm2-sm3", "国密签名")], max_length=32)),
                ("key_id", models.CharField(max_length=16)),
                ("public_key", models.BinaryField(max_length=65)),
                ("value", models.BinaryField(max_length=72)),
                ("proof", models.JSONField(null=True)),
                (
                    "certificate",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="registry_certificates.certificate",
                    ),
                ),
            ],
            options={
                "verbose_name": "certificate signature",
                "constraints": [
                    models.UniqueConstraint(fields=("certificate", "suite"), name="certificate_signed_once_by_suite"),
                    models.CheckConstraint(
                        condition=models.Q(("suite__in", ["eddsa-jcs-2022", "sm2-sm3"])), name="certificate_signature_suite_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("suite", "sm2-sm3"), ("proof__isnull", False), _connector="XOR"),
                        name="certificate_signature_proof_by_suite",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatedRight",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "certificate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="stated", to="registry_certificates.certificate"
                    ),
                ),
                ("grant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.grant")),
            ],
            options={
                "verbose_name": "stated right",
                "constraints": [models.UniqueConstraint(fields=("certificate", "grant"), name="stated_right_once")],
            },
        ),
        append_only("registry_certificates_statuslist"),
        append_only("registry_certificates_certificate"),
        append_only("registry_certificates_statedright"),
        append_only("registry_certificates_certificatesignature"),
        append_only("registry_certificates_issuerkey"),
        never_deleted("registry_certificates_certificaterevocation"),
        fixed_except(
            "registry_certificates_certificaterevocation", once=["decided_by", "decided_at", "event_id"], free=["state", "version"]
        ),
        never_deleted("registry_certificates_counter"),
        migrations.RunSQL(LOCKABLE, migrations.RunSQL.noop),
    ]
