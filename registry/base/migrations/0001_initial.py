"""Tables of the foundation, the function that refuses change, and the one clock row."""

from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import REFUSE_CHANGE, append_only, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="RefusedAccess",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("person", models.UUIDField(null=True)),
                ("organisation", models.UUIDField(null=True)),
                ("code", models.CharField(max_length=32)),
                ("operation", models.CharField(max_length=128)),
                ("request_id", models.UUIDField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ClockOffset",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seconds", models.FloatField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="clock_one_row"),
                    models.CheckConstraint(condition=models.Q(("seconds__gte", 0)), name="clock_not_behind"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DataKey",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("subject_kind", models.CharField(max_length=32)),
                ("subject", models.UUIDField()),
                ("wrapped", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField()),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subject_kind", "subject"), name="data_key_one_per_subject"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("destroyed_at__isnull", True), ("wrapped__isnull", False)),
                            models.Q(("destroyed_at__isnull", False), ("wrapped__isnull", True)),
                            _connector="OR",
                        ),
                        name="data_key_destroyed_is_gone",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("person", models.UUIDField(null=True)),
                ("organisation", models.UUIDField(null=True)),
                ("operation", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=255)),
                ("digest", models.BinaryField(max_length=32)),
                ("result_type", models.CharField(default="", max_length=64)),
                ("result_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "person", "operation", "key"), name="idempotency_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=32)),
                ("external_id", models.CharField(max_length=255)),
                ("payload", models.BinaryField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("source", "external_id"), name="inbox_once")],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=64)),
                ("person", models.UUIDField(null=True)),
                ("organisation", models.UUIDField(null=True)),
                ("params", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("QUEUED", "Queued"),
                            ("RUNNING", "Running"),
                            ("SUCCEEDED", "Succeeded"),
                            ("FAILED", "Failed"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="QUEUED",
                        max_length=16,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("done", models.PositiveBigIntegerField(default=0)),
                ("total", models.PositiveBigIntegerField(default=0)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("result", models.JSONField(null=True)),
                ("error_code", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"])), name="job_state_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Work",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("topic", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=200)),
                ("payload", models.JSONField(default=dict)),
                ("due_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("WAITING", "Waiting"), ("DONE", "Done"), ("DEAD", "Dead"), ("CANCELLED", "Cancelled")],
                        default="WAITING",
                        max_length=16,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("state", "WAITING")), fields=["topic", "due_at"], name="work_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("topic", "key"), name="work_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["WAITING", "DONE", "DEAD", "CANCELLED"])), name="work_state_known"
                    ),
                ],
            },
        ),
        RunSQL(REFUSE_CHANGE, "DROP FUNCTION egret_refuse_change()"),
        RunSQL(
            """
            INSERT INTO registry_base_clockoffset (id, seconds) VALUES (1, 0);
            CREATE FUNCTION registry_base_clock_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF NEW.seconds < OLD.seconds THEN
                RAISE EXCEPTION 'business time is never lowered' USING ERRCODE = 'check_violation', CONSTRAINT = 'clock_only_forward';
              END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER clock_only_forward BEFORE UPDATE ON registry_base_clockoffset
              FOR EACH ROW EXECUTE FUNCTION registry_base_clock_only_forward();
            """,
            "DROP TRIGGER clock_only_forward ON registry_base_clockoffset; DROP FUNCTION registry_base_clock_only_forward()",
        ),
        never_deleted("registry_base_clockoffset"),
        append_only("registry_base_refusedaccess"),
        append_only("registry_base_inbox"),
    ]
