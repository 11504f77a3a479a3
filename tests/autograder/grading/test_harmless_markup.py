"""Nothing that a student writes or prints acts in a page, or stalls what makes the page."""

import html
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pages import Page, acts

from autograder.grading.cell_outputs import safe_data
from autograder.grading.harmless_markup import (
    INVISIBLE,
    OWN,
    TAGS,
    inert_formula,
    inert_html,
    inert_markdown,
    with_own_ids,
    with_pictures,
)
from autograder.grading.harmless_text import without_escapes

LINKS = (
    "[x](javascript:alert(1))",
    "[x]( javascript:alert(1) 'title')",
    "[x](<javascript:alert(1)>)",
    "[x](\njavascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\\script:alert(1))",
    "[x](j\\avascript\\:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[![a](b.png)](javascript:alert(1))",
    "[a [b](javascript:alert(1)) c](d)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[y]\n\n[y]:\n  javascript:alert(1)\n  'title'",
    "[y]\n\n> [y]: <javascript:alert(1)>",
    "<javascript:alert(1)>",
    "| a |\n|---|\n| [x](javascript:alert(1)) |",
    "# [x](javascript:alert(1))",
    "<a href=javascript:alert(1)>x</a>",
    "<svg onload=alert(1)>",
    "<\x00script>alert(1)</script>",
    "<!--><script>alert(1)</script>",
    "```html\n<script>alert(1)</script>\n```",
    "`<script>`<script>alert(1)</script>",
    "![x](attachment:none)",
    "![x](attachm&#101;nt:none)",
    "![x](attachment\\:none)",
    "![x][y]\n\n[y]: attachment:none",
    "![x](attachment:picture-0)",
    "![x](attachment:picture-7)",
)


def leads(page: str) -> list[tuple[str, dict[str, str]]]:
    """Return the links and pictures of a page."""
    return [found for found in Page(page).found if found[0] in ("a", "img")]


def rendered(text: str, attachments: dict | None = None) -> str:
    """Return a written answer as nbgrader's pages show it."""
    renderer = IPythonRenderer(escape=False, attachments=attachments or {})
    return MarkdownWithMath(renderer=renderer).render(text)


def test_some_of_the_texts_would_act_without_care():
    assert sum(bool(acts(rendered(text))) for text in LINKS if "attach" not in text) > 10


@pytest.mark.parametrize("text", LINKS)
def test_no_text_acts_in_a_page_or_stops_its_making(text: str):
    assert acts(rendered(inert_markdown(text))) == []
    assert acts(rendered(inert_markdown(f"a {text} b\n\n{text}{text}"))) == []


@pytest.mark.parametrize("text", LINKS)
def test_no_html_among_the_outputs_acts(text: str):
    for page in (text, f"<b {text}", f'<a href="{text}">', f"<table><td>{text}"):
        assert acts(inert_html(page)) == []


@pytest.mark.parametrize(
    "text",
    [
        "[paper](https://example.org/a?b=c#d) and <b>",
        "[mail](mailto:a@b.org), [there](#there), [file](data/a_b-c.txt)",
        "![plot](plots/loss.png) ![photo](IMG_1.JPG) [x][1]\n\n[1]: http://example.org 'title'",
        "- [ ] open\n- [x] done: a[0](b)[1]: x = 3",
    ],
)
def test_honest_links_stay(text: str):
    assert inert_markdown(text).replace(INVISIBLE, "") == text
    links = [
        found for found in Page(rendered(inert_markdown(text))).found if found[0] in ("a", "img")
    ]
    assert links == [found for found in Page(rendered(text)).found if found[0] in ("a", "img")]


@pytest.mark.parametrize(
    "text",
    [
        "[x](page.html)",
        "[x](./page.HTML#there)",
        "[x](../../a/page.xhtml 'title')",
        "[x](<page.html>)",
        "[x](\npage.svg)",
        "[x](page%2Ehtml)",
        "[x](page\\.html)",
        "[x](page&period;html)",
        "[x](plot.png.html)",
        "[x](page.html?a=.png)",
        "[![x](plot.png)](page.html)",
        "![[x](page.html)",
        "\\![x](page.html)",
        "[x][y]\n\n[y]: page.html",
        "[y]\n\n> [y]:\n> page.html",
        "[y]\n\n[y]:\n   <page.html>",
    ],
)
def test_no_link_leads_to_a_page_that_a_student_has_handed_in(text: str):
    # formgrader hands it out, and what it runs could give points in the instructor's name
    assert any(tag == "a" for tag, _ in leads(rendered(text)))
    assert [tag for tag, _ in leads(rendered(inert_markdown(text))) if tag == "a"] == []


