"""Our witness is asked what another project asks its own: the same requests over HTTP, the same answers.

Two answers differ. A log that is not watched is 404 by now, and was 403. The forged signature of the dialogue has stray low bits in its
base64: there it is read and found bad, 403; here it is no note, 400, and the same forgery in its one spelling is 403.

Source: FiloSottile/torchwood, cmd/litewitness/testdata (ISC), at commit 341dc2f; C2SP tlog-witness at commit 5ba5ee8.
"""

import http.client
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from registry.log.checkpoint import open_checkpoint
from registry.log.cosignature import WitnessSigner
from registry.log.note import Verifier
from registry.log.witness import SIZE_TYPE, Witness
from registry.log.witness_server import application

US = WitnessSigner("example.com/witness", b"\x05" * 32)
ORIGIN = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
LOG = Verifier(ORIGIN, bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f"))
FIRST = "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
THIRD = "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0="
FIFTH = "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY="
SIGNED = {
    1: (FIRST, "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY="),
    3: (THIRD, "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go="),
    5: (FIFTH, "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww="),
}
ONE_TO_THREE = ["KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
ONE_TO_FIVE = [
    *("KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI="),
    "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
]
THREE_TO_FIVE = [
    *("KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "KgMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    *("wgiIFdZfYNv6WU1OllBKsWnLYIS/DBMqt8Uh/S4OukE=", "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
]


def note(size, *, origin=ORIGIN, signature=None):
    root, signed = SIGNED[size]
    return f"{origin}\n{size}\n{root}\n\n— {origin} {signature or signed}\n"


def asked(old, proof, signed):
    return "\n".join([f"old {old}", *proof, "", signed]).encode()


MISSPELT = note(3, signature=SIGNED[3][1].replace("6go=", "6gx="))
FORGED = note(3, signature=SIGNED[3][1].replace("x6go", "x6gw"))
DIALOGUE = [
    ("the first checkpoint", asked(0, [], note(1)), 200, None),
    ("a forged signature with stray bits", asked(1, ONE_TO_THREE, MISSPELT), 400, None),
    ("the same without", asked(1, ONE_TO_THREE, FORGED), 403, None),
    ("another log", asked(1, ONE_TO_THREE, note(3, origin=ORIGIN[:-1] + "3")), 404, None),
    ("no proof", asked(1, [], note(3)), 422, None),
    ("a changed proof", asked(1, [ONE_TO_THREE[0], ONE_TO_THREE[1].replace("AAAA=", "AABA=")], note(3)), 422, None),
    ("the third", asked(1, ONE_TO_THREE, note(3)), 200, None),
    ("a size that is not the last", asked(1, ONE_TO_FIVE, note(5)), 409, "3\n"),
    ("the fifth", asked(3, THREE_TO_FIVE, note(5)), 200, None),
    ("from the beginning again", asked(0, [], note(5)), 409, "5\n"),
]


@pytest.fixture
def post(tmp_path):
    """Ask a running witness that watches the given logs; returns status, type and body."""
    running = []

    def ask(logs, body):
        if not running:
            running.append(make_server("127.0.0.1", 0, application(Witness(US, logs, tmp_path)), handler_class=Quiet))
            threading.Thread(target=running[0].serve_forever, daemon=True).start()
        link = http.client.HTTPConnection("127.0.0.1", running[0].server_port, timeout=60)
        try:
            link.request("POST", "/add-checkpoint", body)
            answer = link.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
        finally:
            link.close()

    yield ask
    for server in running:
        server.shutdown()
        server.server_close()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Say nothing."""


def test_the_whole_dialogue_of_nine_requests_and_one_more(post):
    for said, body, status, text in DIALOGUE:
        got, kind, told = post({ORIGIN: [LOG]}, body)
        assert (said, got) == (said, status), told
        assert (kind == SIZE_TYPE) is (status == 409)
        if text is not None:
            assert told == text
        if status == 200:
            signed = body.decode().partition("\n\n")[2].encode()
            assert open_checkpoint(signed + told.encode(), log=LOG, witnesses=[US.key])[1] == (LOG, US.key)


def test_the_sum_database_of_go_is_witnessed_under_an_origin_that_is_not_its_keys_name(post):
    key = Verifier.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    signed = (
        "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n— sum.golang.org "
        "Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=\n"
    )
    status, _, line = post({"go.sum database tree": [key]}, asked(0, [], signed))
    assert (status, line.startswith("— example.com/witness ")) == (200, True)
