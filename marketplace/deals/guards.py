"""What must stand behind a deal's states, said to the database: the SQL of the migration."""

from typing import Final

GUARDS: Final = """
CREATE FUNCTION marketplace_deals_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.seller_id, NEW.buyer_id, NEW.institution_id, NEW.offer_id, NEW.quote_id, NEW.fee_schedule_id, NEW.consideration,
      NEW.income_share_ppm, NEW.amount_minor, NEW.currency, NEW.purpose, NEW.terms, NEW.terms_hash, NEW.terms_version, NEW.terms_bytes,
      NEW.requested_at)
     IS DISTINCT FROM
     (OLD.seller_id, OLD.buyer_id, OLD.institution_id, OLD.offer_id, OLD.quote_id, OLD.fee_schedule_id, OLD.consideration,
      OLD.income_share_ppm, OLD.amount_minor, OLD.currency, OLD.purpose, OLD.terms, OLD.terms_hash, OLD.terms_version, OLD.terms_bytes,
      OLD.requested_at) THEN
    RAISE EXCEPTION 'the terms of a deal never change' USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_terms_fixed';
  END IF;
  IF NEW.state = OLD.state THEN
    RETURN NEW;
  END IF;
  IF NEW.state IN ('SIGNED', 'SETTLED') AND NOT marketplace_deals_signed(NEW.id, NEW.terms_hash) THEN
    RAISE EXCEPTION 'the contract is not signed by both sides' USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_contract_signed';
  END IF;
  IF NEW.state = 'SIGNED' AND NOT egret_verdict_passes(NEW.id, NEW.terms_version, 'contract', NEW.signed_at) THEN
    RAISE EXCEPTION 'no passing, unexpired verdict for signing these terms'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_verdict_for_contract';
  END IF;
  IF NEW.state IN ('IN_FORCE', 'SETTLED') AND NOT marketplace_deals_rights_registered(NEW.id, NEW.buyer_id) THEN
    RAISE EXCEPTION 'a right that the deal grants is not registered'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_rights_registered';
  END IF;
  IF NEW.state = 'SETTLED' THEN
    IF NOT egret_verdict_passes(NEW.id, NEW.terms_version, 'settlement', NEW.settled_at) THEN
      RAISE EXCEPTION 'no passing, unexpired verdict for settlement'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_verdict_for_settlement';
    END IF;
    IF NOT marketplace_deals_money_settled(NEW.id, NEW.amount_minor, NEW.currency) THEN
      RAISE EXCEPTION 'the settlement entry does not balance to the amount of the deal'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_money_settled';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION marketplace_deals_signed(p_deal uuid, p_hash text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(DISTINCT s.side) = 2 FROM marketplace_deals_signature s
  JOIN marketplace_deals_deal d ON d.id = s.deal_id
  JOIN registry_parties_signingkey k ON k.id = s.signing_key_id
  WHERE s.deal_id = p_deal AND s.terms_hash = p_hash
    AND k.organisation_id = CASE s.side WHEN 'seller' THEN d.seller_id ELSE d.buyer_id END;
$$;

CREATE FUNCTION marketplace_deals_rights_registered(p_deal uuid, p_buyer uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(*) > 0 AND bool_and(g.id IS NOT NULL) FROM marketplace_deals_dealright r
  LEFT JOIN registry_rights_grant g
    ON g.id = r.grant_id AND g.deal_id = r.deal_id AND g.object_id = r.object_id AND g.kind = r.kind AND g.holder_id = p_buyer
   AND g.valid @> r.valid AND upper_inf(g.recorded)
  WHERE r.deal_id = p_deal;
$$;

CREATE FUNCTION marketplace_deals_money_settled(p_deal uuid, p_amount bigint, p_unit text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT
    coalesce((SELECT e.state = 'RELEASED' AND e.amount_minor = p_amount AND e.currency = p_unit
      AND (SELECT sum(m.amount) FROM settlement_move m JOIN settlement_account a ON a.market = m.market AND a.id = m.src
            WHERE m.market = e.market AND m.entry = e.out_entry AND m.unit = p_unit AND a.kind = 'ESCROW' AND a.owner = p_deal) = p_amount
      AND (SELECT b.amount FROM settlement_balance b JOIN settlement_account a ON a.market = b.market AND a.id = b.account
            WHERE a.market = e.market AND a.kind = 'ESCROW' AND a.owner = p_deal AND a.unit = p_unit) = 0
      FROM settlement_escrow_escrow e WHERE e.deal_id = p_deal), false);
$$;

CREATE TRIGGER marketplace_deals_guard BEFORE UPDATE ON marketplace_deals_deal FOR EACH ROW EXECUTE FUNCTION marketplace_deals_guard();

CREATE FUNCTION marketplace_deals_born_requested() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'REQUESTED' OR NEW.version <> 1 THEN
    RAISE EXCEPTION 'a deal begins as a request' USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_born_requested';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER marketplace_deals_born_requested BEFORE INSERT ON marketplace_deals_deal
  FOR EACH ROW EXECUTE FUNCTION marketplace_deals_born_requested();

CREATE FUNCTION marketplace_deals_right_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.deal_id, NEW.object_id, NEW.kind, NEW.valid, NEW.exclusive, NEW.scope)
     IS DISTINCT FROM (OLD.deal_id, OLD.object_id, OLD.kind, OLD.valid, OLD.exclusive, OLD.scope)
     OR (OLD.grant_id IS NOT NULL AND NEW.grant_id IS DISTINCT FROM OLD.grant_id) THEN
    RAISE EXCEPTION 'a right that a deal grants never changes' USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_right_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER marketplace_deals_right_fixed BEFORE UPDATE ON marketplace_deals_dealright
  FOR EACH ROW EXECUTE FUNCTION marketplace_deals_right_fixed();
"""

NO_GUARDS: Final = """
DROP TRIGGER marketplace_deals_right_fixed ON marketplace_deals_dealright;
DROP TRIGGER marketplace_deals_born_requested ON marketplace_deals_deal;
DROP TRIGGER marketplace_deals_guard ON marketplace_deals_deal;
DROP FUNCTION marketplace_deals_right_fixed, marketplace_deals_born_requested, marketplace_deals_guard, marketplace_deals_signed,
  marketplace_deals_rights_registered, marketplace_deals_money_settled;
"""
