"""From the chain of title in the register to the shares that a contract states."""

from collections import defaultdict
from datetime import date
from uuid import UUID

from pricing.fees.chain import Derivation, Licence, ShareTerm, share_terms
from registry.rights.selectors import title_chain


def share_terms_of(object_id: UUID, *, on: date) -> tuple[ShareTerm, ...]:
    """Every share in a sale of an object, as its licences stood on a day.

    Raises:
        TitleBroken: a licence relied on is not in force on the day.
        ChainError: the licences give away more than there is, or the chain is too long.
    """
    owners: dict[str, str] = {}
    licences: dict[str, list[Licence]] = defaultdict(list)
    for link in title_chain(object_id, on):
        product = str(link.product_object_id)
        owners[product] = str(link.licensee)
        licences[product].append(Licence(str(link.grant_id), str(link.licensor), str(link.source_object_id), link.income_share_ppm))
    return share_terms(str(object_id), {product: Derivation(owner, tuple(licences[product])) for product, owner in owners.items()})
