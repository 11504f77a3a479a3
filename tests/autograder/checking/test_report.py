"""Reports escape everything, and say the same in HTML and in text."""

import html.parser

import pytest

from autograder.checking.judge import ExerciseResult, PartResult
from autograder.checking.report import as_html, as_text, summary_as_html, summary_as_text

EVIL = '<script>alert("1")</script>\x1b[31m&amp;'
RESULT = ExerciseResult(
    "attention.softmax" + EVIL,
    (
        PartResult("first" + EVIL, 1, True, tried="tried" + EVIL),
        PartResult(
            "second",
            2,
            False,
            tried=EVIL,
            message="message `code<i>`" + EVIL,
            line=EVIL,
            hint="a hint " + EVIL,
            call=EVIL,
            found=EVIL,
            expected=EVIL,
        ),
    ),
)

LONG = ExerciseResult(
    "attention.scaled_dot_product_attention",
    (
        PartResult("several keys", 1.5, False, tried="2 queries", found="tensor " + "word " * 40),
        PartResult("one key", 0.5, False, line="return " + "a_long_name_" * 20, message="wrong"),
    ),
)
# as bootstrap has it in feedback and formgrader, and JupyterLab in notebooks
SURROUNDINGS = {
    "feedback": "pre { word-break: break-all; word-wrap: break-word; }",
    "notebook": """
        .lab .common td, .lab :not(.text).common th, .lab :not(.text).common td,
        .lab .common tr { text-align: right; line-height: normal; padding: 0.5em; }
        .lab .common tbody tr:nth-child(even) { background: red; }
        .lab .common pre { padding: 0; }""",
}


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.opened, self.stack, self.text = set(), [], ""

    def handle_starttag(self, tag, attributes):
        self.opened.add(tag)
        if tag not in ("br", "meta"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text += data


def parsed(source):
    tags = Tags()
    tags.feed(source)
    tags.close()
    assert tags.stack == []
    return tags


def test_everything_is_escaped_in_html():
    for source in (as_html(RESULT, EVIL), summary_as_html([RESULT])):
        tags = parsed(source)
        assert "script" not in tags.opened
        assert "i" not in tags.opened
        assert "<script>" in tags.text


def test_html_and_text_say_the_same():
    text, page = as_text(RESULT, "printed"), parsed(as_html(RESULT, "printed")).text
    for words in ("1 of 3 points", "second", "message", "a hint", "printed", "not yet", "passed"):
        assert words in text
        assert words in page


def test_a_terminal_gets_no_control_characters():
    assert "\x1b" not in as_text(RESULT, EVIL)


def test_long_lines_are_wrapped_and_words_kept_whole():
    words = "every value is wrong and here is why " * 12
    part = PartResult("part", 1, False, message=words.strip())
    lines = as_text(ExerciseResult("a.b", (part,))).splitlines()
    assert max(map(len, lines)) <= 88
    assert " ".join(" ".join(lines).split()).endswith(words.strip())


def test_code_in_backticks_is_set_as_code():
    assert "<code>code&lt;i&gt;</code>" in as_html(RESULT)


def test_a_note_takes_the_place_of_the_parts():
    result = ExerciseResult("a.b", RESULT.parts, "not written yet")
    assert "not written yet" in as_text(result)
    assert "second" not in as_text(result)
    assert "second" not in as_html(result)


def test_colors_follow_the_theme_of_the_notebook_and_of_the_system():
    page = as_html(RESULT)
    assert "prefers-color-scheme: dark" in page
    assert 'data-jp-theme-light="false"' in page


def test_the_summary_adds_up():
    done = ExerciseResult("a.c", (PartResult("all", 2, True),))
    text = summary_as_text([RESULT, done])
    assert "3 of 5" in text
    assert "2 of 2" in text
    assert "3 of 5" in parsed(summary_as_html([RESULT, done])).text


def test_a_single_point_is_no_points():
    one = ExerciseResult("a.b", (PartResult("all", 1, True),))
    assert as_text(one).splitlines()[0] == "a.b: 1 of 1 point"


@pytest.fixture(params=SURROUNDINGS)
def shown(request, browser):
    """Show reports in a page of some width, among the rules of others."""
    with browser.new_context() as context:
        page = context.new_page()

        def show(width):
            reports = as_html(LONG) + summary_as_html([LONG])
            page.set_viewport_size({"width": width, "height": 800})
            page.set_content(
                f"<style>{SURROUNDINGS[request.param]}</style>"
                f'<div class="lab"><div class="common">{reports}</div></div>'
            )
            return page

        yield show


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_leaves_the_box_on_a_phone_or_a_desktop(shown, width):
    page = shown(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = """boxes => boxes.flatMap(box => [...box.querySelectorAll("*")].filter(
        one => one.getBoundingClientRect().right > box.getBoundingClientRect().right))"""
    assert page.locator(".autograder-report").evaluate_all(f"{beyond}.length") == 0


def test_what_happened_has_a_phones_width_to_itself(shown):
    cell = shown(390).locator(".ar-parts tbody td:nth-child(3)").first
    parts = cell.locator("xpath=..")
    assert cell.bounding_box()["width"] == pytest.approx(parts.bounding_box()["width"])


def test_values_break_between_words(shown):
    value = shown(390).locator("pre").first
    assert value.evaluate("one => getComputedStyle(one).wordBreak") == "normal"


def test_a_notebooks_own_rules_for_tables_do_not_show(shown):
    page = shown(1280)
    style = "getComputedStyle"
    for cell in page.locator(".ar-parts td:nth-child(3)").all():
        assert cell.evaluate(f"one => {style}(one).textAlign") == "left"
    for row in page.locator("tbody tr").all():
        assert row.evaluate(f"one => {style}(one).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert page.locator("pre").first.evaluate(f"one => {style}(one).padding") != "0px"
