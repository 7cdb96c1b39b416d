"""The relay of payments."""

from typing import Final
from uuid import UUID

from registry.base import work
from settlement.payments.services import CHARGE_TOPIC, LOOK_TOPIC, charge_look, charge_send, message_act

_HANDLERS: Final = {
    CHARGE_TOPIC: lambda item: charge_send(charge_id=UUID(item.payload["charge"])),
    LOOK_TOPIC: lambda item: charge_look(charge_id=UUID(item.payload["charge"])),
    "inbox.stripe": lambda item: message_act(inbox_id=UUID(item.payload["inbox"])),
}


def run_once() -> int:
    """Send stored charges, act on recorded messages, look after lost ones; returns how many items were taken."""
    return work.run_once(_HANDLERS)
