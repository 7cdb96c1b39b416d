"""Who plays: seven organisations with their people, each person with an API key, the signatories with a key the platform never sees."""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.demo.client.api import Api

USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(slots=True)
class Person:
    """One human being acting for one organisation."""

    name: str
    id: str
    api: Api
    signing_key_id: str = ""
    private_key: Ed25519PrivateKey | None = field(default=None, repr=False)

    def sign(self, text: str) -> str:
        """Sign with the person's own key, base64.

        Raises:
            ValueError: the person has no signing key.
        """
        if self.private_key is None:
            message = f"{self.name} has no signing key"
            raise ValueError(message)
        return b64encode(self.private_key.sign(text.encode())).decode()


@dataclass(slots=True)
class Organisation:
    """One organisation of the demo and its people, the first of whom may bind it."""

    name_zh: str
    name_en: str
    id: str
    people: list[Person]

    @property
    def first(self) -> Person:
        """Its legal representative."""
        return self.people[0]

    @property
    def uuid(self) -> str:
        """Its key, as contracts and divisions name it."""
        return str(uuid_of(self.id))

    @property
    def api(self) -> Api:
        """Speaks for its first person."""
        return self.people[0].api


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who plays."""

    airport: Organisation
    weather: Organisation
    analytics: Organisation
    buyer: Organisation
    institution: Organisation
    registrar: Organisation
    regulator: Organisation

    def all(self) -> tuple[Organisation, ...]:
        """The seven organisations."""
        return (self.airport, self.weather, self.analytics, self.buyer, self.institution, self.registrar, self.regulator)


PLAYERS: Final = {
    "airport": ("MERCHANT", "鹭岛机场运营有限公司", "Ludao Airport Operating Co.", "Chen Wei 陈伟", "9135020000000000A"),
    "weather": ("MERCHANT", "海沧气象服务有限公司", "Haicang Weather Services Co.", "Lin Jing 林静", "9135020000000000B"),
    "analytics": ("MERCHANT", "集美数据分析有限公司", "Jimei Data Analytics Co.", "Wang Fang 王芳", "9135020000000000C"),
    "buyer": ("BUYER", "筼筜旅行科技有限公司", "Yundang Travel Technology Co.", "Liu Yang 刘洋", "9135020000000000D"),
    "institution": (
        "INSTITUTION",
        "厦门数据交易服务机构（演示）",
        "Xiamen Data Trading Service (demo)",
        "Zhang Min 张敏",
        "9135020000000000E",
    ),
    "registrar": ("REGISTRAR", "厦门数据登记机构（演示）", "Xiamen Data Registrar (demo)", "Huang Lei 黄磊", "9135020000000000F"),
    "regulator": ("REGULATOR", "厦门数据监管部门（演示）", "Xiamen Data Regulator (demo)", "Zhao Xin 赵欣", "9135020000000000G"),
}
"""Kind, names, first person, and the first 17 characters of a made-up unified social credit code."""

SECOND_PEOPLE: Final = {"registrar": "Wu Ying 吴颖", "regulator": "Sun Hao 孙浩", "institution": "Zheng Kai 郑凯"}
"""Four eyes are two people: those whose work needs a second one."""


def digest(text: str) -> str:
    """SHA-256 of a document that stands for a paper in the demo."""
    return hashlib.sha256(text.encode()).hexdigest()


def uscc(body: str) -> str:
    """A unified social credit code with its check character (GB 32100)."""
    total = sum(USCC_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return body + USCC_ALPHABET[(31 - total % 31) % 31]


def admit(operator: Api, url: str) -> Cast:
    """Have the operator admit every organisation, and each take on its second person where it needs one."""
    cast = Cast(**{key: _admit_one(operator, url, key) for key in PLAYERS})
    for organisation in cast.all():
        if organisation is not cast.institution:
            cast.institution.api.mutate(
                "organisationVerify",
                "organisation { verifiedAt }",
                organisationId=organisation.id,
                documentSha256=digest(f"business licence {organisation.name_en}"),
            )
    return cast


def give_signing_key(organisation: Organisation, person: Person) -> None:
    """Make a key pair in this process and register the public half with proof of possession."""
    key = Ed25519PrivateKey.generate()
    message = f"egret-signing-key-v1\n{uuid_of(organisation.id)}\n{uuid_of(person.id)}\n".encode()
    made = person.api.mutate(
        "signingKeyRegister",
        "signingKey { id }",
        publicKey=b64encode(key.public_key().public_bytes_raw()).decode(),
        proof=b64encode(key.sign(message)).decode(),
        authoritySha256=digest(f"authority to bind {organisation.name_en}"),
    )
    person.private_key, person.signing_key_id = key, made["signingKey"]["id"]


def uuid_of(global_id: str) -> UUID:
    """The UUID inside a global id: the people of the demo know the platform's published format for the bytes they sign."""
    text = b64decode(global_id.replace("-", "+").replace("_", "/") + "=" * (-len(global_id) % 4)).decode()
    return UUID(hex=text.partition(":")[2])


def _admit_one(operator: Api, url: str, key: str) -> Organisation:
    kind, name_zh, name_en, first, body = PLAYERS[key]
    made = operator.mutate(
        "organisationAdmit",
        "organisation { id } person { id } secret",
        kinds=[kind],
        nameZh=name_zh,
        nameEn=name_en,
        uscc=uscc(body),
        country="CN",
        firstPersonName=first,
        firstPersonAuthoritySha256=digest(f"authority to bind {name_en}"),
    )
    person = Person(first, made["person"]["id"], Api(url, made["secret"]))
    organisation = Organisation(name_zh, name_en, made["organisation"]["id"], [person])
    if key in SECOND_PEOPLE:
        organisation.people.append(_second_person(organisation, SECOND_PEOPLE[key], url))
    return organisation


def _second_person(organisation: Organisation, name: str, url: str) -> Person:
    api = organisation.api
    person: dict[str, Any] = api.mutate("personAdd", "person { id }", name=name, mayBind=False)["person"]
    viewer = api.query("{ viewer { scopes } clock { now } }")
    issued = api.mutate(
        "apiKeyIssue", "secret", personId=person["id"], scopes=viewer["viewer"]["scopes"], expiresAt=_in_half_a_year(viewer["clock"]["now"])
    )
    return Person(name, person["id"], Api(url, issued["secret"]))


def _in_half_a_year(now: str) -> str:
    return (datetime.fromisoformat(now) + timedelta(days=180)).isoformat()
