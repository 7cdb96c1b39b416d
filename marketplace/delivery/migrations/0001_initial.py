"""Tables of delivery; meter events are partitioned by the year of their UUIDv7 key, the keys they answer to are not."""

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted, partitions_by_year


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("listings_resources", "0001_initial"),
        ("registry_parties", "0001_initial"),
        ("registry_rights", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="MeterEvent",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("deal_id", models.UUIDField()),
                ("action_key", models.CharField(max_length=255)),
                ("kind", models.CharField(choices=[("FILE", "文件下载"), ("CALL", "接口调用")], max_length=32)),
                ("units", models.BigIntegerField()),
                ("bytes", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "meter event",
                "db_table": "marketplace_delivery_meterevent",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Entitlement",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("deal_id", models.UUIDField()),
                ("mode", models.CharField(choices=[("FILE", "文件"), ("API", "接口"), ("GRANT", "仅授权")], max_length=32)),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                (
                    "state",
                    models.CharField(choices=[("OPEN", "有效"), ("SUSPENDED", "暂停"), ("ENDED", "终止")], default="OPEN", max_length=32),
                ),
                (
                    "suspended_for",
                    models.CharField(
                        blank=True,
                        choices=[("SCREENING", "合规审查未通过"), ("HOLD", "权利受限"), ("CONSENT", "个人撤回同意")],
                        default="",
                        max_length=32,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("opened_at", models.DateTimeField()),
                (
                    "asset",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings_resources.asset"
                    ),
                ),
                ("grant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.grant")),
                (
                    "holder",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "object",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.registeredobject"),
                ),
            ],
            options={
                "verbose_name": "entitlement",
                "constraints": [
                    models.UniqueConstraint(fields=("deal_id", "grant"), name="entitlement_once_per_right"),
                    models.CheckConstraint(condition=models.Q(("mode__in", ["FILE", "API", "GRANT"])), name="entitlement_mode_known"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["OPEN", "SUSPENDED", "ENDED"])), name="entitlement_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "SUSPENDED"), ("suspended_for__in", ["SCREENING", "HOLD", "CONSENT"])),
                            models.Q(models.Q(("state", "SUSPENDED"), _negated=True), ("suspended_for", "")),
                            _connector="OR",
                        ),
                        name="entitlement_suspended_for_a_cause",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid__isempty", False), ("valid__lower_inf", False), ("valid__upper_inf", False)),
                        name="entitlement_term_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode", "GRANT"), ("asset__isnull", False), _connector="OR"), name="entitlement_file_has_asset"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("action_key", models.CharField(max_length=255)),
                ("event_id", models.UUIDField(unique=True)),
                (
                    "entitlement",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="marketplace_delivery.entitlement"
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("entitlement", "action_key"), name="meter_key_once")]},
        ),
        migrations.AddIndex(
            model_name="entitlement",
            index=models.Index(condition=models.Q(("state", "ENDED"), _negated=True), fields=["object"], name="entitlement_live_object"),
        ),
        RunSQL(
            """
            CREATE TABLE marketplace_delivery_meterevent (
              id uuid PRIMARY KEY,
              entitlement_id uuid NOT NULL REFERENCES marketplace_delivery_entitlement,
              deal_id uuid NOT NULL,
              action_key varchar(255) NOT NULL,
              kind varchar(32) NOT NULL CONSTRAINT meter_kind_known CHECK (kind IN ('FILE', 'CALL')),
              units bigint NOT NULL CONSTRAINT meter_counts_something CHECK (units > 0),
              bytes bigint NOT NULL CONSTRAINT meter_bytes_counted CHECK (bytes >= 0),
              at timestamptz NOT NULL
            ) PARTITION BY RANGE (id);
            CREATE INDEX marketplace_delivery_meterevent_entitlement ON marketplace_delivery_meterevent (entitlement_id, id);
            CREATE INDEX marketplace_delivery_meterevent_deal ON marketplace_delivery_meterevent (deal_id, id);

            -- no use is counted but under a key that was taken for it
            CREATE FUNCTION marketplace_delivery_meter_keyed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF NOT EXISTS (
                SELECT 1 FROM marketplace_delivery_meterkey taken
                WHERE taken.event_id = NEW.id AND taken.entitlement_id = NEW.entitlement_id AND taken.action_key = NEW.action_key
              ) THEN
                RAISE EXCEPTION 'a use is counted under its own key' USING ERRCODE = 'check_violation', CONSTRAINT = 'meter_event_keyed';
              END IF;
              RETURN NEW;
            END $$;
            """,
            "DROP TABLE marketplace_delivery_meterevent; DROP FUNCTION marketplace_delivery_meter_keyed()",
        ),
        partitions_by_year("marketplace_delivery_meterevent", range(2026, 2031)),
        RunSQL(
            "CREATE TRIGGER meter_event_keyed BEFORE INSERT ON marketplace_delivery_meterevent"
            " FOR EACH ROW EXECUTE FUNCTION marketplace_delivery_meter_keyed()",
            "DROP TRIGGER meter_event_keyed ON marketplace_delivery_meterevent",
        ),
        append_only("marketplace_delivery_meterevent"),
        append_only("marketplace_delivery_meterkey"),
        fixed_except("marketplace_delivery_entitlement", free=("state", "suspended_for", "version")),
        never_deleted("marketplace_delivery_entitlement"),
    ]
