"""The credit code: published codes pass, and the database judges as the program does."""

import random

import pytest
from django.db import connection

from registry.parties.uscc import ALPHABET, check_character, uscc_valid

# as printed on the business licences of Huawei, Alibaba, Tencent, Baidu, and python-stdnum's example
PUBLISHED = ["914403001922038216", "91330100799655058B", "9144030071526726XG", "91110000802100433B", "91110000600037341L"]


@pytest.mark.parametrize("code", PUBLISHED)
def test_a_published_code_passes(code):
    assert uscc_valid(code)


@pytest.mark.parametrize(
    "code",
    ["", "9133010079965505", "91330100799655058C", "9133010079965505ΟB", "9133010O799655058B", "I1330100799655058B", "91330100799655058b"],
)
def test_what_is_no_code_is_told(code):
    assert not uscc_valid(code)


@pytest.mark.parametrize("code", PUBLISHED)
def test_every_single_substitution_is_caught(code):
    wrong = [code[:at] + other + code[at + 1 :] for at in range(18) for other in ALPHABET if other != code[at]]
    assert len(wrong) == 18 * 30
    assert not [each for each in wrong if uscc_valid(each)]


def test_the_database_judges_as_the_program_does(db):
    draw = random.Random(1)
    bodies = ["91" + f"{draw.randrange(10**6):06d}" + "".join(draw.choices(ALPHABET, k=9)) for _ in range(300)]
    codes = [body + check_character(body) for body in bodies] + [body + draw.choice(ALPHABET) for body in bodies] + PUBLISHED
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, egret_uscc_valid(code) FROM unnest(%s::text[]) AS code", [codes])
        found = dict(cursor.fetchall())
    assert found == {code: uscc_valid(code) for code in codes}
    assert sum(found.values()) >= 305
