"""Certificates, written once; the counter of a month is only ever raised."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import append_only, never_deleted


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
            name="Certificate",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=16)),
                ("filing_id", models.UUIDField()),
                ("deposit_event", models.UUIDField()),
                ("statement", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("signature", models.BinaryField(max_length=64)),
                ("public_key", models.BinaryField(max_length=32)),
                ("issued_at", models.DateTimeField()),
                (
                    "object",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.registeredobject"),
                ),
            ],
            options={
                "verbose_name": "certificate",
                "constraints": [
                    models.UniqueConstraint(fields=("number",), name="certificate_number_once"),
                    models.UniqueConstraint(fields=("filing_id",), name="certificate_one_per_filing"),
                    models.CheckConstraint(
                        condition=models.Q(("number__regex", "^EGR-\\d{4}(0[1-9]|1[0-2])-(?!0000)\\d{4}$")), name="certificate_number_form"
                    ),
                    models.CheckConstraint(condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="certificate_hashed"),
                ],
            },
        ),
        append_only("registry_certificates_certificate"),
        never_deleted("registry_certificates_counter"),
    ]
