"""Where advice stands. It is computed by a job and then never changes."""

from django.db.models import TextChoices


class State(TextChoices):
    """Where advice stands. 建议状态"""

    ASKED = "ASKED"
    GIVEN = "GIVEN"
    REFUSED = "REFUSED"
