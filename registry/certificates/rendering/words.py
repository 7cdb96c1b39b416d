"""What the template is told: a face as JSON, in both languages, every text of the register as the font can draw it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from registry.certificates.rendering.face import Face, FaceRight
from registry.certificates.rendering.glyphs import MISSING, drawable
from registry.rules.calendar import CHINA

Both = tuple[str, str]
"""A text in Chinese and in English."""

RIGHTS: Final[dict[str, Both]] = {
    "HOLD": ("数据资源持有权", "HOLD: control the data"),
    "USE": ("数据加工使用权", "USE: process and use it"),
    "OPERATE": ("数据产品经营权", "OPERATE: offer products"),
}
KINDS: Final[dict[str, Both]] = {"RESOURCE": ("数据资源", "data resource"), "PRODUCT": ("数据产品", "data product")}
HOLDS: Final[dict[str, Both]] = {
    "DISPUTE": ("争议", "dispute"),
    "PLEDGE": ("质押", "pledge"),
    "COURT": ("司法保全", "court order"),
    "NOTICE": ("异议提示", "notice of objection"),
    "ORDER": ("监管命令", "regulator's order"),
}
ALLOWANCES: Final[dict[str, Both]] = {
    "derive": ("衍生加工", "derive"),
    "provide_derived": ("提供衍生产品", "provide derived products"),
    "sublicense": ("再许可", "sublicense"),
    "resale": ("转售", "resell"),
    "export": ("出境", "export"),
}
"""Names of what a scope may allow, in the order in which they are shown."""
TERRITORIES: Final[dict[str, Both]] = {"WORLD": ("全球", "Worldwide")}


def template_data(face: Face) -> str:
    """The template's data, as JSON with sorted keys."""
    names = [name for name in face.holder if name]
    drawn: dict[str, Any] = _drawn({
        "number": face.number,
        "title": f"数据产权登记证书 Certificate of Data Property-Rights Registration {face.number}",
        "issuer": {**_both(face.issuer), "id": face.issuer_id},
        "holder": {"first": names[0] if names else "", "second": names[1] if len(names) > 1 else "", "uscc": face.uscc},
        "object": {
            "name": face.object_name,
            "kind": _both(KINDS.get(face.object_kind, (face.object_kind, face.object_kind))),
            "identifier": face.identifier,
            "summary": face.summary,
        },
        "rights": [_right(right) for right in face.rights],
        "deposit": {"index": str(face.index), "origin": face.origin, "leaf": face.leaf, "event": face.event, "filing": face.filing},
        "note": _both(face.note),
        "sha256": face.sha256,
        "scanned": face.scanned,
        "attachment": f"{face.number}.json",
        "issued": _minute(face.issued_at),
        "status": _both(_status(face)),
    })  # fmt: skip
    # the template knows no zones, and what it writes into the file is read as UTC
    at = {name: getattr(face.issued_at.astimezone(UTC), name) for name in ("year", "month", "day", "hour", "minute", "second")}
    flags = {"changed": _changed(face), "substituted": MISSING in json.dumps(drawn, ensure_ascii=False)}
    return json.dumps({**drawn, **flags, "issued_at": at}, ensure_ascii=False, sort_keys=True)


def scope_words(right: FaceRight) -> Both:
    """What a right allows, where, and for which purposes: the same words on the paper and on the page that it is compared with."""
    allowed = [ALLOWANCES[name] for name in ALLOWANCES if name in right.allows]
    territory = TERRITORIES.get(right.territory, (right.territory, f"In {right.territory}"))
    chinese = [f"地域：{territory[0]}", f"许可：{'、'.join(each for each, _ in allowed) or '仅自用'}"]
    english = [f"{territory[1]}: {', '.join(each for _, each in allowed) or 'own use only'}"]
    if right.purposes:
        chinese.append(f"用途：{'、'.join(right.purposes)}")
        english.append(f"purposes: {', '.join(right.purposes)}")
    return "；".join(chinese), "; ".join(english)


def _right(right: FaceRight) -> dict[str, Any]:
    return {
        "name": _both(RIGHTS.get(right.kind, (right.kind, right.kind))),
        "exclusive": right.exclusive,
        "first": right.valid_from.isoformat(),
        "last": right.last_day.isoformat(),
        "ended_on": right.ended_on.isoformat() if right.ended_on else None,
        "scope": _both(scope_words(right)),
    }


def _changed(face: Face) -> bool:
    return face.revoked or bool(face.holds) or any(right.ended_on for right in face.rights)


def _status(face: Face) -> Both:
    ended = sum(right.ended_on is not None for right in face.rights)
    at, count = _minute(face.as_of), len(face.rights)
    revoked = ("本证书因错误核发已被撤销；", "this certificate is revoked as issued in error; ") if face.revoked else ("", "")
    chinese = f"截至 {at}（北京时间），{revoked[0]}"
    chinese += f"{count} 项权利中有 {ended} 项被提前终止" if ended else "所列权利均已登记，无一被提前终止"
    english = f"As of {at} (China time), {revoked[1]}"
    english += (
        f"{ended} of {count} rights were cut short of their term" if ended else "all rights above are registered and none was cut short"
    )
    if face.holds:
        chinese += f"；客体或其来源上的限制：{_holds(face, 0)}。"
        english += f"; holds on the object or on what it was made from: {_holds(face, 1)}."
    else:
        chinese += "；客体上没有限制。"
        english += "; no hold on the object."
    return chinese, english


def _holds(face: Face, language: int) -> str:
    kinds: Iterable[str] = dict.fromkeys(HOLDS.get(kind, (kind, kind))[language] for kind in face.holds)
    return ("、", ", ")[language].join(kinds)


def _minute(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def _both(texts: Both) -> dict[str, str]:
    return {"zh": texts[0], "en": texts[1]}


def _drawn(value: Any) -> Any:
    """The value with every text in it made drawable."""
    match value:
        case str():
            return drawable(value)
        case dict():
            return {name: _drawn(each) for name, each in value.items()}
        case list():
            return [_drawn(each) for each in value]
    return value
