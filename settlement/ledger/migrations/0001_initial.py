"""The ledger: an unbalanced entry cannot be written down, a posting is one function call, nothing is ever changed."""

import django.db.models
from django.db import migrations, models
from django.db.migrations.operations import RunSQL

import registry.base.ids
from registry.base.operations import append_only, never_deleted, partitions_by_year

TABLES = """
CREATE TABLE settlement_account (
  market smallint NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL CONSTRAINT account_kind_known CHECK (kind IN
    ('GATEWAY', 'ESCROW', 'PAYABLE', 'PLATFORM_FEE', 'INSTITUTION_FEE', 'TAX', 'TRANSIT', 'FEE_EXPENSE')),
  owner uuid NOT NULL,
  unit char(3) NOT NULL CONSTRAINT account_unit_is_a_code CHECK (unit ~ '^[A-Z]{3}$'),
  floored boolean NOT NULL CONSTRAINT account_floored_by_kind CHECK (floored = (kind IN ('ESCROW', 'PAYABLE'))),
  PRIMARY KEY (market, id),
  UNIQUE (market, id, unit),
  CONSTRAINT account_one_per_owner UNIQUE (market, kind, owner, unit));
CREATE TABLE settlement_balance (
  market smallint NOT NULL,
  account uuid NOT NULL,
  amount bigint NOT NULL,
  floor bigint NOT NULL,
  version bigint NOT NULL,
  CONSTRAINT balance_not_below_floor CHECK (amount >= floor),
  PRIMARY KEY (market, account),
  FOREIGN KEY (market, account) REFERENCES settlement_account (market, id)) WITH (fillfactor = 50);
CREATE TABLE settlement_entry (
  market smallint NOT NULL,
  id uuid NOT NULL,
  key text NOT NULL CONSTRAINT entry_key_limited CHECK (length(key) BETWEEN 1 AND 200),
  digest bytea NOT NULL CONSTRAINT entry_digest_is_sha256 CHECK (length(digest) = 32),
  kind text NOT NULL,
  deal uuid,
  at timestamptz NOT NULL,
  reverses uuid,
  PRIMARY KEY (market, id),
  CONSTRAINT entry_once UNIQUE (market, key),
  CONSTRAINT entry_reversed_once UNIQUE (market, reverses),
  FOREIGN KEY (market, reverses) REFERENCES settlement_entry (market, id));
CREATE INDEX settlement_entry_deal ON settlement_entry (market, deal, kind);
CREATE TABLE settlement_move (
  market smallint NOT NULL,
  id uuid NOT NULL,
  entry uuid NOT NULL,
  line smallint NOT NULL,
  unit char(3) NOT NULL,
  src uuid NOT NULL,
  dst uuid NOT NULL,
  amount bigint NOT NULL CONSTRAINT move_amount_positive CHECK (amount > 0),
  CONSTRAINT move_goes_somewhere CHECK (src <> dst),
  PRIMARY KEY (market, id),
  FOREIGN KEY (market, entry) REFERENCES settlement_entry (market, id),
  FOREIGN KEY (market, src, unit) REFERENCES settlement_account (market, id, unit),
  FOREIGN KEY (market, dst, unit) REFERENCES settlement_account (market, id, unit)) PARTITION BY RANGE (id);
CREATE INDEX settlement_move_entry ON settlement_move (market, entry, line);
CREATE INDEX settlement_move_src ON settlement_move (market, src);
CREATE INDEX settlement_move_dst ON settlement_move (market, dst);
"""

