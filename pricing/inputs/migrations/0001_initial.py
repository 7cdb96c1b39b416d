"""Files of inputs: announced, then filled once."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import fixed_except, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_parties", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="InputFile",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64, null=True)),
                ("sealed", models.BinaryField(null=True)),
                ("staged_at", models.DateTimeField()),
                ("stored_at", models.DateTimeField(null=True)),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "file of inputs",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("size__range", (2, 8388608))), name="input_size_bounded"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sealed", None), ("sha256", None), ("stored_at", None)),
                            models.Q(("sealed__isnull", False), ("sha256__isnull", False), ("stored_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="input_stored_whole",
                    ),
                ],
            },
        ),
        fixed_except("pricing_inputs_inputfile", once=["sha256", "sealed", "stored_at"]),
        never_deleted("pricing_inputs_inputfile"),
    ]
