"""Every page in a browser: light and dark, on a phone and on a desktop."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
SCREENS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1366, "height": 900}}


def pages() -> list[str]:
    """Every page of the table of contents, and the search."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    return [f"{page}.html" for page in listed] + ["search.html"]


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open a page and, at the end, hold what its console and its requests said against it."""
    said, contexts = [], []

    def visit(page: str, screen: str = "desktop", theme: str = "light") -> Page:
        context = browser.new_context(
            viewport=SCREENS[screen], color_scheme=theme, reduced_motion="reduce"
        )
        contexts.append(context)
        opened = context.new_page()
        opened.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        opened.on("pageerror", lambda error: said.append(f"error: {error}"))
        opened.on("requestfailed", lambda request: said.append(f"failed: {request.url}"))
        opened.on(
            "request",
            lambda request: (
                request.url.startswith((address, "data:", "blob:"))
                or said.append(f"another host: {request.url}")
            ),
        )
        opened.on("response", lambda r: r.status < 400 or said.append(f"{r.status}: {r.url}"))
        opened.goto(address + page)
        opened.wait_for_load_state("networkidle")
        return opened

    yield visit
    for context in contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", pages())
def test_a_page_is_clean_accessible_and_fits(visit, name: str, screen: str, theme: str):
    page = visit(name, screen, theme)
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found] == []


def test_the_theme_follows_the_system_and_the_reader(visit):
    page = visit("chapters/index.html", theme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    button = page.locator(".theme-switch-button")
    button.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate(paper) != dark
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    button.click()
    assert page.evaluate(paper) == dark
    assert "dark" in button.get_attribute("aria-label")


def test_navigation_opens_and_closes_on_a_phone(visit):
    page = visit("chapters/index.html", "phone")
    navigation = page.get_by_role("navigation", name="Course")
    expect(navigation).not_to_be_visible()
    page.get_by_role("button", name="Open navigation").click()
    expect(navigation).to_be_visible()
    page.keyboard.press("Escape")
    expect(navigation).not_to_be_visible()
    page.get_by_role("button", name="Open navigation").click()
    navigation.get_by_role("link", name="Glossary").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Glossary")


def test_navigation_stands_open_on_a_desktop_and_marks_the_page(visit):
    page = visit("chapters/glossary.html")
    navigation = page.get_by_role("navigation", name="Course")
    expect(navigation).to_be_visible()
    expect(navigation.locator(".current > a")).to_have_text("Glossary")


@pytest.mark.parametrize("screen", SCREENS)
def test_search_finds_a_word(visit, screen: str):
    page = visit("chapters/index.html", screen)
    if screen == "phone":
        page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("searchbox", name="Search the course").fill("perplexity")
    page.keyboard.press("Enter")
    result = page.locator("#search-results li a").first
    expect(result).to_have_text("Glossary")
    result.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Glossary")


def test_the_search_page_says_when_it_finds_nothing(visit):
    page = visit("search.html?q=zyzzyva")
    expect(page.locator("#search-results")).to_contain_text("did not match any documents")


def test_the_keyboard_reaches_the_text_first(visit):
    page = visit("chapters/index.html")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main-content")).to_be_focused()


@pytest.mark.parametrize("name", pages())
def test_a_page_reads_without_scripts(browser: Browser, address: str, name: str):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + name)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Course")).to_be_visible()
    context.close()


def test_figures_change_with_the_theme(visit):
    colors = []
    for theme in ("light", "dark"):
        page = visit("chapters/index.html", theme=theme)
        page.evaluate("""document.querySelector("article").insertAdjacentHTML("beforeend",
            '<p id="probe" style="color: var(--figure-blue)">x</p>')""")
        colors.append(page.evaluate("getComputedStyle(document.querySelector('#probe')).color"))
    assert colors[0] != colors[1]


def test_a_figure_in_view_is_drawn_in_the_page_and_keeps_its_place_and_words(
    visit, browser: Browser, address: str
):
    for name in pages():
        context = browser.new_context(java_script_enabled=False)
        plain = context.new_page()
        plain.goto(address + name)
        images = plain.locator(".chart img")
        words = [image.get_attribute("alt") for image in images.all()]
        sizes = [
            (image.get_attribute("width"), image.get_attribute("height")) for image in images.all()
        ]
        context.close()
        if not words:
            continue
        page = visit(name)
        for image in page.locator(".chart").all():
            image.scroll_into_view_if_needed()
            expect(image.locator("svg")).to_be_visible()
        drawings = page.locator(".chart > svg")
        assert [drawing.get_attribute("aria-label") for drawing in drawings.all()] == words
        assert [
            (d.get_attribute("width"), d.get_attribute("height")) for d in drawings.all()
        ] == sizes
        assert page.locator(".chart svg style").count() == 0


def test_code_can_be_copied(visit):
    page = visit("chapters/data.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy code").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == "python -m solutions.materials.packages"