FUNCTIONS = """
CREATE FUNCTION settlement_account_open(p_market smallint, p_id uuid, p_kind text, p_owner uuid, p_unit text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE opened uuid;
BEGIN
  INSERT INTO settlement_account (market, id, kind, owner, unit, floored)
    VALUES (p_market, p_id, p_kind, p_owner, p_unit, p_kind IN ('ESCROW', 'PAYABLE'))
    ON CONFLICT (market, kind, owner, unit) DO NOTHING RETURNING id INTO opened;
  IF opened IS NULL THEN
    SELECT id INTO STRICT opened FROM settlement_account WHERE market = p_market AND kind = p_kind AND owner = p_owner AND unit = p_unit;
  ELSIF p_kind IN ('ESCROW', 'PAYABLE') THEN
    INSERT INTO settlement_balance (market, account, amount, floor, version) VALUES (p_market, opened, 0, 0, 0);
  END IF;
  RETURN opened;
END $$;

CREATE FUNCTION settlement_post(
  p_market smallint, p_id uuid, p_key text, p_digest bytea, p_kind text, p_deal uuid, p_reverses uuid, p_at timestamptz,
  p_moves uuid[], p_src uuid[], p_dst uuid[], p_units text[], p_amounts bigint[]) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  existing settlement_entry;
  touched integer;
  updated integer;
BEGIN
  IF current_setting('synchronous_commit') = 'off' THEN
    RAISE EXCEPTION 'no money is posted with synchronous_commit off' USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'posting_is_durable';
  END IF;
  IF cardinality(p_moves) = 0 OR cardinality(p_moves) > 1000 THEN
    RAISE EXCEPTION 'an entry has 1 to 1000 moves' USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_has_moves';
  END IF;
  INSERT INTO settlement_entry (market, id, key, digest, kind, deal, at, reverses)
    VALUES (p_market, p_id, p_key, p_digest, p_kind, p_deal, p_at, p_reverses) ON CONFLICT (market, key) DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO STRICT existing FROM settlement_entry WHERE market = p_market AND key = p_key;
    IF existing.digest <> p_digest THEN
      RAISE EXCEPTION 'key % was used for another entry', p_key USING ERRCODE = 'unique_violation', CONSTRAINT = 'entry_key_same_content';
    END IF;
    RETURN existing.id;
  END IF;
  INSERT INTO settlement_move (market, id, entry, line, unit, src, dst, amount)
    SELECT p_market, m.id, p_id, m.line, m.unit, m.src, m.dst, m.amount
    FROM unnest(p_moves, p_src, p_dst, p_units, p_amounts) WITH ORDINALITY AS m (id, src, dst, unit, amount, line);
  PERFORM 1 FROM settlement_balance WHERE market = p_market AND account = ANY (p_src || p_dst) ORDER BY account FOR NO KEY UPDATE;
  SELECT count(*) INTO touched FROM settlement_account WHERE market = p_market AND floored AND id = ANY (p_src || p_dst);
  UPDATE settlement_balance b SET amount = b.amount + d.delta, version = b.version + 1
    FROM (SELECT account, sum(delta)::bigint AS delta FROM (
            SELECT dst AS account, amount AS delta FROM unnest(p_dst, p_amounts) AS t (dst, amount)
            UNION ALL SELECT src, -amount FROM unnest(p_src, p_amounts) AS t (src, amount)) AS legs GROUP BY account) AS d
    WHERE b.market = p_market AND b.account = d.account;
  GET DIAGNOSTICS updated = ROW_COUNT;
  IF updated <> touched THEN
    RAISE EXCEPTION '% floored accounts, % balances', touched, updated USING ERRCODE = 'check_violation', CONSTRAINT = 'every_floored_account_has_a_balance';
  END IF;
  RETURN p_id;
END $$;

REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON settlement_account, settlement_balance, settlement_entry, settlement_move FROM egret_app;
REVOKE ALL ON FUNCTION settlement_account_open, settlement_post FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settlement_account_open, settlement_post TO egret_app;
"""


def _read_model(name: str, table: str, key: str, fields: list[tuple[str, django.db.models.Field]]) -> migrations.CreateModel:
    pk = (key, models.UUIDField(default=registry.base.ids.uuid7, editable=False, primary_key=True, serialize=False))
    if key == "account":
        pk = (key, models.UUIDField(primary_key=True, serialize=False))
    return migrations.CreateModel(name=name, fields=[pk, *fields], options={"db_table": table, "managed": False})


KINDS = [
    ("GATEWAY", "money at a payment gateway 支付渠道"),
    ("ESCROW", "money locked for one deal 托管"),
    ("PAYABLE", "owed to a party 应付"),
    ("PLATFORM_FEE", "the platform's fees 平台服务费"),
    ("INSTITUTION_FEE", "a trading-service institution's fees 交易服务费"),
    ("TAX", "tax withheld 代扣税"),
    ("TRANSIT", "on its way to a party 在途"),
    ("FEE_EXPENSE", "the gateway's own fee 渠道手续费"),
]


class Migration(migrations.Migration):
    """Tables, functions, append-only triggers; unmanaged read models for Django."""

    initial = True
    dependencies = [("registry_base", "0001_initial")]
    operations = [
        RunSQL(TABLES, "DROP TABLE settlement_move, settlement_entry, settlement_balance, settlement_account"),
        partitions_by_year("settlement_move", range(2026, 2031)),
        RunSQL(FUNCTIONS, "DROP FUNCTION settlement_post; DROP FUNCTION settlement_account_open"),
        append_only("settlement_entry"),
        append_only("settlement_move"),
        append_only("settlement_account"),
        never_deleted("settlement_balance"),
        _read_model(
            "Account",
            "settlement_account",
            "id",
            [
                ("market", models.SmallIntegerField()),
                ("kind", models.TextField(choices=KINDS)),
                ("owner", models.UUIDField()),
                ("unit", models.CharField(max_length=3)),
                ("floored", models.BooleanField()),
            ],
        ),
        _read_model(
            "Entry",
            "settlement_entry",
            "id",
            [
                ("market", models.SmallIntegerField()),
                ("key", models.TextField()),
                ("digest", models.BinaryField()),
                ("kind", models.TextField()),
                ("deal", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("reverses", models.UUIDField(null=True)),
            ],
        ),
        _read_model(
            "Move",
            "settlement_move",
            "id",
            [
                ("market", models.SmallIntegerField()),
                ("entry", models.UUIDField()),
                ("line", models.SmallIntegerField()),
                ("unit", models.CharField(max_length=3)),
                ("src", models.UUIDField()),
                ("dst", models.UUIDField()),
                ("amount", models.BigIntegerField()),
            ],
        ),
        _read_model(
            "Balance",
            "settlement_balance",
            "account",
            [
                ("market", models.SmallIntegerField()),
                ("amount", models.BigIntegerField()),
                ("floor", models.BigIntegerField()),
                ("version", models.BigIntegerField()),
            ],
        ),
    ]
