"""Tables of screening: facts as they were judged, flags, referrals."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry_parties", "0001_initial"),
        ("registry_rules_store", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Facts",
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
                ("subject_type", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "facts",
                "indexes": [models.Index(fields=["subject_id", "stage"], name="facts_of_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source_categories", None),
                            ("source_categories__contained_by", ["GOVERNMENT", "PUBLIC_SERVICE", "ENTERPRISE", "PERSONAL"]),
                            _connector="OR",
                        ),
                        name="facts_source_categories_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source_kinds", None),
                            ("source_kinds__contained_by", ["COLLECTED", "AGREEMENT", "CRAWLED_PUBLIC", "DERIVED", "AUTHORISED_PUBLIC"]),
                            _connector="OR",
                        ),
                        name="facts_source_kinds_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("public_form", None), ("public_form__in", ["NONE", "DERIVED", "RAW"]), _connector="OR"),
                        name="facts_public_form_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("open_list_status", None),
                            ("open_list_status__in", ["UNCONDITIONAL", "CONDITIONAL", "AUTHORISED_ONLY", "NOT_OPEN", "NOT_LISTED"]),
                            _connector="OR",
                        ),
                        name="facts_open_list_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level", None), ("level__in", ["CORE", "IMPORTANT", "GENERAL"]), _connector="OR"),
                        name="facts_level_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("harm_flag", None), ("harm_flag__in", ["NONE", "SUSPECTED", "CONFIRMED"]), _connector="OR"),
                        name="facts_harm_flag_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("unlawful_source", None), ("unlawful_source__in", ["NONE", "SUSPECTED", "PROVEN"]), _connector="OR"
                        ),
                        name="facts_unlawful_source_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sector_tags", None),
                            ("sector_tags__contained_by", ["CREDIT", "MAPPING", "HUMAN_GENETIC", "WEATHER", "MEDICAL"]),
                            _connector="OR",
                        ),
                        name="facts_sector_tags_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pi_kind", None), ("pi_kind__in", ["NONE", "ANONYMISED", "DE_IDENTIFIED", "PI", "SENSITIVE"]), _connector="OR"
                        ),
                        name="facts_pi_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("seller_rights", None), ("seller_rights__contained_by", ["HOLD", "USE", "OPERATE"]), _connector="OR"
                        ),
                        name="facts_seller_rights_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rights_granted", None), ("rights_granted__contained_by", ["HOLD", "USE", "OPERATE"]), _connector="OR"
                        ),
                        name="facts_rights_granted_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("clauses_present", None),
                            (
                                "clauses_present__contained_by",
                                ["PURPOSE", "METHOD", "RANGE", "SECURITY", "SUPERVISION", "RETURN_DELETE", "BREACH", "DISPUTE"],
                            ),
                            _connector="OR",
                        ),
                        name="facts_clauses_present_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pi_basis", None),
                            ("pi_basis__in", ["NONE", "CONSENT", "CONTRACT", "DUTY", "EMERGENCY", "NEWS", "PUBLISHED", "OTHER_LAW"]),
                            _connector="OR",
                        ),
                        name="facts_pi_basis_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("use_class", None), ("use_class__in", ["GOVERNANCE", "WELFARE", "INDUSTRY"]), _connector="OR"),
                        name="facts_use_class_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("situation", None),
                            (
                                "situation__in",
                                [
                                    "OWN_ACTIVITY",
                                    "CIVIL_CONTRACT",
                                    "OWN_PERSON",
                                    "CRAWLED_RAW",
                                    "CRAWLED_PRODUCT",
                                    "JOINT",
                                    "DERIVED",
                                    "ENTRUSTED",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="facts_situation_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rights_claimed", None), ("rights_claimed__contained_by", ["HOLD", "USE", "OPERATE"]), _connector="OR"
                        ),
                        name="facts_rights_claimed_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("subject_type", models.CharField(max_length=64)),
                ("subject_id", models.UUIDField()),
                (
                    "matter",
                    models.CharField(
                        choices=[
                            ("HARM", "harm to national security, public interest or social stability 危害国家安全、公共利益或社会稳定"),
                            ("SECRECY", "state or work secret 国家秘密、工作秘密"),
                            ("UNLAWFUL_SOURCE", "unlawful acquisition of a source 来源非法"),
                            ("DELIVERY", "objection to a delivery 交付异议"),
                        ],
                        max_length=32,
                    ),
                ),
                ("degree", models.CharField(choices=[("SUSPECTED", "suspected 疑似"), ("CONFIRMED", "confirmed 已确认")], max_length=32)),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(choices=[("ACTIVE", "active 有效"), ("LIFTED", "lifted 已解除")], default="ACTIVE", max_length=32),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("raised_by_person", models.UUIDField()),
                ("raised_at", models.DateTimeField()),
                ("lifted_by_person", models.UUIDField(null=True)),
                ("lift_reason", models.TextField(blank=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "flag",
                "indexes": [models.Index(condition=models.Q(("state", "ACTIVE")), fields=["subject_id", "matter"], name="flag_active")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("matter__in", ["HARM", "SECRECY", "UNLAWFUL_SOURCE", "DELIVERY"])), name="flag_matter_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("degree__in", ["SUSPECTED", "CONFIRMED"])), name="flag_degree_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("matter", "DELIVERY"), ("subject_type", "Deal")),
                            models.Q(("subject_type", "RegisteredObject"), models.Q(("matter", "DELIVERY"), _negated=True)),
                            _connector="OR",
                        ),
                        name="flag_subject_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifted_by", None), ("lifted_by_person", None), ("state", "ACTIVE")),
                            models.Q(
                                ("lifted_at__isnull", False),
                                ("lifted_by__isnull", False),
                                ("lifted_by_person__isnull", False),
                                ("state", "LIFTED"),
                                models.Q(("lifted_by_person", models.F("raised_by_person")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="flag_lifted_by_another_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("subject_type", models.CharField(max_length=64)),
                ("subject_id", models.UUIDField()),
                ("subject_version", models.PositiveIntegerField()),
                ("stage", models.CharField(max_length=32)),
                ("rules", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), size=None)),
                ("organisations", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OPEN", "open 待审"),
                            ("PROPOSED", "decided by one person 已由一人提出决定"),
                            ("ALLOWED", "allowed 已放行"),
                            ("REFUSED", "refused 不予放行"),
                            ("CLOSED", "overtaken by a newer verdict 已被新结论取代"),
                        ],
                        default="OPEN",
                        max_length=32,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("opened_at", models.DateTimeField()),
                ("allow", models.BooleanField(null=True)),
                ("first_decider", models.UUIDField(null=True)),
                ("first_reason", models.TextField(blank=True)),
                ("proposed_at", models.DateTimeField(null=True)),
                ("second_decider", models.UUIDField(null=True)),
                ("second_reason", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rules_store.verdict"
                    ),
                ),
                (
                    "verdict",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="referral", to="registry_rules_store.verdict"
                    ),
                ),
            ],
            options={
                "verbose_name": "referral",
                "indexes": [models.Index(fields=["subject_id", "state"], name="referral_of_subject")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["OPEN", "PROPOSED"])),
                        fields=("subject_id", "subject_version", "stage"),
                        name="referral_one_undecided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["OPEN", "PROPOSED", "ALLOWED", "REFUSED", "CLOSED"])), name="referral_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("allow", None), ("first_decider", None), ("proposed_at", None), ("state", "OPEN")),
                            ("state", "CLOSED"),
                            models.Q(
                                ("allow__isnull", False),
                                ("first_decider__isnull", False),
                                ("proposed_at__isnull", False),
                                models.Q(("first_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="referral_proposed_by_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("second_decider", None), ("state__in", ["OPEN", "PROPOSED", "CLOSED"])),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("second_decider__isnull", False),
                                ("state__in", ["ALLOWED", "REFUSED"]),
                                models.Q(("second_decider", models.F("first_decider")), _negated=True),
                                models.Q(("second_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="referral_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("allow", True), ("outcome__isnull", False), ("state", "ALLOWED")),
                            models.Q(("allow", False), ("outcome", None), ("state", "REFUSED")),
                            models.Q(models.Q(("state__in", ["ALLOWED", "REFUSED"]), _negated=True), ("outcome", None)),
                            _connector="OR",
                        ),
                        name="referral_allowed_has_verdict",
                    ),
                ],
            },
        ),
        append_only("marketplace_screening_facts"),
        never_deleted("marketplace_screening_flag"),
        fixed_except(
            "marketplace_screening_flag",
            once=("lifted_by_id", "lifted_by_person", "lifted_at"),
            free=("state", "version", "lift_reason"),
        ),
        never_deleted("marketplace_screening_referral"),
        fixed_except(
            "marketplace_screening_referral",
            once=("second_decider", "decided_at", "outcome_id"),
            free=("state", "version", "allow", "first_decider", "first_reason", "proposed_at", "second_reason"),
        ),
    ]
