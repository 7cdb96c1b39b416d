"""What this room tells the log. The one event of a screening is ``verdict.given``, which the rules store records."""

from typing import Final

from registry.log.schemas import declare

FLAG_RAISED: Final = declare("flag.raised", public=("flag", "subject_type", "subject", "matter", "degree"), sealed=("reason",))
FLAG_LIFTED: Final = declare("flag.lifted", public=("flag", "subject_type", "subject", "matter"), sealed=("reason",))
REFERRAL_OPENED: Final = declare("referral.opened", public=("referral", "verdict", "subject_type", "subject", "stage", "rules"))
REFERRAL_PROPOSED: Final = declare("referral.proposed", public=("referral", "allow"), sealed=("reason",))
REFERRAL_DECIDED: Final = declare("referral.decided", public=("referral", "allow", "verdict"), sealed=("reason",))
