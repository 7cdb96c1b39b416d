"""Tables of the log; entries are partitioned by the year of their UUIDv7 key."""

from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted, partitions_by_year


class Migration(migrations.Migration):
    initial = True

    dependencies = [("registry_base", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("schema", models.TextField()),
                ("schema_version", models.SmallIntegerField()),
                ("subject_type", models.TextField()),
                ("subject_id", models.UUIDField()),
                ("organisation", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("body", models.BinaryField()),
            ],
            options={
                "db_table": "registry_log_entry",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(default=0)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("event", models.UUIDField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SignedCheckpoint",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField(unique=True)),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LogKey",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.TextField(unique=True)),
                ("algorithm", models.CharField(choices=[("Ed25519", "Ed25519"), ("SM2-SM3", "SM2-SM3")], max_length=16)),
                ("added_event", models.UUIDField(null=True)),
                ("added_at", models.DateTimeField()),
                ("retired_event", models.UUIDField(null=True)),
                ("retired_at", models.DateTimeField(null=True)),
                ("last_size", models.BigIntegerField(null=True)),
                ("compromised", models.BooleanField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("added_event",), name="log_key_announced_once"),
                    models.UniqueConstraint(condition=models.Q(("added_event", None)), fields=("algorithm",), name="log_key_born_with_one"),
                    models.CheckConstraint(condition=models.Q(("algorithm__in", ["Ed25519", "SM2-SM3"])), name="log_key_algorithm_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("compromised", None), ("last_size", None), ("retired_at", None), ("retired_event", None)),
                            models.Q(
                                ("compromised__isnull", False),
                                ("last_size__gte", 0),
                                ("retired_at__isnull", False),
                                ("retired_event__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="log_key_retired_is_told",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField()),
                ("witness", models.TextField()),
                ("line", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("size", "witness"), name="cosignature_once")],
            },
        ),
        migrations.CreateModel(
            name="Timestamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField(unique=True)),
                ("token", models.BinaryField()),
                ("authority", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                ("pk", models.CompositePrimaryKey("event", "path", blank=True, editable=False, primary_key=True, serialize=False)),
                ("event", models.UUIDField()),
                ("path", models.TextField()),
                ("salt", models.BinaryField(max_length=16)),
                ("value", models.JSONField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry", models.UUIDField(unique=True)),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("index__gte", 0)), name="leaf_index_not_negative")],
            },
        ),
        migrations.CreateModel(
            name="LogState",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("log_id", models.UUIDField()),
                ("size", models.BigIntegerField(default=0)),
                ("edge", models.BinaryField(default=b"")),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="log_state_one_row")],
            },
        ),
        RunSQL(
            """
            CREATE TABLE registry_log_entry (
              id uuid PRIMARY KEY,
              schema text NOT NULL,
              schema_version smallint NOT NULL,
              subject_type text NOT NULL,
              subject_id uuid NOT NULL,
              organisation uuid,
              at timestamptz NOT NULL,
              body bytea NOT NULL
            ) PARTITION BY RANGE (id);
            CREATE INDEX registry_log_entry_subject ON registry_log_entry (subject_id, id);
            CREATE INDEX registry_log_entry_schema ON registry_log_entry (schema, id);
            """,
            "DROP TABLE registry_log_entry",
        ),
        partitions_by_year("registry_log_entry", range(2026, 2031)),
        append_only("registry_log_entry"),
        append_only("registry_log_leaf"),
        append_only("registry_log_signedcheckpoint"),
        append_only("registry_log_cosignature"),
        never_deleted("registry_log_logkey"),
        fixed_except("registry_log_logkey", once=("retired_event", "retired_at", "last_size", "compromised")),
        append_only("registry_log_timestamp"),
        never_deleted("registry_log_logstate"),
    ]
