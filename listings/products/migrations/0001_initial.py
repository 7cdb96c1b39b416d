"""Tables of products and listings; nothing is listed without a passing verdict on its very content."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import append_only, fixed_except, never_deleted

GUARDS = """
-- a listing is put before the market by a verdict that passes for its very content, at the instant it is listed;
-- what is listed keeps its content
CREATE FUNCTION egret_listing_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'LISTED' THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.state = 'LISTED' THEN
    IF (NEW.content_version, NEW.verdict_id, NEW.listed_at) IS DISTINCT FROM (OLD.content_version, OLD.verdict_id, OLD.listed_at) THEN
      RAISE EXCEPTION 'a listing keeps its content while it is listed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'listing_content_kept';
    END IF;
    RETURN NEW;
  END IF;
  IF egret_verdict_passes(NEW.id, NEW.content_version::int, 'listing', NEW.listed_at) IS NOT TRUE
     OR NOT EXISTS (
       SELECT 1 FROM registry_rules_store_verdict given
       WHERE given.id = NEW.verdict_id AND given.subject_id = NEW.id AND given.subject_version = NEW.content_version AND given.stage = 'listing'
     ) THEN
    RAISE EXCEPTION 'no passing verdict on this content' USING ERRCODE = 'check_violation', CONSTRAINT = 'listing_verdict_passes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER listing_guard BEFORE INSERT OR UPDATE ON listings_products_listing FOR EACH ROW EXECUTE FUNCTION egret_listing_guard();

-- an offer is made by the object's owner, by a plan of its own, and delivers a file only where there is one
CREATE FUNCTION egret_offer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  listed record;
BEGIN
  SELECT object.owner_id, version.asset_id INTO listed
  FROM listings_products_listing listing
  JOIN listings_products_productversion version ON version.id = listing.product_version_id
  JOIN registry_rights_registeredobject object ON object.id = version.product_id
  WHERE listing.id = NEW.listing_id;
  IF NOT EXISTS (SELECT 1 FROM pricing_plans_plan plan WHERE plan.id = NEW.plan_id AND plan.owner_id = listed.owner_id) THEN
    RAISE EXCEPTION 'the plan is not the owner''s' USING ERRCODE = 'check_violation', CONSTRAINT = 'offer_plan_is_owners';
  END IF;
  IF (NEW.delivery = 'GRANT') <> (listed.asset_id IS NULL) THEN
    RAISE EXCEPTION 'the delivery does not fit the version' USING ERRCODE = 'check_violation', CONSTRAINT = 'offer_delivery_fits';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER offer_guard BEFORE INSERT ON listings_products_offer FOR EACH ROW EXECUTE FUNCTION egret_offer_guard();

