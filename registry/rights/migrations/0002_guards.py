"""The law of the register in the database: coverage, holds, chain of title, and what may never change."""

from django.db import migrations
from django.db.migrations.operations import RunSQL

from registry.base.operations import append_only, never_deleted

SCOPE = """
CREATE FUNCTION egret_scope_formed(scope jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_typeof(scope) = 'object'
    AND (SELECT count(*) FROM jsonb_object_keys(scope)) = 7
    AND (SELECT coalesce(bool_and(coalesce(jsonb_typeof(scope -> flag) = 'boolean', false)), false)
         FROM unnest(ARRAY['derive', 'provide_derived', 'sublicense', 'resale', 'export']) flag)
    AND coalesce(jsonb_typeof(scope -> 'territory') = 'string', false)
    AND coalesce(scope ->> 'territory' ~ '^(WORLD|[A-Z]{2}(-[A-Z0-9]{1,6})?)$', false)
    AND coalesce(jsonb_typeof(scope -> 'purposes') = 'array', false)
$$;

-- the limits that also bind what is derived under a licence
CREATE FUNCTION egret_limits_within(child jsonb, parent jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT (child ->> 'export')::boolean <= (parent ->> 'export')::boolean
    AND (parent ->> 'territory' IN ('WORLD', child ->> 'territory') OR starts_with(child ->> 'territory', (parent ->> 'territory') || '-'))
    AND (parent -> 'purposes' = '[]' OR (child -> 'purposes' <> '[]' AND child -> 'purposes' <@ (parent -> 'purposes')))
$$;

CREATE FUNCTION egret_scope_within(child jsonb, parent jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT egret_limits_within(child, parent) AND bool_and((child ->> flag)::boolean <= (parent ->> flag)::boolean)
  FROM unnest(ARRAY['derive', 'provide_derived', 'sublicense', 'resale']) flag
$$;

ALTER TABLE registry_rights_grant ADD CONSTRAINT grant_scope_formed CHECK (egret_scope_formed(scope));
"""

TITLE = """
-- everything an object was made from, however indirectly
CREATE FUNCTION egret_made_of(root uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
  WITH RECURSIVE walk(id, level) AS (
    SELECT root, 0
    UNION
    SELECT made.source_id, walk.level + 1
    FROM walk JOIN registry_rights_madefrom made ON made.object_id = walk.id
    WHERE walk.level < 16
  )
  SELECT DISTINCT id FROM walk WHERE id <> root
$$;

-- the holds that block new rights in an object at an instant (null: now): its own of any kind, and on what it was made from
-- those that put the source's title in doubt or freeze it; a pledge or a caveat on a source leaves earlier licences alone
CREATE FUNCTION egret_blocking_holds(root uuid, instant timestamptz) RETURNS SETOF registry_rights_hold LANGUAGE sql STABLE AS $$
  SELECT held.* FROM registry_rights_hold held
  WHERE (held.object_id = root OR (held.kind IN ('DISPUTE', 'COURT', 'ORDER') AND held.object_id IN (SELECT egret_made_of(root))))
    AND (held.lifted_at IS NULL OR held.lifted_at > instant)
    AND (instant IS NULL OR held.placed_at <= instant)
$$;

-- the version of a right that the register stands by now, by the id of its first version
CREATE FUNCTION egret_right(first uuid) RETURNS SETOF registry_rights_grant LANGUAGE sql STABLE AS $$
  SELECT * FROM registry_rights_grant WHERE origin_id = first AND upper_inf(recorded)
$$;
"""

