"""The logbook's PDF: its structure, fonts, words and secrets, read back from the file itself."""

import io
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.utils.translation import override
from pdfua import Severity, Validator

from meetings.paper import Entry, Gathering, LogbookPaper, Mark, Participant, PlanRow, Voice, render
from yhteiso.lib.pdf import PDF_DIR, ForbiddenAddress, read_local, render_pdf

AATU = LogbookPaper(
    reference="7K2M-41SX-Q9",
    recipient_name="Sari Hietaniitty",
    recipient_unit="Perheohjauksen yksikkö",
    made_at=datetime(2026, 6, 16, 12, 58, tzinfo=UTC),
    copy_number=3,
    copies=6,
    heading_names=("Aatu",),
    meeting=Gathering("tiistaina 16.6.2026 klo 14.30-15.45", "Päiväkoti Pikkukäpy"),
    family=(
        Participant("Aatu", "4 v"),
        Participant("Jenna Suvilehto", "äiti"),
        Participant("Marko Suvilehto", "isä", note="etänä"),
    ),
    network=(
        Participant("Kaisa Koivupuro", "varhaiskasvatuksen opettaja", "Pikkukäpy", "kirjasi"),
        Participant("Riikka Tuulenpää", "koordinaattori", "Lakeuden alue"),
    ),
    consent="Äiti 5.6., isä 11.6. Voimassa 31.12.2026 asti, voi perua milloin tahansa.",
    entries=(
        Entry(Mark.STRENGTH, "Päiväkoti", "”Oiva odottaa aina ovella.”", "Aatu", "leikki ja kaverit"),
        Entry(Mark.BOTH, "Koti", "Sámegillii: šaddá, áŋŋel, đ, Ž, č, ŧ ja Åke.", "Jenna", "arjen rytmi"),
        Entry(Mark.VULNERABILITY, "Koti", "Yövuoron jälkeen aamut\nalkavat väsyneinä.", "Jenna"),
    ),
    child_voices=(Voice("”Haluan että äiti hakee kun on vielä valoisaa.”", "Aatu, paikalla, piirtäessään"),),
    plan=(
        PlanRow("Aatu kattaa aamupalan", "Kaisa Koivupuro", "ma 22.6. alkaen", "lupaus", "Pikkukäpy"),
        PlanRow("Mummo hakee Aatun klo 15", "Raili, mummo", "joka pe", "perheen teko"),
    ),
    dissent=(Voice("”Minusta Aatu ei ole väsynyt.”", "Marko, isä, 16.6.2026"),),
    next_meeting=Gathering("torstaina 2.7.2026 klo 14.30", "Päiväkoti Pikkukäpy"),
    left_out="neuvolan ja vapaa-ajan teemat (2 kohtaa).",
)
BARE = replace(AATU, entries=(), child_voices=(), plan=(), dissent=(), consent="", left_out="", next_meeting=None, family=())


@pytest.fixture(scope="module")
def aatu() -> bytes:
    return render(AATU)


@pytest.fixture(scope="module")
def file(aatu: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(aatu)) as pdf:
        yield pdf


# -- reading a PDF back ------------------------------------------------------------------------------------------------


