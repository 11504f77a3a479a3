"""The built book as files: whole, without broken links, asking nothing of other hosts."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from course.alternatives import fault, pictures

from solutions.materials.packages import PACKAGES

ROOT = Path(__file__).parents[2]
LOADING = {
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
    ("link", "href"),
    ("form", "action"),
    ("use", "xlink:href"),
    ("image", "xlink:href"),
}


def listed_pages() -> list[str]:
    """The pages of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    return [toc["root"], *chapters]


class Page(HTMLParser):
    """A page's identifiers, links, and what it loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.identifiers: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id":
                self.identifiers.append(value)
            elif tag == "a" and name == "href":
                self.links.append(value)
            elif (tag, name) in LOADING:
                self.loads.append(value)


@cache
def read(file: Path) -> Page:
    return Page(file.read_text(encoding="utf-8"))


def html_files(site: Path) -> list[Path]:
    return sorted(file for file in site.rglob("*.html") if "_static" not in file.parts)


@pytest.mark.parametrize("page", listed_pages())
def test_every_page_of_the_table_of_contents_was_built(site: Path, page: str):
    assert (site / f"{page}.html").is_file()


def test_every_page_source_is_in_the_table_of_contents():
    sources = {f"chapters/{file.stem}" for file in (ROOT / "chapters").glob("*.md")}
    assert sources - {"chapters/README"} == set(listed_pages())


def test_no_page_links_to_nothing(site: Path):
    broken = []
    for file in html_files(site):
        for link in read(file).links + read(file).loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith("data:"):
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if target.is_dir():
                target /= "index.html"
            if not target.is_file() or (
                parts.fragment and unquote(parts.fragment) not in read(target).identifiers
            ):
                broken.append((file.name, link))
    assert broken == []


def test_no_identifier_stands_twice_on_a_page(site: Path):
    for file in html_files(site):
        identifiers = read(file).identifiers
        assert sorted(set(identifiers)) == sorted(identifiers), file.name


def test_nothing_is_loaded_from_another_host(site: Path):
    outside = []
    for file in html_files(site):
        outside += [(file.name, x) for x in read(file).loads if urlsplit(x).netloc]
        outside += re.findall(r"(?:src|url\()\s*=?\s*[\"']?(?:https?:)?//", file.read_text())
    for file in site.rglob("*.css"):
        outside += re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*", file.read_text())
    for file in site.rglob("*.js"):
        text = re.sub(r"/\*.*?\*/|^\s*//.*?$", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
        outside += [
            (file.name, x)
            for x in re.findall(r"https?://[^\s\"'`]+", text)
            if not x.startswith("http://www.w3.org/")
        ]
    assert outside == []


def test_icon_fonts_thebe_and_a_math_engine_are_not_served(site: Path):
    served = {file.name for file in site.rglob("*.js")}
    assert not [name for name in served if re.search("fontawesome|thebe|mathjax|katex", name, re.I)]


def test_every_figure_says_what_it_shows_and_no_two_say_the_same(site: Path):
    texts = [text for file in html_files(site) for text in pictures(file.read_text("utf-8"))]
    assert [fault(text) for text in texts if fault(text)] == []
    assert sorted(set(texts)) == sorted(texts)


def test_the_sitemap_has_every_page(site: Path):
    sitemap = (site / "sitemap.xml").read_text()
    assert sorted(re.findall(r"<loc>.*?/(chapters/[\w-]+)\.html</loc>", sitemap)) == sorted(
        listed_pages()
    )


def test_a_page_with_cells_says_how_long_they_took(site: Path):
    for page in listed_pages():
        source = (ROOT / f"{page}.md").read_text()
        html = (site / f"{page}.html").read_text()
        assert ("```{code-cell}" in source) == ('class="ran-for"' in html), page


def test_the_site_address_leads_to_the_first_page(site: Path):
    assert 'url=chapters/index.html"' in (site / "index.html").read_text()


def test_no_page_needs_more_than_a_megabyte_before_its_figures(site: Path):
    for page in listed_pages():
        file = site / f"{page}.html"
        local = {
            (file.parent / urlsplit(x).path).resolve() for x in read(file).loads if x[:4] != "data"
        }
        scripts = [f for f in local if f.suffix in {".js", ".css"}]
        assert sum(f.stat().st_size for f in scripts) < 120_000, page


def test_every_declared_package_has_its_card(site: Path):
    page = (site / "chapters/data.html").read_text(encoding="utf-8")
    for package in PACKAGES.values():
        assert f"{package.name}=={package.version}" in page
        assert package.sha256 in page
