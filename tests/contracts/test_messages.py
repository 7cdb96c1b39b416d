"""Every text that a person may read has its Chinese, and the compiled catalogue is the one of the sources."""

import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import polib
import pytest
from django.utils.translation import override

from registry.base.errors import BadInput, NotFound

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "scripts" / "messages"


@pytest.fixture(scope="module")
def messages():
    loader = SourceFileLoader("scripts_messages", str(SCRIPT))
    module = module_from_spec(spec_from_loader("scripts_messages", loader))
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode  # a program without a suffix would leave its bytecode in scripts/
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_no_text_lacks_its_chinese_and_the_compiled_catalogue_is_fresh():
    answer = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, timeout=120, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_every_kind_of_text_is_found(messages):
    source = (
        'gettext_noop("one " "two")\nngettext("%(n)s row", "%(n)s rows", 2)\nraise BadInput("field", "a rule")\n'
        'NotFound(noun="thing")\ngettext(self.message)\nBadInput("field", f"1 to {most}")\n'
    )
    assert set(messages.in_python(source, "x.py")) == {("one two",), ("%(n)s row", "%(n)s rows"), ("a rule",), ("thing",)}


def test_tables_are_found_by_the_name_that_django_gives_them(messages):
    abstract = "class Base(Model):\n    class Meta:\n        abstract = True\n"
    source = f"class DeepLake(Record):\n    pass\n{abstract}class Kind(TextChoices):\n    pass\n"
    assert list(messages.in_python(source, "lakes/models.py")) == [("deep lake",)]
    assert list(messages.in_python(source, "lakes/services.py")) == []


def test_texts_of_templates_are_found(messages):
    source = (
        """{% load i18n %}{% translate "Don't" %} {% blocktranslate trimmed %}\n 100% of {{ name }}\n{% endblocktranslate %}"""
        """{% blocktranslate count n=rows %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %} {{ _("Said") }}"""
    )
    assert list(messages.in_template(source, "x.html")) == [
        ("Don't",),
        ("100%% of %(name)s",),
        ("%(n)s row", "%(n)s rows"),
        ("Said",),
    ]


def test_a_text_put_together_before_its_translation_is_refused(messages):
    with pytest.raises(messages.NotLiteral, match=re.escape("x.py:1: gettext is given an f-string")):
        list(messages.in_python('gettext(f"{number} rows")', "x.py"))


@pytest.mark.parametrize(
    ("translation", "flags", "problem"),
    [("", [], "missing"), ("大小为 %(size)s", ["fuzzy"], "fuzzy"), ("大小", [], "other places"), ("大小为 %(size)s", [], None)],
)
def test_what_is_wrong_with_a_translation_is_named(messages, translation, flags, problem):
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid="size %(size)s", msgstr=translation, flags=flags, occurrences=[("x.py", "")]))
    assert [line.partition(":")[0] for line in messages.wrong(catalogue)] == ([problem] if problem else [])


def test_an_error_speaks_the_language_of_the_request():
    error = BadInput("validUntil", "not before today")
    assert error.text() == "validUntil is not acceptable: not before today"
    with override("zh-hans"):
        assert error.text() == "validUntil 不符合要求：不得早于今日"
        assert error.advice() == "请更正该值后重新发送请求。"
        assert NotFound(noun="deal").text() == "没有该交易，或者您无权查看。"
