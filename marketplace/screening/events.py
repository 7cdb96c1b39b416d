"""What this room tells the log. The one event of a screening is ``verdict.given``, which the rules store records."""

from typing import Final

from registry.log.schemas import declare

FLAG_RAISED: Final = declare("flag.raised", public=("flag", "subject_type", "subject"), sealed=("matter", "degree", "reason"))
FLAG_LIFTED: Final = declare("flag.lifted", public=("flag", "subject_type", "subject"), sealed=("matter", "reason"))
REFERRAL_OPENED: Final = declare("referral.opened", public=("referral", "verdict", "subject_type", "subject", "stage"), sealed=("rules",))
REFERRAL_PROPOSED: Final = declare("referral.proposed", public=("referral",), sealed=("allow", "reason"))
REFERRAL_DECIDED: Final = declare("referral.decided", public=("referral",), sealed=("allow", "verdict", "reason"))
