"""The tables of identifiers: minted once, retired once, never changed or deleted; what is said of them only ever grows."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Cast, Substr
from django.db.models.lookups import Exact, LessThanOrEqual

from registry.base.operations import append_only, fixed_except, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_base", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("prefix", models.CharField(max_length=40)),
                ("subject_type", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("prefix", "subject_type"), name="series_once"),
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="series_numbered_from_one"),
                    models.CheckConstraint(condition=models.Q(("prefix__regex", "^[0-9]+\\.[0-9]+\\.[0-9]+$")), name="series_prefix_form"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField(unique=True)),
                (
                    "series",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry_identifiers.series",
                    ),
                ),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 0), ("number__lt", 1152921504606846976)), name="identifier_number_of_60_bits"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("series", None), ("series__gt", 1), _connector="OR"), name="identifier_series_written_once"
                    ),
                    models.CheckConstraint(
                        condition=Exact(Substr(Cast(models.F("subject_id"), models.TextField()), 15, 1), models.Value("7")),
                        name="identifier_subject_tells_the_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentifierValue",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "identifier_id", "index", "version", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "identifier",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="values",
                        to="registry_identifiers.identifier",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("version", models.PositiveIntegerField()),
                (
                    "index",
                    models.PositiveSmallIntegerField(choices=[(2, "STATUS"), (3, "RIGHTS"), (4, "CERT"), (5, "SOURCES"), (6, "ALSO")]),
                ),
                ("event_id", models.UUIDField()),
                ("data", models.TextField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("index__in", [2, 3, 4, 5, 6])), name="value_index_known"),
                    models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="value_version_from_one"),
                    models.CheckConstraint(
                        condition=LessThanOrEqual(
                            models.Func(models.F("data"), function="octet_length", output_field=models.IntegerField()), 4096
                        ),
                        name="value_bounded",
                    ),
                ],
            },
        ),
        append_only("registry_identifiers_series"),
        fixed_except("registry_identifiers_identifier", once=["retired_at"]),
        never_deleted("registry_identifiers_identifier"),
        append_only("registry_identifiers_identifiervalue"),
    ]
