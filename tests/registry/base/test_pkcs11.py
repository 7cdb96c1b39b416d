"""A key in a device, tried with SoftHSM: it signs, from threads and forked workers too, and every failure says what to mend."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured

from registry.base.signing import Algorithm, CannotSign, KeyAddress, PublicKey, is_signed, key_address
from registry.base.signing.pkcs11 import TRIES
from tests.support.softhsm import P256, SoftHsm, softhsm

ADDRESS = "pkcs11:token=egret;object=certificate?module-path=/lib/p11.so&pin-source=file:/run/pin"

BEGIN = """
import json, os, sys, threading
from registry.base.signing import CannotSign, Pkcs11Signer, is_signed, key_address

def signer(uri):
    return Pkcs11Signer(key_address(uri))

def refusal(uri):
    try:
        return signer(uri).sign(b"message").hex()
    except CannotSign as error:
        return str(error)
"""
SIGN = BEGIN + "key = signer(sys.argv[1])\nprint(json.dumps([key.public_key.raw.hex(), key.sign(b'message').hex()]))"
REFUSE = BEGIN + "print(refusal(sys.argv[1]))"
THREADS = (
    BEGIN
    + """
key, found = signer(sys.argv[1]), []
def work(number):
    for turn in range(50):
        message = f"{number}/{turn}".encode()
        found.append(is_signed(key.public_key, message, key.sign(message)))
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(found), all(found))
"""
)
FORK = (
    BEGIN
    + """
from registry.base.signing.pkcs11 import _process
key = signer(sys.argv[1])
public = key.public_key
assert is_signed(public, b"before", key.sign(b"before"))
_process.lock.acquire()  # as another thread would hold it at the moment of the fork
children = []
for number in range(3):
    child = os.fork()
    if child == 0:
        good = all(is_signed(public, b"child", key.sign(b"child")) for _ in range(20))
        os._exit(0 if good else 1)
    children.append(child)
_process.lock.release()
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], is_signed(public, b"after", key.sign(b"after")))
"""
)
REMOVED = (
    BEGIN
    + """
import time
from pathlib import Path
from registry.base.signing.pkcs11 import REST_SECONDS, _Process
uri, tokens = sys.argv[1], Path(sys.argv[2])
key, tries, opened = signer(uri), 0, _Process._open
def counted(process, address):
    global tries
    tries += 1
    return opened(process, address)
_Process._open = counted
public = key.public_key
told = [is_signed(public, b"1", key.sign(b"1"))]
tokens.rename(tokens.with_name("away")); tokens.mkdir()
told += [refusal(uri), tries]
told += [{refusal(uri) for _ in range(20)} == {told[1]}, tries]  # told again from memory, however many ask
time.sleep(REST_SECONDS)
tokens.rmdir(); tokens.with_name("away").rename(tokens)
told.append(is_signed(public, b"2", key.sign(b"2")))
print(json.dumps(told))
"""
)
WRONG_PIN = (
    BEGIN
    + """
