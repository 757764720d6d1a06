"""Translations: our own compiler and the check that nothing lacks Finnish."""

import gettext
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from yhteiso.lib import translations

HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)


def compiled(tmp_path: Path, text: str) -> gettext.GNUTranslations:
    path = tmp_path / "django.po"
    path.write_text(HEAD + text, encoding="utf-8")
    translations.compile_file(path)
    return gettext.GNUTranslations(io.BytesIO(path.with_suffix(".mo").read_bytes()))


def test_texts_contexts_and_plurals_come_out_as_they_went_in(tmp_path: Path) -> None:
    found = compiled(
        tmp_path,
        'msgid "Board"\nmsgstr "Taulu"\n\nmsgctxt "verb"\nmsgid "Board"\nmsgstr "Nouse"\n\n'
        'msgid "%(n)d day"\nmsgid_plural "%(n)d days"\nmsgstr[0] "%(n)d päivä"\nmsgstr[1] "%(n)d päivää"\n\n'
        'msgid ""\n"Two "\n"lines"\nmsgstr "Kaksi \\"riviä\\"\\n"\n',
    )
    assert found.gettext("Board") == "Taulu"
    assert found.pgettext("verb", "Board") == "Nouse"
    assert found.ngettext("%(n)d day", "%(n)d days", 1) == "%(n)d päivä"
    assert found.ngettext("%(n)d day", "%(n)d days", 5) == "%(n)d päivää"
    assert found.gettext("Two lines") == 'Kaksi "riviä"\n'


def test_a_fuzzy_text_is_left_out(tmp_path: Path) -> None:
    assert compiled(tmp_path, '#, fuzzy\nmsgid "Board"\nmsgstr "Lauta"\n').gettext("Board") == "Board"


@pytest.mark.parametrize(
    "text",
    [
        'msgid "Board"\nmsgstr "Taulu\n',
        'msgid "%(n)d days"\nmsgstr "%(m)d päivää"\n',
        'msgid "Board"\nmsgstr "Taulu"\n\nmsgid "Board"\nmsgstr "Lauta"\n',
        'nonsense "Board"\n',
    ],
    ids=["quote", "placeholder", "twice", "keyword"],
)
def test_a_mistake_names_its_file_and_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(translations.TranslationError, match=r"django\.po"):
        compiled(tmp_path, text)


def test_every_text_of_ours_has_finnish(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        call_command("check_translations")
    except (CommandError, SystemExit):
        pytest.fail(capsys.readouterr().out)