GRANTING = """
CREATE FUNCTION egret_refuse_right(guard text, reason text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'right refused: %', reason USING ERRCODE = 'check_violation', CONSTRAINT = guard, DETAIL = reason;
END $$;

CREATE FUNCTION egret_check_parent(child registry_rights_grant) RETURNS void LANGUAGE plpgsql AS $$
DECLARE parent registry_rights_grant;
BEGIN
  SELECT * INTO parent FROM registry_rights_grant WHERE origin_id = child.parent_id AND upper_inf(recorded) FOR SHARE;
  IF NOT FOUND THEN PERFORM egret_refuse_right('grant_covered', 'LICENCE_ENDED'); END IF;
  IF parent.object_id <> child.object_id THEN PERFORM egret_refuse_right('grant_covered', 'OTHER_OBJECT'); END IF;
  IF parent.holder_id IS DISTINCT FROM child.licensor_id THEN PERFORM egret_refuse_right('grant_covered', 'OTHER_LICENSOR'); END IF;
  IF NOT (child.kind = 'USE' AND parent.kind = 'OPERATE'
          OR child.kind = parent.kind AND parent.kind IN ('USE', 'OPERATE') AND (parent.scope ->> 'sublicense')::boolean) THEN
    PERFORM egret_refuse_right('grant_covered', 'KIND');
  END IF;
  IF NOT child.valid <@ parent.valid THEN PERFORM egret_refuse_right('grant_covered', 'TERM'); END IF;
  IF NOT egret_scope_within(child.scope, parent.scope) THEN PERFORM egret_refuse_right('grant_covered', 'SCOPE'); END IF;
END $$;

CREATE FUNCTION egret_check_sources(child registry_rights_grant) RETURNS void LANGUAGE plpgsql AS $$
DECLARE relied uuid; licence registry_rights_grant;
BEGIN
  FOR relied IN SELECT grant_id FROM registry_rights_madefrom WHERE object_id = child.object_id ORDER BY grant_id LOOP
    SELECT * INTO licence FROM registry_rights_grant WHERE origin_id = relied AND upper_inf(recorded) FOR SHARE;
    IF NOT FOUND THEN PERFORM egret_refuse_right('grant_covered', 'SOURCE_ENDED'); END IF;
    IF NOT child.valid <@ licence.valid THEN PERFORM egret_refuse_right('grant_covered', 'SOURCE_TERM'); END IF;
    IF NOT egret_limits_within(child.scope, licence.scope) THEN PERFORM egret_refuse_right('grant_covered', 'SOURCE_SCOPE'); END IF;
  END LOOP;
END $$;

-- a version that corrects an earlier one begins when that one was closed, and differs from it only by a shorter term
CREATE FUNCTION egret_check_correction(child registry_rights_grant) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM registry_rights_grant earlier
    WHERE earlier.origin_id = child.origin_id AND upper(earlier.recorded) = lower(child.recorded) AND child.valid <@ earlier.valid
      AND to_jsonb(earlier) - ARRAY['id', 'valid', 'recorded', 'event_id'] = to_jsonb(child) - ARRAY['id', 'valid', 'recorded', 'event_id']
  ) THEN PERFORM egret_refuse_right('grant_covered', 'CORRECTION'); END IF;
END $$;

CREATE FUNCTION egret_grant_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- whoever places a hold changes this row's lock, so that no grant slips past a hold that is being placed
  PERFORM 1 FROM registry_rights_registeredobject WHERE id = NEW.object_id FOR SHARE;
  IF NOT upper_inf(NEW.recorded) THEN PERFORM egret_refuse_right('grant_covered', 'CORRECTION'); END IF;
  IF NEW.id <> NEW.origin_id THEN
    PERFORM egret_check_correction(NEW);
  ELSIF EXISTS (SELECT 1 FROM egret_blocking_holds(NEW.object_id, NULL)) THEN
    PERFORM egret_refuse_right('grant_not_held', 'HELD');
  END IF;
  PERFORM egret_check_sources(NEW);
  IF NEW.parent_id IS NOT NULL THEN PERFORM egret_check_parent(NEW); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER grant_guard BEFORE INSERT ON registry_rights_grant FOR EACH ROW EXECUTE FUNCTION egret_grant_guard();

CREATE FUNCTION egret_hold_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT owner_id INTO NEW.owner_id FROM registry_rights_registeredobject WHERE id = NEW.object_id FOR NO KEY UPDATE;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_guard BEFORE INSERT ON registry_rights_hold FOR EACH ROW EXECUTE FUNCTION egret_hold_guard();

CREATE FUNCTION egret_made_from_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE product registry_rights_registeredobject; licence registry_rights_grant; shares bigint;
BEGIN
  SELECT * INTO product FROM registry_rights_registeredobject WHERE id = NEW.object_id FOR NO KEY UPDATE;
  SELECT * INTO licence FROM registry_rights_grant WHERE origin_id = NEW.grant_id AND upper_inf(recorded) FOR SHARE;
  IF NOT FOUND THEN PERFORM egret_refuse_right('title_covered', 'SOURCE_ENDED'); END IF;
  IF product.kind <> 'PRODUCT' THEN PERFORM egret_refuse_right('title_covered', 'NOT_DERIVED'); END IF;
  IF licence.kind <> 'USE' OR licence.object_id <> NEW.source_id OR licence.holder_id <> product.owner_id THEN
    PERFORM egret_refuse_right('title_covered', 'NOT_OWNERS_USE');
  END IF;
  IF NOT ((licence.scope ->> 'derive')::boolean AND (licence.scope ->> 'provide_derived')::boolean) THEN
    PERFORM egret_refuse_right('title_covered', 'NO_DERIVATION');
  END IF;
  IF EXISTS (SELECT 1 FROM registry_rights_grant WHERE object_id = NEW.object_id) THEN
    PERFORM egret_refuse_right('title_covered', 'FROZEN');
  END IF;
  IF (SELECT depth FROM registry_rights_registeredobject WHERE id = NEW.source_id) >= product.depth THEN
    PERFORM egret_refuse_right('title_covered', 'DEPTH');
  END IF;
  SELECT coalesce(sum(taken.income_share_ppm), 0) INTO shares
  FROM registry_rights_madefrom made JOIN registry_rights_grant taken ON taken.id = made.grant_id WHERE made.object_id = NEW.object_id;
  IF shares + licence.income_share_ppm > 1000000 THEN PERFORM egret_refuse_right('title_covered', 'SHARES'); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER made_from_guard BEFORE INSERT ON registry_rights_madefrom FOR EACH ROW EXECUTE FUNCTION egret_made_from_guard();
"""