def test_a_picture_is_found_under_whatever_name_an_editor_refers_to_it():
    names = ("image.png", "Bildschirmfoto 2026-01-02 um 10.00.00.png", "größe.png", "a (1).png")
    pasted = {name: {"image/png": f"aGVsbG8{number}"} for number, name in enumerate(names)}
    text = (
        "![](attachment:image.png) ![](attachment:Bildschirmfoto%202026-01-02%20um%2010.00.00.png)"
        " ![](attachment:gr%C3%B6%C3%9Fe.png) ![](attachment:a%20(1).png) ![](attachment:lost.png)"
    )
    text, pictures = with_pictures(text, pasted)
    page = rendered(inert_markdown(text, len(pictures)), pictures)
    shown = [attributes["src"] for tag, attributes in Page(page).found if tag == "img"]
    assert shown == [f"data:image/png;base64,aGVsbG8{number}" for number in range(4)]


COMMANDS = (
    r"\href{javascript:alert(1)}{x}",
    r"\ href{x}{y}",
    r"\mmlToken{mi}[href='x']{y}",
    r"\let\a=\href \a{x}{y}",
    r"\require{html}",
    r"\style{position:fixed}{x}",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_formula_follows_a_link_or_lays_something_over_the_page(command: str):
    bad = re.compile(r"\\\s*(href|mmlToken|require|style)")
    hidden = command.replace("\\", "&#x5c;").replace("h", "&#104;")
    assert bad.search(command)
    for kind, text in (
        ("text/latex", f"$${command}$$"),
        ("text/markdown", f"${command}$"),
        ("text/html", f"<p>${command}$</p>"),
        ("text/html", f"<p>${hidden}$</p>"),
    ):
        (made,) = safe_data({kind: text}).values()
        assert not bad.search(html.unescape(made)), made
    assert inert_formula(r"\frac{x}{\sqrt{d}} \hrefx") == r"\frac{x}{\sqrt{d}} \hrefx"


@given(
    text=st.text()
    | st.lists(
        st.sampled_from(
            [
                "<b>",
                "</b>",
                "<p>",
                "<a href=x>",
                "<li>",
                "</ul>",
                "<ul>",
                "<table>",
                "<td>",
                "<script>",
                "</script>",
                "<!--",
                "-->",
                "<style",
                "'",
                '"',
                ">",
                "<",
                "&lt;",
                "&#60;",
                "x",
                "<br/>",
            ]
        )
    ).map("".join)
)
def test_whatever_html_is_shown_is_well_formed_and_lays_out_text(text: str):
    made = inert_html(text)
    assert inert_html(made) == made
    assert {tag for tag, _ in Page(made).found} <= TAGS
    assert acts(made) == []
    opened = re.findall(r"<(/?)(\w+)", made)
    standing: list[str] = []
    for is_end, tag in opened:
        if is_end:
            assert standing.pop() == tag
        elif tag not in ("br", "col", "hr"):
            standing.append(tag)
    assert standing == []


def test_a_table_stays_a_table():
    table = (
        "<style scoped>.dataframe { color: red }</style><table border='1' class='dataframe'>"
        "<thead><tr><th></th><th align=right>a &amp; b</th></tr></thead>"
        "<tbody><tr><th>0</th><td colspan=2>1 &lt; 2</td></tr></tbody></table>"
    )
    assert inert_html(table) == (
        '<table><thead><tr><th></th><th align="right">a &amp; b</th></tr></thead>'
        '<tbody><tr><th>0</th><td colspan="2">1 &lt; 2</td></tr></tbody></table>'
    )


def seconds(do: Callable[[], object]) -> float:
    start = time.process_time()
    do()
    return time.process_time() - start


@pytest.mark.parametrize(
    "piece",
    [
        "<b>",
        "<p><b>",
        "<a href=x>x",
        "</b>",
        "<!--",
        "<script>",
        "<a ",
        "&",
        "&#",
        "<table><td>",
        "<b x=1>",
        '<a "',
        "</script ",
        "<style></style ",
    ],
)
def test_html_takes_time_in_proportion_to_its_length(piece: str):
    text = piece * (1_000_000 // len(piece))
    assert seconds(lambda: inert_html(text)) < 10


@pytest.mark.parametrize(
    "piece",
    [
        r"\begin{a}",
        r"\begin{a} \end{b}",
        r"\\[",
        r"\\(",
        "$a ",
        "[",
        "](",
        "[x](",
        "![",
        "[x]: y\n",
        "*a_",
        "`",
        "<",
        "\\\n",
        "](   ",
    ],
)
def test_no_text_stalls_the_page(piece: str):
    text = piece * (100_000 // len(piece))
    assert seconds(lambda: rendered(inert_markdown(text))) < 10


COMMANDS = (  # of a terminal
    "\x1b[31mred\x1b[0m",
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]52;c;cm0gLXJm\x1b\\",
    "\x9b5n",
    "\x1bP+q544e\x1b\\",
    "\x1b]8;;http://example.org\x07here\x1b]8;;\x07",
    "\x1bc",
    "\x1b(0",
    "\x07\x08",
    "\x1b]\x1b[\x1b",
    "\u202egnp.exe\u202c",
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", ["text/plain", "text/html", "text/markdown", "text/latex"])
def test_nothing_that_is_stored_moves_a_terminal(command: str, form: str):
    shown = safe_data({form: f"before {command}\n\tafter"})[form]
    assert not set(shown) & set("\x07\x08\x1b\x9b\u202e")
    assert shown.startswith("before ")
    assert shown.endswith("\n\tafter")
    assert inert_markdown(command) == inert_markdown(without_escapes(command))


def test_commands_without_end_do_not_stall_the_page():
    for piece in ("\x1b[1mx\x1b[\x1b[0m", "\x1b]", "\x1bP", "\x1b[" + "0;" * 50, "\x9b"):
        assert seconds(lambda piece=piece: without_escapes(piece * 200_000)) < 10


REMOTE_PICTURES = (
    "![x](http://elsewhere/x.png)",
    "![x](//elsewhere/x.png)",
    "![x]( https://elsewhere/x.png 'x')",
    "![x][y]\n\n[y]: http://elsewhere/x.png",
    "![y]\n\n[y]: http://elsewhere/x.png",
    "![a ![b](c.png)](http://elsewhere/x.png)",
    "![x](/logout?x.png)",
    "[![x](http://elsewhere/x.png)](http://elsewhere/)",
    "![x](<http://elsewhere/x.png>)",
    "<img src=http://elsewhere/x.png>",
    "![x](\\\\elsewhere/x.png)",
    "![x](http&colon;//elsewhere/x.png)",
    "!\x1b[[x](http://elsewhere/x.png)",
)


@pytest.mark.parametrize("text", REMOTE_PICTURES)
def test_no_picture_is_fetched_from_elsewhere(text: str):
    sources = [
        attributes["src"]
        for tag, attributes in Page(rendered(inert_markdown(text))).found
        if tag == "img"
    ]
    assert sources in ([], ["c.png"])


def test_a_drawing_in_text_is_shown_as_text():
    for fence in ("```mermaid", "~~~ mermaid", "````  mermaid"):
        page = rendered(inert_markdown(f"{fence}\ngraph TD\n{fence.split('m')[0].strip()}"))
        assert not [a for _, a in Page(page).found if "mermaid" in a.get("class", "").split()]


def test_the_students_own_pictures_stay():
    text, pictures = with_pictures("![a plot](plots/one.png) ![](attachment:b.png)", {"b.png": {}})
    assert inert_markdown(text, len(pictures)) == text


IDS = (
    "# why_not_generate",
    "## check_softmax",
    "why_not_generate-comment\n===",
    "# MathJax\n# formgrader",
    "[to](#a)\n# a",
    "<h1 id=why_not_generate name='x'>",
    "# statusmessage",
)


@pytest.mark.parametrize("text", IDS)
def test_no_heading_takes_the_id_of_a_field(text: str):
    for source in (text, inert_markdown(text)):
        for tag, attributes in Page(with_own_ids(rendered(source))).found:
            for name in ("id", "name"):
                assert attributes.get(name, OWN).startswith(OWN), tag


def test_links_within_the_text_lead_where_they_led():
    page = Page(with_own_ids(rendered("# A b\n[to](#A-b) [away](http://example.org/#A-b)")))
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    links = [attributes["href"] for tag, attributes in page.found if tag == "a"]
    assert links == [f"#{ids[0]}", f"#{ids[0]}", "http://example.org/#A-b"]
