"""Filings, objections and facts; the guards of the procedure."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted

GUARD = """
-- what an applicant states changes only by a supplement; nobody examines, publishes or deposits past the rules
CREATE FUNCTION egret_filing_stated(filing registry_filings_filing) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(filing) - ARRAY[
    'regime_code', 'regime_version', 'state', 'version', 'content_version', 'submitted_at', 'acceptance_due_at', 'missing', 'returned_at',
    'supplement_due_at', 'accepted_at', 'accepted_by_silence', 'finish_due_at', 'assessment', 'first_examiner', 'examined_at',
    'second_examiner', 'notice_from', 'notice_until_at', 'reasons', 'ended_at', 'valid_from', 'valid_until', 'deposited_at',
    'deposit_event', 'object_id', 'certificate_id']
$$;

CREATE FUNCTION egret_filing_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE guard text := NULL;
BEGIN
  IF NEW.applicant_id <> OLD.applicant_id OR NEW.regime_code <> OLD.regime_code OR NEW.regime_version <> OLD.regime_version THEN
    guard := 'filing_applicant_and_regime_stay';
  ELSIF (egret_filing_stated(NEW) <> egret_filing_stated(OLD) OR NEW.content_version <> OLD.content_version)
    AND NOT (OLD.state = 'RETURNED_ONCE' AND NEW.state = 'SUBMITTED' AND NEW.content_version = OLD.content_version + 1) THEN
    guard := 'filing_content_changes_by_supplement';
  ELSIF NEW.state <> OLD.state AND NEW.state = 'IN_REVIEW'
    AND NOT egret_verdict_passes(NEW.id, NEW.content_version, 'registration', NEW.examined_at) THEN
    guard := 'filing_examined_with_passing_verdict';
  ELSIF NEW.state <> OLD.state AND NEW.state = 'DEPOSITED' THEN
    IF OLD.state <> 'PUBLICISED' OR NEW.deposited_at < OLD.notice_until_at THEN
      guard := 'filing_deposited_after_notice';
    ELSIF EXISTS (SELECT 1 FROM registry_filings_objection WHERE filing_id = NEW.id AND state = 'OPEN') THEN
      guard := 'filing_deposited_without_objection';
    ELSIF NOT egret_verdict_passes(NEW.id, NEW.content_version, 'registration', NEW.deposited_at) THEN
      guard := 'filing_deposited_with_passing_verdict';
    ELSIF (SELECT array_agg(kind::text ORDER BY kind) FROM registry_rights_grant
           WHERE filing_id = NEW.id AND object_id = NEW.object_id AND holder_id = NEW.applicant_id AND upper_inf(recorded))
      IS DISTINCT FROM (SELECT array_agg(kind::text ORDER BY kind) FROM unnest(NEW.rights_claimed) kind) THEN
      guard := 'filing_deposited_with_every_right';
    END IF;
  END IF;
  IF guard IS NOT NULL THEN
    RAISE EXCEPTION 'filing refused: %', guard USING ERRCODE = 'check_violation', CONSTRAINT = guard;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER filing_guard BEFORE UPDATE ON registry_filings_filing FOR EACH ROW EXECUTE FUNCTION egret_filing_guard();

CREATE FUNCTION egret_filing_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'SUBMITTED' OR NEW.version <> 1 OR NEW.content_version <> 1 THEN
    RAISE EXCEPTION 'a filing begins as submitted' USING ERRCODE = 'check_violation', CONSTRAINT = 'filing_begins_submitted';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER filing_begins BEFORE INSERT ON registry_filings_filing FOR EACH ROW EXECUTE FUNCTION egret_filing_begins();