ENDING = """
CREATE FUNCTION egret_grant_only_closes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT upper_inf(OLD.recorded) OR upper_inf(NEW.recorded) OR lower(NEW.recorded) IS DISTINCT FROM lower(OLD.recorded)
     OR to_jsonb(NEW) - 'recorded' <> to_jsonb(OLD) - 'recorded' THEN
    RAISE EXCEPTION 'a grant changes only by closing recorded' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'grant_only_closes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER grant_only_closes BEFORE UPDATE ON registry_rights_grant FOR EACH ROW EXECUTE FUNCTION egret_grant_only_closes();

-- at commit, whatever rests on a right that was closed lies within its corrected version, or was closed with it
CREATE FUNCTION egret_grant_dependants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM registry_rights_grant child
    WHERE upper_inf(child.recorded)
      AND (child.parent_id = NEW.origin_id
           OR child.object_id IN (SELECT object_id FROM registry_rights_madefrom WHERE grant_id = NEW.origin_id))
      AND NOT EXISTS (SELECT 1 FROM egret_right(NEW.origin_id) standing WHERE child.valid <@ standing.valid)
  ) THEN
    RAISE EXCEPTION 'a right was ended without those that rest on it'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'grant_dependants_end';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER grant_dependants_end AFTER UPDATE ON registry_rights_grant
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION egret_grant_dependants();

CREATE FUNCTION egret_hold_only_lifts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'ACTIVE' OR NEW.state <> 'LIFTED' OR NEW.lifted_at < OLD.placed_at
     OR to_jsonb(NEW) - ARRAY['state', 'version', 'lifted_at', 'lifted_by_id', 'lift_event_id']
     <> to_jsonb(OLD) - ARRAY['state', 'version', 'lifted_at', 'lifted_by_id', 'lift_event_id'] THEN
    RAISE EXCEPTION 'a hold changes only by being lifted' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'hold_only_lifts';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_only_lifts BEFORE UPDATE ON registry_rights_hold FOR EACH ROW EXECUTE FUNCTION egret_hold_only_lifts();

CREATE FUNCTION egret_revocation_only_done() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'PROPOSED' OR NEW.state <> 'DONE'
     OR to_jsonb(NEW) - ARRAY['state', 'version', 'decided_by', 'decided_at']
     <> to_jsonb(OLD) - ARRAY['state', 'version', 'decided_by', 'decided_at'] THEN
    RAISE EXCEPTION 'a revocation changes only by being done' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'revocation_only_done';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER revocation_only_done BEFORE UPDATE ON registry_rights_revocation
  FOR EACH ROW EXECUTE FUNCTION egret_revocation_only_done();

-- the application may write only what the triggers let change; a row can be locked only by who may update some column of it,
-- which for objects the append-only trigger then refuses
REVOKE UPDATE ON registry_rights_grant, registry_rights_hold, registry_rights_revocation FROM egret_app;
GRANT UPDATE (recorded) ON registry_rights_grant TO egret_app;
GRANT UPDATE (state, version, lifted_at, lifted_by_id, lift_event_id) ON registry_rights_hold TO egret_app;
GRANT UPDATE (state, version, decided_by, decided_at) ON registry_rights_revocation TO egret_app;
GRANT UPDATE (registered_at) ON registry_rights_registeredobject TO egret_app;
"""

FUNCTIONS = (
    "egret_revocation_only_done()", "egret_hold_only_lifts()", "egret_grant_dependants()", "egret_grant_only_closes()",
    "egret_made_from_guard()", "egret_hold_guard()", "egret_grant_guard()", "egret_check_correction(registry_rights_grant)",
    "egret_check_sources(registry_rights_grant)", "egret_check_parent(registry_rights_grant)", "egret_refuse_right(text, text)",
    "egret_right(uuid)", "egret_blocking_holds(uuid, timestamptz)", "egret_made_of(uuid)",
    "egret_scope_within(jsonb, jsonb)", "egret_limits_within(jsonb, jsonb)", "egret_scope_formed(jsonb)",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("registry_rights", "0001_initial")]

    operations = [
        append_only("registry_rights_registeredobject"),
        append_only("registry_rights_madefrom"),
        never_deleted("registry_rights_grant"),
        never_deleted("registry_rights_hold"),
        never_deleted("registry_rights_revocation"),
        RunSQL(SCOPE + TITLE + GRANTING + ENDING, "".join(f"DROP FUNCTION {name} CASCADE;" for name in FUNCTIONS)),
    ]
