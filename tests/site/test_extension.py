"""What the book's extension refuses, and what it makes, shown on tiny books."""

import re
from pathlib import Path
from xml.etree import ElementTree

import figures
import pytest
from course.alternatives import fault, pictures
from course.freshness import local_modules
from course.mathematics import typeset
from course.pages import duration

PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
FINDING = "The causal model sees only earlier tokens."


@pytest.mark.parametrize(
    ("alt", "words"),
    [("", "no alt text"), ("loss-curve.png", "is a file name"), ("loss curve", "no finding")],
)
def test_a_figure_without_words_of_its_own_fails(build, alt: str, words: str):
    (build.folder / "picture.svg").write_text(PIXEL)
    warnings = build(index=f"# T\n\n![{alt}](picture.svg)\n")
    assert [words in warning for warning in warnings] == [True]


def test_two_figures_with_the_same_words_fail(build):
    (build.folder / "picture.svg").write_text(PIXEL)
    page = f"# T\n\n![{FINDING}](picture.svg)\n\n![{FINDING}](picture.svg)\n"
    assert ["is also the alt text" in warning for warning in build(index=page)] == [True]


def test_a_figure_with_a_finding_passes_and_a_second_build_still_fails_a_bad_one(build):
    (build.folder / "picture.svg").write_text(PIXEL)
    assert build(index=f"# T\n\n![{FINDING}](picture.svg)\n") == []
    assert len(build(index="# T\n\n![](picture.svg)\n")) == 1
    assert len(build()) == 1


def test_pictures_outside_the_article_and_hidden_ones_are_not_counted():
    html = (
        '<img src="a"><article><img src="b" alt="x"/><span aria-hidden="true"><svg/></span>'
        '<svg aria-hidden="true"><svg></svg></svg><svg><path/></svg></article><img src="c">'
    )
    assert pictures(html) == ["x", None]


def test_a_sentence_is_no_file_name():
    assert fault("Loss falls faster with warm-up.png at the end of it") is None
    assert fault("figure-3.svg") is not None


def test_math_becomes_html_without_a_script_and_holds_mathml():
    html = typeset(r"\frac{1}{\sqrt{d}}", False)
    assert "<math" in html
    assert "<script" not in html


def test_unknown_math_fails_the_build(build):
    warnings = build(index="# T\n\n$\\nosuchmacro{x}$\n")
    assert ["Undefined control sequence" in warning for warning in warnings] == [True]


def test_numbered_equations_are_numbered_once(build):
    page = "# T\n\n\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}\n\n$$x$$ (equation-x)\n"
    assert build(index=page) == []
    html = (build.folder / "out/index.html").read_text()
    assert 'class="eqn-num"' not in html
    assert html.count('class="eqno"') == 2


def test_an_explorer_without_its_module_or_its_label_fails(build):
    page = "# T\n\n:::{{explorer}} heads\n{}\n| a |\n|---|\n| b |\n:::\n"
    assert any(
        "no _static/explorers/heads.js" in w for w in build(index=page.format(":label: L\n"))
    )
    (build.folder / "static/explorers").mkdir()
    (build.folder / "static/explorers/heads.js").write_text("export default () => {};")
    assert any("needs a :label:" in w for w in build(index=page.format("")))
    assert build(index=page.format(":label: Every head\n")) == []
    html = (build.folder / "out/index.html").read_text()
    assert 'data-module="_static/explorers/heads.js"' in html
    assert "<td>" in html


DRAWING = """\
    ---
    file_format: mystnb
    kernelspec:
      name: python3
    ---
    # Title

    ```{code-cell} ipython3
    import sys; sys.path.insert(0, CHAPTERS)
    import matplotlib.pyplot as plt
    from figures import show
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    show(figure, alt="The line rises from one to two.")
    ```
    """


def test_a_drawing_becomes_a_lazy_image_with_its_words_and_both_themes(build):
    chapters = repr(str(Path(figures.__file__).parent))
    assert build(index=DRAWING.replace("CHAPTERS", chapters)) == []
    html = (build.folder / "out/index.html").read_text()
    (image,) = re.findall(r"<img[^>]*>", html)
    assert 'alt="The line rises from one to two."' in image
    assert 'loading="lazy"' in image
    assert 'width="672"' in image
    address = re.search(r'src="([^"]*)"', image)[1]
    drawing = (build.folder / "out" / address).read_text()
    ElementTree.fromstring(drawing)
    assert "@media (prefers-color-scheme:dark){:root{--figure-ink:#" in drawing
    assert "<svg" not in html.partition("<article")[2].partition("</article")[0]


def test_the_sitemap_is_whole_after_a_warm_build(build):
    pages = {"index": "# T\n\n```{toctree}\nother\n```\n", "other": "# O\n\nText.\n"}
    build(**pages)
    build(other="# O\n\nOther text.\n")
    sitemap = (build.folder / "out/sitemap.xml").read_text()
    assert "/index.html<" in sitemap
    assert "/other.html<" in sitemap


def test_a_page_that_is_no_more_leaves_the_built_book(build):
    build(index="# T\n\n```{toctree}\nother\n```\n", other="# O\n")
    (build.folder / "other.md").unlink()
    build(index="# T\n")
    assert not (build.folder / "out/other.html").exists()
    assert (build.folder / "out/index.html").exists()


def test_a_page_runs_again_when_what_it_imports_has_changed(build):
    notebook = """\
        ---
        file_format: mystnb
        kernelspec:
          name: python3
        ---
        # Title

        ```{code-cell} ipython3
        from local_answer import answer
        print("the answer is", answer())
        ```
        """
    module = "from local_number import NUMBER\n\n\ndef answer():\n    return NUMBER\n"
    build(local_answer__py=module, local_number__py="NUMBER = 41\n", index=notebook)
    assert "the answer is 41" in (build.folder / "out/index.html").read_text()
    assert build(local_number__py="NUMBER = 42\n") == []
    assert "the answer is 42" in (build.folder / "out/index.html").read_text()


def test_local_modules_follows_packages_and_relative_imports(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text("")
    (tmp_path / "package/one.py").write_text("from .two import x\nimport os\n")
    (tmp_path / "package/two.py").write_text("from package import three\n")
    (tmp_path / "package/three.py").write_text("")
    found = local_modules("from package.one import (\n    x,\n)\nimport torch\n", [tmp_path])
    assert {file.name for file in found} == {"__init__.py", "one.py", "two.py", "three.py"}


def test_durations_read_as_words():
    assert duration(None) == ""
    assert duration(3.21) == "3.2 seconds"
    assert duration(60) == "1 minute 0 seconds"
    assert duration(135) == "2 minutes 15 seconds"