from pathlib import Path
import pkcs11
uri, pin = sys.argv[1], Path(sys.argv[2])
right = pin.read_text()
pin.write_text("9999")
told = [refusal(uri), refusal(uri)]
pin.write_text(right)
told.append(len(refusal(uri)))
print(json.dumps(told))
"""
)


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    return softhsm(tmp_path_factory.mktemp("softhsm"))


def test_a_key_made_inside_the_device_signs_and_anybody_verifies(device):
    public, signature = json.loads(device.run(SIGN, device.uri()))
    assert is_signed(PublicKey(Algorithm.ED25519, bytes.fromhex(public)), b"message", bytes.fromhex(signature))
    assert not is_signed(PublicKey(Algorithm.ED25519, bytes.fromhex(public)), b"massage", bytes.fromhex(signature))
    assert json.loads(device.run(SIGN, device.uri())) == [public, signature]


def test_threads_share_it(device):
    assert device.run(THREADS, device.uri()) == "200 True\n"


def test_forked_workers_begin_anew_and_the_parent_goes_on(device):
    assert device.run(FORK, device.uri()) == "[0, 0, 0] True\n"


def test_a_token_taken_out_is_told_and_put_back_is_used_again(tmp_path):
    own = softhsm(tmp_path)
    told = json.loads(own.run(REMOVED, own.uri(), str(tmp_path / "tokens")))
    assert told == [True, "there is no token 'egret' in the device", TRIES, True, TRIES, True]


def test_a_refused_pin_is_not_sent_twice_and_a_corrected_file_is_read(tmp_path):
    own = softhsm(tmp_path)
    assert json.loads(own.run(WRONG_PIN, own.uri(), str(tmp_path / "pin"))) == [
        "token 'egret' refuses the PIN (PinIncorrect)",
        "token 'egret' refused this PIN before; correct the file",
        128,
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"token": "other"}, "there is no token 'other' in the device"),
        ({"label": "other"}, "there is no key 'other' in token 'egret' with both halves on an Edwards curve"),
        ({"module_path": "/nowhere.so"}, "there is no PKCS#11 library /nowhere.so"),
        ({"pin_source": "file:/nowhere"}, "the file with the PIN of token 'egret' cannot be read"),
    ],
    ids=["token", "key", "library", "pin"],
)
def test_what_is_missing_is_named(device, changes, told):
    assert device.run(REFUSE, device.uri(**changes)) == f"{told}\n"


def test_a_file_that_is_no_such_library_is_named(device, tmp_path):
    library = tmp_path / "p11.so"
    library.write_text("text")
    told = device.run(REFUSE, device.uri(module_path=str(library)))
    assert told.startswith("the device fails at key 'certificate' in token 'egret': PKCS11Error")
    assert "1234" not in told


def test_a_key_on_another_curve_and_two_keys_of_one_name_are_refused(tmp_path):
    own = softhsm(tmp_path)
    own.add_key("egret", "p256", P256)
    assert own.run(REFUSE, own.uri(label="p256")) == "there is no key 'p256' in token 'egret' with both halves on an Edwards curve\n"
    own.add_key("egret", "certificate")
    assert own.run(REFUSE, own.uri()) == "there is more than one key 'certificate' in token 'egret'; name its id\n"


def test_an_address_is_read():
    assert key_address(ADDRESS) == KeyAddress("/lib/p11.so", "egret", "certificate", None, "/run/pin")
    by_id = "pkcs11:id=%01%FF;token=%E7%99%BD%20egret;type=private?module-path=/lib/p11.so"
    assert key_address(by_id) == KeyAddress("/lib/p11.so", "白 egret", None, b"\x01\xff", None)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "file:/key",
        "pkcs11:",
        "pkcs11:token=egret;object=certificate",
        "pkcs11:token=egret?module-path=/lib/p11.so",
        "pkcs11:object=certificate?module-path=/lib/p11.so",
        ADDRESS.replace("token=egret", "token="),
        ADDRESS.replace("token=egret", "token=egret;token=other"),
        ADDRESS.replace("object=", "type=public;object="),
        ADDRESS.replace("pin-source=file:/run/pin", "pin-source=pin"),
        ADDRESS.replace("pin-source=file:/run/pin", "pin-source=|/bin/cat"),
        ADDRESS.replace("pin-source=file:/run/pin", "pin-value=314159"),
        ADDRESS + "&x-unknown=1",
        ADDRESS.replace(";", ";manufacturer=M;"),
    ],
    ids=str,
)
def test_what_is_no_address_of_one_key_stops_the_start_and_says_no_pin(uri, monkeypatch):
    from registry.base.environment import WrongEnvironment, device_key  # noqa: PLC0415 beside the test that is about it

    with pytest.raises(CannotSign) as refused:
        key_address(uri)
    assert "314159" not in str(refused.value)
    monkeypatch.setenv("EGRET_CERTIFICATE_SIGNER", uri)
    if uri:
        with pytest.raises(WrongEnvironment, match=r"^EGRET_CERTIFICATE_SIGNER: "):
            device_key("EGRET_CERTIFICATE_SIGNER")
    else:
        assert device_key("EGRET_CERTIFICATE_SIGNER") == ""


def test_the_web_application_needs_one_of_the_two_keys(settings):
    from marketplace import wsgi  # noqa: PLC0415 its import checks the keys that this session has

    settings.EGRET_CERTIFICATE_KEY = ""
    with pytest.raises(ImproperlyConfigured, match="EGRET_CERTIFICATE_KEY"):
        wsgi._require_keys()
    settings.EGRET_CERTIFICATE_SIGNER = ADDRESS
    wsgi._require_keys()
