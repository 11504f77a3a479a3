"""Figures: one style, inline, readable in the light and in the dark."""

import re

import figures
import matplotlib.pyplot as plt
import numpy as np
import pytest

ALT = "The line falls & then <rises> at the end."


def draw() -> plt.Figure:
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([1, 2, 3], [3, 1, 2], label="causal")
    left.plot([1, 2, 3], [1, 1, 2], label="control", color=figures.GRAY)
    left.legend()
    left.set_yscale("log")
    right.pcolormesh(np.eye(3), vmin=0, vmax=1)
    return figure


def test_every_color_is_one_that_the_theme_sets():
    svg = figures.to_svg(draw(), ALT)
    bare = re.sub(r"var\(--figure-\w+, #[0-9a-f]{6}\)", "", svg)
    assert re.findall(r"#[0-9a-f]{6}\b(?=[;\" ])", bare) == []
    assert "var(--figure-blue" in svg


def test_the_style_sheet_has_every_color_for_light_and_dark():
    css = (figures.Path(figures.__file__).parent / "_static/course.css").read_text()
    for name in figures.VARIABLES.values():
        assert re.search(rf"--figure-{name}: light-dark\(#\w+, #\w+\)", css)


def test_the_light_theme_draws_the_colors_that_the_module_declares():
    css = (figures.Path(figures.__file__).parent / "_static/course.css").read_text()
    for color, name in figures.VARIABLES.items():
        assert f"--figure-{name}: light-dark({color}," in css


@pytest.mark.parametrize(("theme", "paper"), [(0, "#fdfdfb"), (1, "#14171c")])
def test_lines_have_a_contrast_of_three_to_one(theme: int, paper: str):
    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))

    css = (figures.Path(figures.__file__).parent / "_static/course.css").read_text()
    for name in set(figures.VARIABLES.values()) - {"faint"}:
        color = re.search(rf"--figure-{name}: light-dark\((#\w+), (#\w+)\)", css).group(theme + 1)
        dim, bright = sorted((luminance(color), luminance(paper)))
        assert (bright + 0.05) / (dim + 0.05) >= 3, (name, color)


def test_the_alt_text_names_the_figure_and_is_escaped():
    svg = figures.to_svg(draw(), ALT)
    assert 'role="img"' in svg
    assert 'aria-label="The line falls &amp; then &lt;rises> at the end."' in svg


def test_two_figures_share_no_identifier_and_no_style():
    first, second = (figures.to_svg(draw(), ALT), figures.to_svg(draw().axes[0].figure, ALT))
    other, axes = plt.subplots()
    axes.plot([1, 2])
    other = figures.to_svg(other, ALT)
    identifiers = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, other)]
    assert not identifiers[0] & identifiers[1]
    assert first == second
    for reference in re.findall(r'(?:url\(#|href="#)([^)"]+)', first):
        assert reference in identifiers[0]
    assert "<style" not in first


def test_text_stays_text():
    assert ">causal</text>" in figures.to_svg(draw(), ALT)


def test_a_figure_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="needs an alt text"):
        figures.show(draw(), alt=" ")


def test_a_figure_too_large_for_a_page_is_refused_with_the_remedy():
    figure, axes = plt.subplots()
    axes.scatter(*np.random.default_rng(0).random((2, 20_000)))
    with pytest.raises(ValueError, match="rasterized=True"):
        figures.show(figure, alt=ALT)


def test_show_displays_html_and_says_the_alt_text_where_there_is_none(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "display", lambda page, raw: shown.append(page))
    figure = draw()
    figures.show(figure, alt=ALT)
    assert shown[0]["text/plain"] == ALT
    assert shown[0]["text/html"].startswith('<div class="chart"><svg role="img"')
    assert not plt.fignum_exists(figure.number)
