"""The paper says what the face says, whatever characters that holds; the same face gives the same bytes; the code on it can be read."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import unicodedata
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import pytest
import typst

from registry.certificates.rendering import pdf
from registry.certificates.rendering.face import Face, FaceRight
from registry.certificates.rendering.glyphs import FONT, MISSING, drawable
from registry.certificates.rendering.pdf import Busy, certificate_pdf, etag

ROOT = Path(__file__).resolve().parents[3]
CREDENTIAL = b'{"type":["VerifiableCredential"],"x":"\xe7\x99\xbd\xe9\xb9\xad"}'
AT = datetime(2026, 7, 10, 3, 4, 5, 678, tzinfo=UTC)
SCOPE = frozenset({"derive", "provide_derived", "sublicense", "resale"})


def right(kind="USE", **changes):
    given = {"exclusive": kind == "OPERATE", "valid_from": date(2026, 7, 1), "last_day": date(2029, 6, 30), "allows": SCOPE}
    return FaceRight(**{"kind": kind, "territory": "CN", **given, **changes})


FACE = Face(
    number="EGR-202607-0001",
    holder=("厦门机场数据有限公司", "Xiamen Airport Data Co., Ltd."),
    uscc="91350200MA2XW0AB4C",
    object_name="2013 departures",
    object_kind="RESOURCE",
    identifier="88.118.100111/7K3M9QX2B4DTC",
    summary="Every departure of three airports",
    rights=tuple(map(right, ("HOLD", "USE", "OPERATE"))),
    filing="0198f0a0-1111-7000-8000-000000000001",
    event="0198f0a0-1111-7000-8000-00000000abcd",
    index=123,
    origin="egret.example/log/0198f0a0-1111-7000-8000-00000000beef",
    leaf="0123456789abcdef" * 4,
    sha256="fedcba9876543210" * 4,
    note=("本证书并非国家数据产权登记凭证。", "Not a certificate of the national data property-rights registry."),
    issuer=("白鹭登记系统", "Egret register"),
    issuer_id="did:web:egret.example",
    issued_at=AT,
    as_of=AT,
    page="https://egret.example/certificates/EGR-202607-0001/",
)
NASTY = {
    "markup": "#data $x^2$ *b* _i_ `raw` @ref <label> = head",
    "code": '#read("/etc/passwd") #panic() #import "x.typ"',
    "brackets": r"[a] {b} (c) \ // line /* block */ ~ -- --- ...",
    "quotes": "\"double\" 'single' “curly” «angle»",
    "json": '","object":{"name":"other"},"x":"',
    "chinese": "数据资源《目录》（一），甲·乙；丙：丁！",
    "rare": "𠮷野家 㐂 龘",
    "long": "W" * 200,
    "long chinese": "数" * 200,
}
UNDRAWABLE = {
    "emoji": "a😀b",
    "hebrew": "aשb",
    "arabic": "aﷺb",
    "nul": "a\x00b",
    "bell": "a\x07b",
    "turned": "a\u202eb",
    "hidden": "a\u200bb",
    "choseong filler": "a\u115fb",
    "jungseong filler": "a\u1160b",
    "hangul filler": "a\u3164b",
    "halfwidth filler": "a\uffa0b",
}


def run(program, *arguments, given=None):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    return subprocess.run([program, *map(str, arguments)], input=given, capture_output=True, check=True).stdout


def pages(content, path):
    """The text of each page, without blanks; ligatures and compatibility forms as plain letters."""
    path.write_bytes(content)
    text = run("pdftotext", "-raw", path, "-").decode()
    return [re.sub(r"[\s\u200b]", "", unicodedata.normalize("NFKC", page)) for page in text.split("\f")[:-1]]


def plain(text):
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def test_the_paper_says_what_the_face_says_in_both_languages(tmp_path):
    (page,) = pages(certificate_pdf(FACE, CREDENTIAL), tmp_path / "c.pdf")
    for said in (
        *("数据产权登记证书", "Certificate of Data Property-Rights Registration", FACE.number, *FACE.note, *FACE.holder, FACE.uscc),
        *(
            FACE.object_name,
            "数据资源",
            "data resource",
            FACE.identifier,
            FACE.summary,
            "数据资源持有权",
            "数据加工使用权",
            "数据产品经营权",
        ),
        *(
            "2026-07-01 至 2029-06-30",
            "第 123 号",
            FACE.origin,
            FACE.leaf,
            FACE.event,
            FACE.filing,
            FACE.sha256,
            *FACE.issuer,
            FACE.issuer_id,
        ),
        *("2026-07-10 11:04", "截至 2026-07-10 11:04（北京时间），所列权利均已登记，无一被提前终止；客体上没有限制。"),
        *("As of 2026-07-10 11:04 (China time), all rights above are registered and none was cut short; no hold on the object.",),
        *("第 1 页，共 1 页", "Page 1 of 1", "not a certificate of the national registry", FACE.scanned),
    ):
        assert plain(said) in page, said
    assert page.count("是yes") == 1
    assert page.count("否no") == 2
    assert MISSING not in page


@pytest.mark.parametrize("name", NASTY)
def test_any_name_is_set_as_text_and_never_as_markup(name, tmp_path):
    text = NASTY[name]
    face = replace(FACE, holder=(text, text), object_name=text, summary=text, rights=(right(purposes=(text,)),))
    shown = "".join(pages(certificate_pdf(face, CREDENTIAL), tmp_path / "c.pdf"))
    assert shown.count(plain(text)) >= 3
    assert MISSING not in shown


@pytest.mark.parametrize("name", UNDRAWABLE)
def test_what_the_font_cannot_draw_is_seen_to_be_missing_and_explained(name, tmp_path):
    shown = "".join(pages(certificate_pdf(replace(FACE, object_name=UNDRAWABLE[name]), CREDENTIAL), tmp_path / "c.pdf"))
    assert f"a{MISSING}b" in shown
    assert plain("stands for a character that the font lacks") in shown


def test_a_text_is_drawn_on_one_line_and_marks_only_what_is_missing():
    assert drawable("a\tb\nc\u3000d") == "a b c d"
    assert drawable("白鹭 Egret 〓 𠮷") == "白鹭 Egret 〓 𠮷"
    assert drawable("\ud800\U0010ffff\ue000") == MISSING * 3
    assert drawable("") == ""


def test_every_page_of_a_long_certificate_bears_number_and_place(tmp_path):
    rights = tuple(right(kind, purposes=("x" * 64,) * 5) for kind in ("HOLD", "USE") * 25)
    face = replace(FACE, rights=rights, summary="数据简介。" * 80, holder=("长" * 200, "L" * 200))
    shown = pages(certificate_pdf(face, CREDENTIAL), tmp_path / "c.pdf")
    assert len(shown) > 5
    for number, page in enumerate(shown, start=1):
        assert FACE.number in page
        assert f"第{number}页,共{len(shown)}页" in page
        assert f"Page{number}of{len(shown)}" in page
    assert "".join(shown).count("2026-07-01至2029-06-30") == 50


def test_what_changed_since_the_issue_stands_in_the_open(tmp_path):
    ended = (*FACE.rights[:2], replace(FACE.rights[2], ended_on=date(2027, 3, 1)))
    face = replace(FACE, rights=ended, holds=("DISPUTE", "COURT", "DISPUTE"), as_of=datetime(2027, 2, 1, tzinfo=UTC))
    (shown,) = pages(certificate_pdf(face, CREDENTIAL), tmp_path / "c.pdf")
    status = plain("截至 2027-02-01 08:00（北京时间），3 项权利中有 1 项被提前终止；客体或其来源上的限制：争议、司法保全。")
    assert shown.count(status) == 1
    told = "1 of 3 rights were cut short of their term; holds on the object or on what it was made from: dispute, court order."
    assert shown.count(plain(told)) == 1
    assert plain("自 2027-03-01 起终止") in shown
    assert etag(face, CREDENTIAL) != etag(FACE, CREDENTIAL)


def test_the_same_face_gives_the_same_bytes_in_every_process():
    code = (
        "import hashlib; from tests.registry.certificates.test_rendering import CREDENTIAL, FACE;"
        "from registry.certificates.rendering.pdf import certificate_pdf, etag;"
        "print(hashlib.sha256(certificate_pdf(FACE, CREDENTIAL)).hexdigest(), etag(FACE, CREDENTIAL))"
    )
    found = {subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    certificate_pdf.cache_clear()
    first = certificate_pdf(FACE, CREDENTIAL)
    certificate_pdf(replace(FACE, index=124), CREDENTIAL)
    certificate_pdf.cache_clear()
    assert certificate_pdf(FACE, CREDENTIAL) == first
    assert found == {f"{hashlib.sha256(first).hexdigest()} {etag(FACE, CREDENTIAL)}\n"}


def test_it_declares_the_archival_standard_its_title_and_a_fixed_date(tmp_path):
    content = certificate_pdf(FACE, CREDENTIAL)
    declared = re.findall(rb"<pdfaid:(part|conformance)>(\w+)<|<pdfuaid:part>(\w)<", content)
    assert declared == [(b"part", b"3", b""), (b"conformance", b"A", b""), (b"", b"", b"1")]
    (tmp_path / "c.pdf").write_bytes(content)
    told = dict(line.split(":", 1) for line in run("pdfinfo", "-isodates", tmp_path / "c.pdf").decode().splitlines())
    told = {name: value.strip() for name, value in told.items()}
    assert told["Title"] == f"数据产权登记证书 Certificate of Data Property-Rights Registration {FACE.number}"
    assert told["Tagged"] == "yes"
    assert told["Page size"].endswith("(A4)")
    assert told["CreationDate"] == "2026-07-10T03:04:05Z"


FORBIDDEN = (
    *("Encrypt", "JavaScript", "JS", "AA", "OpenAction", "Launch", "GoToR", "SubmitForm", "Rendition", "Movie", "Sound", "RichMedia"),
    *("AcroForm", "XFA", "NeedsRendering", "Alternates", "OPI", "PS", "TR", "TR2", "HTP", "Interpolate", "LZWDecode", "Crypt", "FFilter"),
    *("DeviceRGB", "DeviceCMYK", "Type3", "ObjStm"),
)
"""What ISO 19005-3 forbids in a dictionary, and device colours, which it allows only beside what we do not set."""
STRING = rb"\((?:\\.|[^()\\])*\)"


def objects(content):
    """Dictionary and stream of each object by its number; the compiler packs none of them away."""
    found = re.findall(rb"\n(\d+) 0 obj\n(.*?)(?:\nstream\n(.*?)\nendstream)?\nendobj", content, re.DOTALL)
    assert len(found) == content.count(b" 0 obj\n")
    return {int(number): (head, stream) for number, head, stream in found}


def the(found, mark):
    (one,) = [head for head, _ in found.values() if mark in head]
    return one


def inflated(found, number):
    head, stream = found[int(number)]
    return zlib.decompress(stream) if b"/Filter/FlateDecode" in head else stream


def test_the_file_is_built_as_the_archival_standard_says():
    content = certificate_pdf(replace(FACE, holds=("COURT",), summary="数据 $x$ 😀" * 20), CREDENTIAL)
    found = objects(content)
    heads = b"\n".join(re.sub(STRING, b"()", head) for head, _ in found.values())
    assert [name for name in FORBIDDEN if re.search(rf"(?<!/S)/{name}(?![0-9A-Za-z])".encode(), heads)] == []  # /S/TR is a row of a table
    assert set(re.findall(rb"/Filter\s*(\S+?)(?=[/>\s])", heads)) == {b"/FlateDecode"}
    assert re.match(rb"%PDF-1\.7\n%[\x80-\xff]{4}\n", content)
    assert content.count(b"startxref") == content.count(b"%%EOF") == 1  # never changed after it was written
    assert re.search(rb"/ID\[\(.+?\)\(.+?\)\]>>\nstartxref", content)
    root = the(found, b"/Type/Catalog")
    for said in (b"/Lang(zh-CN)", b"/MarkInfo<</Marked true", b"/StructTreeRoot ", b"/DisplayDocTitle true", b"/AF[", b"/EmbeddedFiles<<"):
        assert said in root
    assert set(re.findall(rb"/Names<<(/\w+)", root)) == {b"/EmbeddedFiles"}
    assert b"/Filter" not in the(found, b"/Type/Metadata")
    intent = the(found, b"/Type/OutputIntent")
    profile = inflated(found, re.search(rb"/DestOutputProfile (\d+)", intent)[1])
    assert (b"/S/GTS_PDFA1" in intent, profile[12:20], profile[36:40], profile[8] <= 4) == (True, b"mntrRGB ", b"acsp", True)
    assert b"/AFRelationship/Source" in the(found, b"/Type/Filespec")
    link = the(found, b"/Type/Annot")
    assert [said in link for said in (b"/Subtype/Link", b"/F 4", b"/Contents(", b"/S/URI")] == [
        True
    ] * 4  # printed, described, no other act
    for number in re.findall(rb"/Contents (\d+) 0 R", heads):
        drawn = re.sub(STRING, b"()", inflated(found, number))
        assert re.findall(rb"(?<!\S)(?:rg|RG|g|G|k|K|sh|BI|PS)(?!\S)", drawn) == []  # every colour is by a profile


def test_qpdf_finds_no_fault_in_its_syntax(tmp_path):
    (tmp_path / "c.pdf").write_bytes(certificate_pdf(FACE, CREDENTIAL))
    told = run("qpdf", "--check", tmp_path / "c.pdf").decode()
    assert "No syntax or stream encoding errors found" in told
    assert "File is not encrypted" in told


def test_only_the_certificates_own_font_is_in_it_and_wholly(tmp_path):
    (tmp_path / "c.pdf").write_bytes(certificate_pdf(FACE, CREDENTIAL))
    rows = [line.split() for line in run("pdffonts", tmp_path / "c.pdf").decode().splitlines()[2:]]
    assert sorted(row[0].partition("+")[2] for row in rows) == [
        "NotoSansCJKsc-Regular-Identity-H",
        "NotoSansMonoCJKsc-Regular-Identity-H",
    ]
    assert {tuple(row[-5:-2]) for row in rows} == {("yes", "yes", "yes")}  # embedded, a subset, with a map to Unicode


def test_the_signed_credential_is_attached_byte_for_byte(tmp_path):
    (tmp_path / "c.pdf").write_bytes(certificate_pdf(FACE, CREDENTIAL))
    run("pdfdetach", "-save", "1", "-o", tmp_path / "a.json", tmp_path / "c.pdf")
    assert (tmp_path / "a.json").read_bytes() == CREDENTIAL
    assert f"{FACE.number}.json" in run("pdfdetach", "-list", tmp_path / "c.pdf").decode()


def test_the_code_leads_to_the_page_with_the_beginning_of_the_leaf_hash(tmp_path):
    (tmp_path / "c.pdf").write_bytes(certificate_pdf(FACE, CREDENTIAL))
    run("pdftoppm", "-r", "120", "-png", "-singlefile", tmp_path / "c.pdf", tmp_path / "c")
    read = run("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", tmp_path / "c.png").decode().strip()
    assert read == "https://egret.example/certificates/EGR-202607-0001/?leaf=0123456789abcdef"


def test_who_waits_too_long_for_a_turn_is_told_and_what_was_set_before_is_still_given(monkeypatch):
    first = certificate_pdf(FACE, CREDENTIAL)
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 0.05)
    with pdf._turn:
        assert certificate_pdf(FACE, CREDENTIAL) == first
        with pytest.raises(Busy):
            certificate_pdf(replace(FACE, index=7), CREDENTIAL)
    assert certificate_pdf(replace(FACE, index=7), CREDENTIAL) != first


def test_a_flood_is_turned_away_at_once_and_nobody_is_forgotten(monkeypatch):
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 300)
    certificate_pdf.cache_clear()
    faces = [replace(FACE, index=1000 + number) for number in range(8)]

    def ask(face):
        try:
            return certificate_pdf(face, CREDENTIAL)[:5]
        except Busy:
            return None

    with ThreadPoolExecutor(len(faces)) as pool:
        with pdf._turn:  # as if one were being set
            asked = [pool.submit(ask, face) for face in faces]
            away = len(faces) - pdf.ROOM_MAX
            assert [each.result() for each in islice(as_completed(asked, timeout=120), away)] == [None] * away
        assert list(filter(None, (each.result() for each in asked))) == [b"%PDF-"] * pdf.ROOM_MAX
    assert ask(faces[0]) == b"%PDF-"


def test_the_font_is_the_packages_and_no_other_is_looked_for():
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONT.parent)])
    assert {family for family in fonts.families() if family.endswith(" SC")} == {"Noto Sans CJK SC", "Noto Sans Mono CJK SC"}