def letters_of(font: pikepdf.Object) -> dict[int, str]:
    """Glyph number -> text, from the font's ToUnicode table: what selecting and searching see."""
    table = font.ToUnicode.read_bytes().decode()
    found = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.S):
        for glyph, text in re.findall(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
    return found


def text_of(page: pikepdf.Page) -> str:
    """The text of a page in the order in which it is drawn; a space between two drawings."""
    fonts = {name: letters_of(font) for name, font in page.Resources.Font.items()}
    words, letters = [], {}
    for step in pikepdf.parse_content_stream(page):
        operands, operator = step.operands, str(step.operator)
        if operator == "Tf":
            letters = fonts[str(operands[0])]
        elif operator == "TJ":
            drawn = b"".join(bytes(part) for part in operands[0] if isinstance(part, pikepdf.String))
            words.append("".join(letters[int.from_bytes(drawn[i : i + 2])] for i in range(0, len(drawn), 2)))
        elif operator == "Tj":
            drawn = bytes(operands[0])
            words.append("".join(letters[int.from_bytes(drawn[i : i + 2])] for i in range(0, len(drawn), 2)))
    return " ".join(" ".join(words).split())


def text_of_all(data: bytes) -> str:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return " ".join(text_of(page) for page in pdf.pages)


def tags(node: pikepdf.Object) -> list[pikepdf.Object]:
    """Every structure element below a node, in reading order."""
    kids: Any = node.get("/K", [])
    found = [kid for kid in (kids if isinstance(kids, pikepdf.Array) else [kids]) if isinstance(kid, pikepdf.Dictionary)]
    return [tag for kid in found if "/S" in kid for tag in (kid, *tags(kid))]


def kinds(pdf: pikepdf.Pdf) -> list[str]:
    return [str(tag.S) for tag in tags(pdf.Root.StructTreeRoot)]


def everything(data: bytes) -> bytes:
    """The whole file with nothing packed."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(
            out,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return out.getvalue()


# -- structure ---------------------------------------------------------------------------------------------------------


def test_the_file_says_its_language_title_and_standard(file: pikepdf.Pdf) -> None:
    assert str(file.Root.Lang) == "fi"
    assert file.Root.MarkInfo.Marked
    assert file.Root.ViewerPreferences.DisplayDocTitle
    assert str(file.docinfo["/Title"]) == "Lokikirja 7K2M-41SX-Q9"
    with file.open_metadata() as meta:
        assert meta["dc:title"] == "Lokikirja 7K2M-41SX-Q9"
        assert meta["pdfuaid:part"] == "1"


def test_no_property_or_bookmark_names_anybody(file: pikepdf.Pdf) -> None:
    with file.open_metadata() as meta, file.open_outline() as outline:
        properties = [*(str(value) for value in file.docinfo.values()), *(str(meta[key]) for key in meta)]
        bookmarks = [entry.title for entry in outline.root] + [sub.title for top in outline.root for sub in top.children]
    assert bookmarks[0] == "Lokikirja"
    for name in ("Aatu", "Suvilehto", "Hietaniitty", "Jenna", "Pikkukäpy"):
        assert not [text for text in properties + bookmarks if name in text]
    assert name in text_of_all(render(AATU))


def test_headings_run_one_under_the_other(file: pikepdf.Pdf) -> None:
    headings = [kind for kind in kinds(file) if re.fullmatch("/H[1-6]", kind)]
    assert headings == ["/H1"] + ["/H2"] * 6


def test_each_cell_of_a_table_knows_its_heading(file: pikepdf.Pdf) -> None:
    tables = [tag for tag in tags(file.Root.StructTreeRoot) if tag.S == "/Table"]
    assert len(tables) == 2
    for table, columns, rows in zip(tables, (3, 4), (3, 2), strict=True):
        heads = [str(tag.ID) for tag in tags(table) if tag.S == "/TH"]
        cells = [tag for tag in tags(table) if tag.S == "/TD"]
        assert (len(heads), len(cells)) == (columns, columns * rows)
        assert [[str(head) for head in cell.A.Headers] for cell in cells] == [[head] for head in heads] * rows


def test_other_parts_are_tagged_as_what_they_are(file: pikepdf.Pdf) -> None:
    found = kinds(file)
    assert found.count("/BlockQuote") == 2
    assert {"/P", "/L", "/LI", "/Sect"} <= set(found)


@pytest.mark.parametrize("paper", [AATU, BARE], ids=["full", "bare"])
def test_the_checker_of_the_standard_finds_no_error(paper: LogbookPaper, tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(render(paper))
    outcomes = Validator().validate(str(path)).outcomes
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    assert len(outcomes) > 10
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    # Table cells name their headings by /Headers, which that rule doesn't read (see the test above).
    assert {finding.rule_id for finding in findings} <= {"UA-15-003"}


def test_every_font_is_our_own_embedded_and_readable(file: pikepdf.Pdf) -> None:
    fonts = [font for page in file.pages for font in page.Resources.Font.values()]
    descriptors = [font.DescendantFonts[0].FontDescriptor for font in fonts]
    assert fonts
    for font, descriptor in zip(fonts, descriptors, strict=True):
        assert "Hanken" in str(font.BaseFont)
        assert any(key in descriptor for key in ("/FontFile2", "/FontFile3"))
        assert letters_of(font)


# -- words -------------------------------------------------------------------------------------------------------------


def test_the_words_can_be_read_back(aatu: bytes) -> None:
    text = text_of_all(aatu)
    for words in (
        "Lokikirja – Aatu",
        "Verkostotapaaminen tiistaina 16.6.2026 klo 14.30-15.45, Päiväkoti Pikkukäpy",
        "Marko Suvilehto, isä (etänä)",
        "Kaisa Koivupuro, varhaiskasvatuksen opettaja, Pikkukäpy (kirjasi)",
        "+ Vahvuus Päiväkoti ”Oiva odottaa aina ovella.” Aatu · leikki ja kaverit",
        "– Haavoittuvuus Koti Yövuoron jälkeen aamut alkavat väsyneinä. Jenna",
        "”Haluan että äiti hakee kun on vielä valoisaa.”",
        "Mummo hakee Aatun klo 15 Raili, mummo joka pe perheen teko",
        "Joku näkee tämän toisin ”Minusta Aatu ei ole väsynyt.”",
        "torstaina 2.7.2026 klo 14.30, Päiväkoti Pikkukäpy",
        "Pois on jätetty: neuvolan ja vapaa-ajan teemat (2 kohtaa).",
    ):
        assert words in text


def test_letters_of_all_our_languages_can_be_read_back(aatu: bytes) -> None:
    text = text_of_all(aatu).replace(" ", "")  # letters from the second font file are drawn on their own
    assert "Sámegillii: šaddá, áŋŋel, đ, Ž, č, ŧ ja Åke.".replace(" ", "") in text


def test_every_page_says_secret_whose_copy_and_which_page(file: pikepdf.Pdf) -> None:
    pages = [text_of(page) for page in file.pages]
    assert len(pages) == 2
    for number, text in enumerate(pages, start=1):
        assert "Yhteiso · lokikirja" in text
        assert "SALASSA PIDETTÄVÄ JulkL 24 § 1 mom. 25 k." in text
        assert "Sari Hietaniitty, Perheohjauksen yksikkö · kappale 3/6 · tunniste 7K2M-41SX-Q9" in text
        assert "16.6.2026 klo 15.58" in text.replace("\u00a0", " ")  # 12.58 UTC
        assert f"sivu {number} / 2" in text


def test_empty_parts_say_so_or_are_left_out() -> None:
    text = text_of_all(render(BARE))
    for words in (
        "Suostumusta ei ole kirjattu.",
        "Tähän ei kirjattu tapaamisessa mitään.",
        "Lasten omia sanoja ei kirjattu.",
        "Tapaamisessa ei kirjattu lupauksia.",
        "Seuraavaa tapaamista ei ole vielä sovittu.",
        "Pois on jätetty: ei mitään.",
    ):
        assert words in text
    assert "Perhe " not in text
    assert "toisin" not in text


def test_a_protected_address_takes_places_units_and_areas_away(aatu: bytes) -> None:
    open_text, text = text_of_all(aatu), text_of_all(render(replace(AATU, protected=True)))
    for place in ("Pikkukäpy", "Perheohjauksen yksikkö", "Lakeuden alue"):
        assert place in open_text
        assert place not in text
    assert "Kaisa Koivupuro, varhaiskasvatuksen opettaja (kirjasi)" in text
    assert "tiistaina 16.6.2026 klo 14.30-15.45" in text


def test_a_draft_says_so_on_every_page() -> None:
    with pikepdf.open(io.BytesIO(render(replace(AATU, draft=True)))) as pdf:
        pages = [text_of(page) for page in pdf.pages]
    assert all("Yhteiso · lokikirja · LUONNOS" in text for text in pages)
    assert "Luonnos: lokikirjaa ei ole vielä hyväksytty." in pages[0]


def test_a_family_is_not_asked_to_file_its_copy(aatu: bytes) -> None:
    text = text_of_all(render(replace(AATU, for_register=False)))
    assert "rekisteri" in text_of_all(aatu)
    assert "rekisteri" not in text


def test_several_children_and_another_language() -> None:
    paper = replace(AATU, heading_names=("Aatu", "Helmi", "Oiva"), language="en")
    assert "Logbook – Aatu, Helmi and Oiva" in text_of_all(render(paper))
    with pikepdf.open(io.BytesIO(render(paper))) as pdf:
        assert str(pdf.Root.Lang) == "en"


def test_the_copy_says_when_it_was_made_in_finland() -> None:
    with override("fi"):
        assert replace(AATU, made_at=datetime(2026, 1, 31, 22, 5, tzinfo=UTC)).made == "1.2.2026 klo\u00a00.05"
    with pytest.raises(ValueError, match="time zone"):
        render(replace(AATU, made_at=datetime(2026, 6, 16, 15, 58)))


def test_long_finnish_words_are_hyphenated_and_names_never() -> None:
    words = " ".join(["varhaiskasvatuskeskustelu lastensuojeluilmoituksesta"] * 30)
    people = tuple(Participant(f"Vanhemmainvaltuutettu{letter} Kivenlahdenrantala{letter}") for letter in "abcdefgh")
    text = text_of_all(render(replace(AATU, entries=(Entry(Mark.BOTH, "Koti", words, "Jenna"),), network=people)))
    broken = set(re.findall(r"([a-zäö]+)- ([a-zäö]+)", text))
    assert broken
    wholes = {"varhaiskasvatuskeskustelu", "lastensuojeluilmoituksesta"}
    assert {first + rest for first, rest in broken} <= wholes
    syllables = "var-hais-kas-va-tus-kes-kus-te-lu las-ten-suo-je-lu-il-moi-tuk-ses-ta".replace(" ", "|")
    for first, rest in broken:
        at = [i for i, (a, b) in enumerate(_splits(syllables)) if a.endswith(first) and b.startswith(rest)]
        assert at, f"{first}-{rest}"
    for person in people:
        assert person.name in text


def _splits(syllables: str) -> list[tuple[str, str]]:
    """Both sides of every syllable boundary."""
    return [
        (syllables[:i].replace("-", ""), syllables[i + 1 :].replace("-", ""))
        for i, sign in enumerate(syllables)
        if sign == "-"
    ]


# -- what must not happen ----------------------------------------------------------------------------------------------


def test_what_people_wrote_stays_text() -> None:
    bad = '<img src="https://example.org/x.png"><b>Aatu</b> & "äiti" {{ paper }} {% now "Y" %}'
    paper = replace(AATU, recipient_name=f'"> {bad}', entries=(Entry(Mark.BOTH, "<h1>Koti</h1>", bad, bad, bad),))
    data = render(paper)
    assert bad in text_of_all(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert kinds(pdf).count("/H1") == 1
        assert "/Figure" not in kinds(pdf)


def test_the_file_tells_nothing_of_the_machine(aatu: bytes) -> None:
    content = everything(aatu)
    assert b"/StructTreeRoot" in content
    for trace in (str(PDF_DIR).encode(), b"file:", b"/tmp", b"weasyprint-"):
        assert trace not in content


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/x.css",
        "https://127.0.0.1/x.css",
        "ftp://example.org/x.css",
        "file:///etc/passwd",
        "file:///etc/hostname.css",
        "file://example.org/etc/passwd",
        "data:text/css,body{color:red}",
        f"{PDF_DIR.as_uri()}/../css/yhteiso.css",
        f"{PDF_DIR.as_uri()}/%2e%2e/css/yhteiso.css",
        f"{PDF_DIR.as_uri()}x/lokikirja-pdf.css",
        f"{PDF_DIR.as_uri()}/hyph_fi.dic",
        f"{PDF_DIR.as_uri()}/missing.css",
        f"{PDF_DIR.as_uri()}/fonts",
        "lokikirja-pdf.css",
        "",
    ],
)
def test_nothing_but_our_own_style_and_fonts_is_read(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        read_local(address)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.css").write_text("body { color: red }")
    folder = tmp_path / "pdf"
    folder.mkdir()
    (folder / "own.css").write_text("body { color: blue }")
    (folder / "linked.css").symlink_to(tmp_path / "secret.css")
    monkeypatch.setattr("yhteiso.lib.pdf.PDF_DIR", folder)
    assert read_local((folder / "own.css").as_uri()) == (b"body { color: blue }", "text/css")
    with pytest.raises(ForbiddenAddress):
        read_local((folder / "linked.css").as_uri())


@pytest.mark.parametrize(
    "tag",
    [
        '<img src="http://example.org/x.png" alt="">',
        '<img src="file:///etc/passwd" alt="">',
        '<link rel="stylesheet" href="../css/yhteiso.css">',
        '<style>@import "https://example.org/x.css";</style>',
        '<style>@font-face { font-family: X; src: url("file:///etc/passwd") } body { font-family: X }</style>',
        '<object data="http://example.org/x.svg"></object>',
    ],
)
def test_a_page_that_asks_for_anything_else_is_not_drawn(tag: str) -> None:
    page = '<html lang="fi"><head><title>Koe</title>{}</head><body><p>Koe</p>{}</body></html>'
    assert render_pdf(page.format("", "")).startswith(b"%PDF-1.7")
    with pytest.raises(ForbiddenAddress):
        render_pdf(page.format(tag, "") if "style" in tag else page.format("", tag))


def test_without_pango_the_error_says_what_to_install() -> None:
    program = (
        "import cffi\n"
        "def missing(*names): raise OSError(f'cannot load library {names}')\n"
        "cffi.FFI.dlopen = missing\n"
        "from yhteiso.lib.pdf import PdfUnavailable, render_pdf\n"
        "try:\n    render_pdf('<p>Koe</p>')\n"
        "except PdfUnavailable as error:\n    print('said:', error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=PDF_DIR.parents[1], check=True, timeout=60
    )
    assert "said: PDF files can't be made: install Pango" in run.stdout


# -- time --------------------------------------------------------------------------------------------------------------


def test_two_pages_take_less_than_two_seconds_once_warm(aatu: bytes) -> None:
    started = time.perf_counter()
    again = render(AATU)
    assert time.perf_counter() - started < 2
    with pikepdf.open(io.BytesIO(again)) as pdf:
        assert len(pdf.pages) == 2


@pytest.mark.parametrize(
    "words", ["ä" * 10_000, "sana " * 2_000, "kä" * 2_000, "&" * 5_000], ids=["letters", "words", "syllables", "signs"]
)
def test_a_very_long_text_is_drawn_in_reasonable_time(words: str) -> None:
    started = time.perf_counter()
    data = render(replace(AATU, entries=(Entry(Mark.BOTH, "Koti", words, "Jenna"),)))
    assert time.perf_counter() - started < 15
    drawn = re.sub(r"[\s\u200b-]", "", text_of_all(data))
    assert drawn.count(words[0]) >= words.count(words[0])
