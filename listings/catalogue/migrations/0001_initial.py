"""The open list and the price ceilings; of entries with one title or object, or ceilings of one kind, no two overlap in both times."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import never_deleted

CLOSING = """
CREATE FUNCTION egret_public_record_only_closes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT upper_inf(OLD.recorded) OR upper_inf(NEW.recorded) OR lower(NEW.recorded) IS DISTINCT FROM lower(OLD.recorded)
     OR to_jsonb(NEW) - 'recorded' <> to_jsonb(OLD) - 'recorded' THEN
    RAISE EXCEPTION 'an entry changes only by closing recorded' USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER open_list_only_closes BEFORE UPDATE ON listings_catalogue_openlistentry
  FOR EACH ROW EXECUTE FUNCTION egret_public_record_only_closes();
CREATE TRIGGER price_ceiling_only_closes BEFORE UPDATE ON listings_catalogue_priceceiling
  FOR EACH ROW EXECUTE FUNCTION egret_public_record_only_closes();
REVOKE UPDATE ON listings_catalogue_openlistentry, listings_catalogue_priceceiling FROM egret_app;
GRANT UPDATE (recorded) ON listings_catalogue_openlistentry, listings_catalogue_priceceiling TO egret_app;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_parties", "0001_initial"),
        ("registry_rights", "0002_guards"),
    ]

    operations = [
        # an equality inside a GiST exclusion, without an extension: a range of one point
        RunSQL('CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");', "DROP TYPE textrange;"),
        migrations.CreateModel(
            name="OpenListEntry",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=200)),
                (
                    "open_type",
                    models.CharField(
                        choices=[
                            ("UNCONDITIONAL", "无条件开放"),
                            ("CONDITIONAL", "有条件开放"),
                            ("AUTHORISED_ONLY", "仅授权运营"),
                            ("NOT_OPEN", "不予开放"),
                        ],
                        max_length=32,
                    ),
                ),
                ("conditions", models.TextField(blank=True)),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("recorded", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "object",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="open_list_entries",
                        to="registry_rights.registeredobject",
                    ),
                ),
                (
                    "publisher",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "open-list entry",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.Func(models.F("publisher"), models.F("publisher"), models.Value("[]"), function="uuidrange"), "&&"),
                            (models.Func(models.F("title"), models.F("title"), models.Value("[]"), function="textrange"), "&&"),
                            ("valid", "&&"),
                            ("recorded", "&&"),
                        ],
                        name="open_list_title_once",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("object__isnull", False)),
                        expressions=[
                            (models.Func(models.F("object"), models.F("object"), models.Value("[]"), function="uuidrange"), "&&"),
                            ("valid", "&&"),
                            ("recorded", "&&"),
                        ],
                        name="open_list_object_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("open_type__in", ["UNCONDITIONAL", "CONDITIONAL", "AUTHORISED_ONLY", "NOT_OPEN"])),
                        name="open_list_type_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("title", ""), _negated=True), name="open_list_titled"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("open_type", "CONDITIONAL"), models.Q(("conditions", ""), _negated=True)),
                            models.Q(("open_type", "CONDITIONAL"), _negated=True),
                            _connector="OR",
                        ),
                        name="open_list_conditions_stated",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid__isempty", False), ("valid__lower_inf", False)), name="open_list_valid_from"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recorded__isempty", False), ("recorded__lower_inf", False)), name="open_list_recorded_from"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceCeiling",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "unit",
                    models.CharField(
                        choices=[("DEAL", "每笔交易"), ("COPY", "每份"), ("CALL", "每次调用"), ("ROW", "每行"), ("MONTH", "每月")],
                        max_length=32,
                    ),
                ),
                ("ceiling_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("trial", models.BooleanField()),
                ("document", models.CharField(max_length=200)),
                ("document_sha256", models.CharField(max_length=64)),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("recorded", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="price_ceilings", to="registry_rights.registeredobject"
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings_catalogue.priceceiling"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "price ceiling",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.Func(models.F("object"), models.F("object"), models.Value("[]"), function="uuidrange"), "&&"),
                            (models.Func(models.F("unit"), models.F("unit"), models.Value("[]"), function="textrange"), "&&"),
                            (models.Func(models.F("currency"), models.F("currency"), models.Value("[]"), function="textrange"), "&&"),
                            ("valid", "&&"),
                            ("recorded", "&&"),
                        ],
                        name="price_ceiling_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unit__in", ["DEAL", "COPY", "CALL", "ROW", "MONTH"])), name="price_ceiling_unit_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("ceiling_minor__gte", 0)), name="price_ceiling_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("document", ""), _negated=True), ("document_sha256__regex", "^[0-9a-f]{64}$")),
                        name="price_ceiling_documented",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid__isempty", False), ("valid__lower_inf", False)), name="price_ceiling_valid_from"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recorded__isempty", False), ("recorded__lower_inf", False)), name="price_ceiling_recorded_from"
                    ),
                ],
            },
        ),
        never_deleted("listings_catalogue_openlistentry"),
        never_deleted("listings_catalogue_priceceiling"),
        RunSQL(CLOSING, "DROP FUNCTION egret_public_record_only_closes() CASCADE"),
    ]
