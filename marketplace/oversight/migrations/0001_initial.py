"""Tables of oversight: complaints and orders."""

import django.db.models.deletion
from django.db import migrations, models

import registry.base.ids
from registry.base.operations import fixed_except, never_deleted


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("marketplace_screening", "0001_initial"),
        ("registry_parties", "0001_initial"),
        ("registry_rights", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Complaint",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "subject_type",
                    models.CharField(
                        choices=[
                            ("Deal", "a deal 交易"),
                            ("Listing", "a listing 挂牌"),
                            ("RegisteredObject", "a registered object 登记客体"),
                        ],
                        max_length=32,
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("complainant_person", models.UUIDField()),
                ("text", models.TextField()),
                ("received_at", models.DateTimeField()),
                ("answer_due_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("RECEIVED", "received 已收到"), ("ANSWERED", "answered 已答复")], default="RECEIVED", max_length=32
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("answer", models.TextField(blank=True)),
                ("answered_by_person", models.UUIDField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"
                    ),
                ),
                (
                    "complainant",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"
                    ),
                ),
                (
                    "objection",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="marketplace_screening.flag"
                    ),
                ),
            ],
            options={
                "verbose_name": "complaint",
                "indexes": [models.Index(condition=models.Q(("state", "RECEIVED")), fields=["answer_due_at"], name="complaint_due")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("subject_type__in", ["Deal", "Listing", "RegisteredObject"])), name="complaint_subject_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="complaint_stated"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answer", ""),
                                ("answered_at", None),
                                ("answered_by", None),
                                ("answered_by_person", None),
                                ("state", "RECEIVED"),
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                ("answered_by_person__isnull", False),
                                ("state", "ANSWERED"),
                                models.Q(("answer", ""), _negated=True),
                                models.Q(("answered_by", models.F("complainant")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="complaint_answered_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("HALT", "halt all trade in the object 停止交易")], max_length=32)),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("IN_FORCE", "in force 生效"), ("LIFTED", "lifted 已解除")], default="IN_FORCE", max_length=32
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("issued_by", models.UUIDField()),
                ("effective_at", models.DateTimeField()),
                ("lifted_by", models.UUIDField(null=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lift_reason", models.TextField(blank=True)),
                ("hold", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.hold")),
                (
                    "object",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rights.registeredobject"),
                ),
                (
                    "regulator",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_parties.organisation"),
                ),
            ],
            options={
                "verbose_name": "order",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "IN_FORCE")), fields=("object", "kind"), name="order_one_in_force"
                    ),
                    models.CheckConstraint(condition=models.Q(("kind__in", ["HALT"])), name="order_kind_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifted_by", None), ("state", "IN_FORCE")),
                            models.Q(
                                ("lifted_at__isnull", False),
                                ("lifted_by__isnull", False),
                                ("state", "LIFTED"),
                                models.Q(("lift_reason", ""), _negated=True),
                                models.Q(("lifted_by", models.F("issued_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="order_lifted_by_another_person",
                    ),
                ],
            },
        ),
        never_deleted("marketplace_oversight_complaint"),
        fixed_except(
            "marketplace_oversight_complaint",
            once=("answered_by_id", "answered_by_person", "answered_at"),
            free=("state", "version", "answer"),
        ),
        never_deleted("marketplace_oversight_order"),
        fixed_except("marketplace_oversight_order", once=("lifted_by", "lifted_at"), free=("state", "version", "lift_reason")),
    ]
