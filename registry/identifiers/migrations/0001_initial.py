"""The table of identifiers: minted once, retired once, never changed or deleted."""

from django.db import migrations, models

from registry.base.operations import fixed_except, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_base", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Identifier",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("prefix", models.CharField(max_length=40)),
                ("subject_type", models.CharField(max_length=64)),
                ("subject_id", models.UUIDField()),
                ("minted_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 0), ("number__lt", 1152921504606846976)), name="identifier_number_of_60_bits"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("prefix__regex", "^[0-9]+\\.[0-9]+\\.[0-9]+$")), name="identifier_prefix_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("retired_at__isnull", True), ("retired_at__gte", models.F("minted_at")), _connector="OR"),
                        name="identifier_retired_after_minted",
                    ),
                    models.UniqueConstraint(fields=("subject_type", "subject_id"), name="identifier_one_per_subject"),
                ],
            },
        ),
        fixed_except("registry_identifiers_identifier", once=["retired_at"]),
        never_deleted("registry_identifiers_identifier"),
    ]