"""

FUNCTIONS = ("egret_filing_guard()", "egret_filing_begins()", "egret_filing_stated(registry_filings_filing)")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_certificates", "0001_initial"),
        ("registry_parties", "0001_initial"),
        ("registry_rules_store", "0001_initial"),
        ("registry_rights", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Filing",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("object_kind", models.CharField(choices=[("RESOURCE", "数据资源"), ("PRODUCT", "数据产品")], max_length=32)),
                ("name", models.CharField(max_length=40)),
                ("summary", models.CharField(max_length=400)),
                ("industry", models.CharField(max_length=3)),
                ("source_category", models.CharField(max_length=32)),
                ("source_kind", models.CharField(max_length=32)),
                ("situation", models.CharField(max_length=32)),
                ("level", models.CharField(max_length=32)),
                ("pi_kind", models.CharField(max_length=32)),
                ("sector", models.CharField(blank=True, max_length=32)),
                ("region", models.CharField(max_length=120)),
                ("time_from", models.DateField(null=True)),
                ("time_until", models.DateField(null=True)),
                ("update_frequency", models.CharField(max_length=16)),
                ("volume_rows", models.BigIntegerField(null=True)),
                ("data_format", models.CharField(max_length=16)),
                ("limits", models.JSONField()),
                ("rights_claimed", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), size=None)),
                ("wanted_until", models.DateField(null=True)),
                ("evidence", models.JSONField()),
                ("made_from", models.JSONField()),
                ("regime_code", models.CharField(max_length=16)),
                ("regime_version", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("SUBMITTED", "已提交"),
                            ("RETURNED_ONCE", "一次性告知补正"),
                            ("ACCEPTED", "已受理"),
                            ("IN_REVIEW", "初审通过、待复核"),
                            ("PUBLICISED", "公示中"),
                            ("OBJECTED", "异议处理中"),
                            ("DEPOSITED", "已存证"),
                            ("CERTIFIED", "已核发证书"),
                            ("REFUSED", "不予登记"),
                            ("LAPSED", "逾期未补正、视为未申请"),
                        ],
                        default="SUBMITTED",
                        max_length=32,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("content_version", models.PositiveIntegerField(default=1)),
                ("submitted_at", models.DateTimeField()),
                ("acceptance_due_at", models.DateTimeField()),
                ("missing", models.TextField(blank=True)),
                ("returned_at", models.DateTimeField(null=True)),
                ("supplement_due_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("accepted_by_silence", models.BooleanField(default=False)),
                ("finish_due_at", models.DateTimeField(null=True)),
                ("assessment", models.JSONField(null=True)),
                ("first_examiner", models.UUIDField(null=True)),
                ("examined_at", models.DateTimeField(null=True)),
                ("second_examiner", models.UUIDField(null=True)),
                ("notice_from", models.DateTimeField(null=True)),
                ("notice_until_at", models.DateTimeField(null=True)),
                ("reasons", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("valid_from", models.DateField(null=True)),
                ("valid_until", models.DateField(null=True)),
                ("deposited_at", models.DateTimeField(null=True)),
                ("deposit_event", models.UUIDField(null=True)),
                (
                    "applicant",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "certificate",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_certificates.certificate"
                    ),
                ),
                (
                    "object",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.registeredobject"
                    ),
                ),
                (
                    "further_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.registeredobject"
                    ),
                ),
            ],
            options={
                "verbose_name": "filing",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "SUBMITTED",
                                    "RETURNED_ONCE",
                                    "ACCEPTED",
                                    "IN_REVIEW",
                                    "PUBLICISED",
                                    "OBJECTED",
                                    "DEPOSITED",
                                    "CERTIFIED",
                                    "REFUSED",
                                    "LAPSED",
                                ],
                            )
                        ),
                        name="filing_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rights_claimed__contained_by", ["HOLD", "USE", "OPERATE"]), ("rights_claimed__len__gte", 1)),
                        name="filing_rights_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_examiner", None),
                            models.Q(("second_examiner", models.F("first_examiner")), _negated=True),
                            _connector="OR",
                        ),
                        name="filing_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("IN_REVIEW", "PUBLICISED", "OBJECTED", "DEPOSITED", "CERTIFIED")), _negated=True),
                            models.Q(
                                ("accepted_at__isnull", False),
                                ("assessment__isnull", False),
                                ("examined_at__isnull", False),
                                ("first_examiner__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="filing_examined",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("PUBLICISED", "OBJECTED", "DEPOSITED", "CERTIFIED")), _negated=True),
                            models.Q(
                                ("notice_from__isnull", False),
                                ("notice_until_at__gt", models.F("notice_from")),
                                ("second_examiner__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="filing_noticed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("deposit_event__isnull", False),
                                ("deposited_at__gte", models.F("notice_until_at")),
                                ("object__isnull", False),
                                ("state__in", ("DEPOSITED", "CERTIFIED")),
                                ("valid_from__lte", models.F("valid_until")),
                            ),
                            models.Q(
                                models.Q(("state__in", ("DEPOSITED", "CERTIFIED")), _negated=True),
                                ("deposit_event", None),
                                ("deposited_at", None),
                                ("object", None),
                                ("valid_from", None),
                                ("valid_until", None),
                            ),
                            _connector="OR",
                        ),
                        name="filing_deposited_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("certificate__isnull", False), ("state", "CERTIFIED")),
                            models.Q(models.Q(("state", "CERTIFIED"), _negated=True), ("certificate", None)),
                            _connector="OR",
                        ),
                        name="filing_certified",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "RETURNED_ONCE"), _negated=True),
                            models.Q(("returned_at__isnull", False), ("supplement_due_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="filing_returned",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "REFUSED"), _negated=True),
                            models.Q(models.Q(("reasons", ""), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="filing_refused_with_reasons",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FilingFacts",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField()),
                ("subject_version", models.PositiveIntegerField()),
                ("stage", models.CharField(max_length=32)),
                ("collected_at", models.DateTimeField()),
                (
                    "source_categories",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
                ),
                (
                    "source_kinds",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
                ),
                ("public_form", models.CharField(max_length=40, null=True)),
                ("open_list_status", models.CharField(max_length=40, null=True)),
                ("open_conditions_met", models.BooleanField(null=True)),
                ("authorisation_in_force", models.BooleanField(null=True)),
                ("public_code_valid", models.BooleanField(null=True)),
                ("level", models.CharField(max_length=40, null=True)),
                ("risk_assessment_done_before", models.BooleanField(null=True)),
                ("secrecy_mark", models.BooleanField(null=True)),
                ("harm_flag", models.CharField(max_length=40, null=True)),
                ("unlawful_source", models.CharField(max_length=40, null=True)),
                ("crawl_clean", models.BooleanField(null=True)),
                ("source_terms_forbid", models.BooleanField(null=True)),
                ("sources_covered", models.BooleanField(null=True)),
                ("dispute_open", models.BooleanField(null=True)),
                ("hold_active", models.BooleanField(null=True)),
                (
                    "sector_tags",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
                ),
                ("sector_permit_held", models.BooleanField(null=True)),
                ("sector_permit_until", models.DateField(null=True)),
                ("pi_kind", models.CharField(max_length=40, null=True)),
                ("anonymisation_test_accepted", models.BooleanField(null=True)),
                ("minors_under_14", models.BooleanField(null=True)),
                ("sensitive_necessity_noted", models.BooleanField(null=True)),
                ("public_place_images", models.BooleanField(null=True)),
                ("source_statement_present", models.BooleanField(null=True)),
                ("certificate_in_force", models.BooleanField(null=True)),
                ("certificate_until", models.DateField(null=True)),
                ("seller_verified", models.BooleanField(null=True)),
                (
                    "seller_rights",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
                ),
                ("sublicence_permitted", models.BooleanField(null=True)),
                ("held_until", models.DateField(null=True)),
                ("buyer_verified", models.BooleanField(null=True)),
                ("purpose_stated", models.BooleanField(null=True)),
                ("purpose_in_scope", models.BooleanField(null=True)),
                ("purpose_redevelops", models.BooleanField(null=True)),
                ("buyer_affiliated_with_operator", models.BooleanField(null=True)),
                ("leaves_china", models.BooleanField(null=True)),
                ("buyer_is_foreign_authority", models.BooleanField(null=True)),
                ("foreign_request_approved", models.BooleanField(null=True)),
                ("judged_on", models.DateField(null=True)),
                (
                    "rights_granted",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
                ),
                ("term_ends_on", models.DateField(null=True)),
                ("scope_within_held", models.BooleanField(null=True)),
                ("secure_environment", models.BooleanField(null=True)),
                (
                    "clauses_present",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
                ),
                ("signatures_valid", models.BooleanField(null=True)),
                ("pi_basis", models.CharField(max_length=40, null=True)),
                ("pi_basis_covers_provision", models.BooleanField(null=True)),
                ("consent_separate", models.BooleanField(null=True)),
                ("consent_names_buyer", models.BooleanField(null=True)),
                ("consent_covers_kinds", models.BooleanField(null=True)),
                ("consent_purpose_matches", models.BooleanField(null=True)),
                ("consent_withdrawn", models.BooleanField(null=True)),
                ("withdrawn_rows_removed", models.BooleanField(null=True)),
                ("guardian_consent", models.BooleanField(null=True)),
                ("impact_assessment_done_before", models.BooleanField(null=True)),
                ("impact_assessment_covers", models.BooleanField(null=True)),
                ("use_class", models.CharField(max_length=40, null=True)),
                ("price_minor", models.BigIntegerField(null=True)),
                ("ceiling_set", models.BooleanField(null=True)),
                ("ceiling_minor", models.BigIntegerField(null=True)),
                ("delivery_proven", models.BooleanField(null=True)),
                ("accepted", models.BooleanField(null=True)),
                ("inspection_ends_on", models.DateField(null=True)),
                ("delivery_objection_open", models.BooleanField(null=True)),
                ("application_complete", models.BooleanField(null=True)),
                ("name_length", models.BigIntegerField(null=True)),
                ("summary_length", models.BigIntegerField(null=True)),
                ("situation", models.CharField(max_length=40, null=True)),
                (
                    "rights_claimed",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), null=True, size=None),
                ),
                ("entrusted_grant", models.BooleanField(null=True)),
                ("joint_operate_agreed", models.BooleanField(null=True)),
                ("substitutes_source", models.BooleanField(null=True)),
                ("derived_substantive", models.BooleanField(null=True)),
                ("source_use_held", models.BooleanField(null=True)),
                ("notice_ends_on", models.DateField(null=True)),
                ("notice_waived", models.BooleanField(null=True)),
                ("objections_open", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name": "filing facts",
                "indexes": [models.Index(fields=["subject_id", "stage"], name="filing_facts_of")],
            },
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("reason", models.TextField()),
                ("evidence_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "处理中"), ("UPHELD", "异议成立"), ("DISMISSED", "异议不成立")], default="OPEN", max_length=32
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("filed_at", models.DateTimeField()),
                ("decide_due_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("reasons", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "filing",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="objections", to="registry_filings.filing"),
                ),
            ],
            options={
                "verbose_name": "objection",
                "constraints": [
                    models.UniqueConstraint(fields=("filing", "by"), name="objection_once_per_organisation"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("reasons", ""), ("state", "OPEN")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state__in", ["UPHELD", "DISMISSED"]),
                                models.Q(("reasons", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="objection_decided_whole",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["state", "id"], name="filing_by_state"),
        ),
        append_only("registry_filings_filingfacts"),
        never_deleted("registry_filings_filing"),
        never_deleted("registry_filings_objection"),
        fixed_except("registry_filings_objection", free=("state", "version", "decided_by", "decided_at", "reasons")),
        RunSQL(GUARD, "".join(f"DROP FUNCTION {name} CASCADE;" for name in FUNCTIONS)),
    ]