-- numbering locks the product, and a row is locked only by who may update some column of it, which the append-only trigger then refuses
GRANT UPDATE (created_at) ON listings_products_product TO egret_app;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("listings_resources", "0001_initial"),
        ("pricing_plans", "0001_initial"),
        ("registry_rights", "0002_guards"),
        ("registry_rules_store", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProductVersion",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("title_zh", models.CharField(max_length=200)),
                ("title_en", models.CharField(max_length=200)),
                ("description_zh", models.TextField(blank=True)),
                ("description_en", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "product version",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="version_numbered_from_one"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("title_zh", ""), _negated=True), models.Q(("title_en", ""), _negated=True)),
                        name="version_titled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("content_version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("DRAFT", "草稿"),
                            ("REFERRED", "转人工审查"),
                            ("LISTED", "挂牌"),
                            ("SUSPENDED", "暂停"),
                            ("DELISTED", "摘牌"),
                        ],
                        default="DRAFT",
                        max_length=32,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("drafted_at", models.DateTimeField()),
                ("listed_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("ordered", models.BooleanField(default=False)),
                (
                    "verdict",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry_rules_store.verdict"
                    ),
                ),
            ],
            options={
                "verbose_name": "listing",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["DRAFT", "REFERRED", "LISTED", "SUSPENDED", "DELISTED"])),
                        name="listing_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "LISTED"), _negated=True),
                            models.Q(("listed_at__isnull", False), ("verdict__isnull", False)),
                            _connector="OR",
                        ),
                        name="listing_cleared",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ordered", False), models.Q(("state", "LISTED"), _negated=True), _connector="OR"),
                        name="listing_order_suspends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), ("state", "SUSPENDED"), _negated=True), name="listing_suspension_explained"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "right",
                    models.CharField(
                        choices=[("HOLD", "数据资源持有权"), ("USE", "数据加工使用权"), ("OPERATE", "数据产品经营权")], max_length=32
                    ),
                ),
                ("term_months", models.PositiveSmallIntegerField()),
                ("exclusive", models.BooleanField()),
                ("scope", models.JSONField()),
                ("delivery", models.CharField(choices=[("FILE", "文件"), ("API", "接口"), ("GRANT", "授权")], max_length=32)),
                ("state", models.CharField(choices=[("OPEN", "有效"), ("WITHDRAWN", "撤回")], default="OPEN", max_length=32)),
                ("version", models.PositiveIntegerField(default=1)),
                ("added_at", models.DateTimeField()),
                (
                    "listing",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="listings_products.listing"),
                ),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_plans.plan")),
            ],
            options={
                "verbose_name": "offer",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("right", "USE")), name="offer_right_is_use"),
                    models.CheckConstraint(
                        condition=models.Q(("term_months__gte", 1), ("term_months__lte", 240)), name="offer_term_bounded"
                    ),
                    models.CheckConstraint(condition=models.Q(("delivery__in", ["FILE", "API", "GRANT"])), name="offer_delivery_known"),
                    models.CheckConstraint(condition=models.Q(("state__in", ["OPEN", "WITHDRAWN"])), name="offer_state_known"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferPlan",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "offer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="further", to="listings_products.offer"),
                ),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing_plans.plan")),
            ],
            options={
                "verbose_name": "plan of an offer",
                "constraints": [models.UniqueConstraint(fields=("offer", "plan"), name="offer_plan_once")],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                (
                    "object",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="product", to="registry_rights.registeredobject"
                    ),
                ),
            ],
            options={
                "verbose_name": "product",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", models.F("object"))), name="product_is_its_object")],
            },
        ),
        migrations.AddField(
            model_name="productversion",
            name="asset",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings_resources.asset"
            ),
        ),
        migrations.AddField(
            model_name="productversion",
            name="product",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="listings_products.product"),
        ),
        migrations.AddField(
            model_name="productversion",
            name="profile",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings_resources.profile"
            ),
        ),
        migrations.AddField(
            model_name="productversion",
            name="sample",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="listings_resources.sample"
            ),
        ),
        migrations.AddField(
            model_name="listing",
            name="product_version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="listings", to="listings_products.productversion"
            ),
        ),
        migrations.AddConstraint(
            model_name="productversion",
            constraint=models.UniqueConstraint(fields=("product", "number"), name="version_number_once"),
        ),
        migrations.AddConstraint(
            model_name="productversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("asset__isnull", False), models.Q(("profile", None), ("sample", None)), _connector="OR"),
                name="version_measured_in_its_asset",
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "DELISTED"), _negated=True), fields=("product_version",), name="listing_one_alive"
            ),
        ),
        append_only("listings_products_offerplan"),
        append_only("listings_products_product"),
        append_only("listings_products_productversion"),
        fixed_except(
            "listings_products_listing",
            free=["content_version", "state", "version", "verdict_id", "listed_at", "reason", "ordered"],
        ),
        fixed_except("listings_products_offer", free=["state", "version"]),
        never_deleted("listings_products_listing"),
        never_deleted("listings_products_offer"),
        RunSQL(GUARDS, "DROP FUNCTION egret_listing_guard() CASCADE; DROP FUNCTION egret_offer_guard() CASCADE"),
    ]
