"""The rule that a measured number in prose comes from a cell."""

import pytest
from course.numbers import measured


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("The loss falls to 1.69 nats.", ["1.69"]),
        ("It is right 93 % of the time.", ["93 %"]),
        ("It is right 93% of the time, once 7 percent.", ["93%", "7 percent"]),
        ("A run takes 12 seconds, or 90 ms, or 3s.", ["12 seconds", "90 ms", "3s"]),
        ("The cache is 14 times faster, 3× in the worst case.", ["14 times", "3×"]),
        ("twelve times faster, and two seconds later", ["twelve times", "two seconds"]),
        ("It has 1,024 positions and 49152 tokens.", ["1,024", "49152"]),
        ("a model of 135 million parameters, or 135M, or 16k", ["135 million", "135M", "16k"]),
        ("The file has 93 MB (0.5 on disk).", ["93 MB", "0.5"]),
        ("Accuracy .85 or -0.3 at least", [".85", "0.3"]),
    ],
)
def test_a_number_that_looks_measured_is_found(text: str, numbers: list[str]):
    assert [number for number in numbers if number not in measured(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Take three numbers, 1, 2 and 6: their average is 3.",
        "A sentence of 4 tokens, 2 heads, an 8×8 image, a 3 × 4 matrix.",
        "Since 2017, and as early as 1953, on 2026-11-23.",
        "See section 3.5, equation 2.1, Figure 12 and Python 3.11.",
        "GPT-2, SmolLM2-135M, MiniLM-L6 and word2vec are names.",
        "CC BY-SA 3.0, Apache-2.0 and LGPL-2.1 are licenses.",
        "the 2nd and the 16th, half of it, twice as much",
        "Steps 1–3 come first; 10 of 12 agree.",
    ],
)
def test_a_small_integer_a_year_or_a_name_is_free(text: str):
    assert measured(text) == []


def test_a_literal_number_fails_the_build_with_its_place(build):
    warnings = build(index="# Title\n\nIt reaches 93.1 %.\n")
    assert len(warnings) == 1
    assert '"93.1 %" is a literal number' in warnings[0]
    assert "index.md:3" in warnings[0]


def test_a_literal_number_fails_the_second_build_too(build):
    build(index="# Title\n\nIt reaches 93.1 %.\n")
    assert any("93.1 %" in warning for warning in build())


def test_a_number_in_a_list_a_table_or_a_title_fails(build):
    warnings = build(index="# About 0.11\n\n- 0.22\n\n| a |\n|---|\n| 0.33 |\n\n> 0.44\n")
    assert [n for n in ("0.11", "0.22", "0.33", "0.44") if not any(n in w for w in warnings)] == []


def test_emphasis_does_not_hide_a_number(build):
    assert any('"93 %"' in w for w in build(index="# T\n\nIt reaches **93** %.\n"))


def test_code_math_and_stated_numbers_are_free(build):
    page = """
        # Title

        `0.5`, $0.25$, and {stated}`90 minutes | reading time`.

        ```python
        learning_rate = 0.003
        ```
        """
    assert build(index=page) == []
    assert "reading time" not in (build.folder / "out/index.html").read_text()


def test_a_stated_number_needs_its_reason(build):
    assert any("needs a reason" in w for w in build(index="# T\n\n{stated}`90 minutes`\n"))


NOTEBOOK = """\
    ---
    file_format: mystnb
    kernelspec:
      name: python3
    ---
    # Title

    ```{code-cell} ipython3
    from myst_nb import glue
    glue("share", 0.931, display=False)
    print("accuracy 0.931")
    ```

    It reaches {glue:text}`share:.1%`.
    """


def test_a_number_pasted_from_a_cell_and_a_cells_output_are_free(build):
    assert build(index=NOTEBOOK) == []
    page = (build.folder / "out/index.html").read_text()
    assert '<span class="pasted-text">93.1%</span>' in page
    assert 'class="ran-for"' in page


def test_a_literal_number_in_the_caption_of_a_cells_figure_fails(build):
    page = """\
        ---
        file_format: mystnb
        kernelspec:
          name: python3
        ---
        # Title

        ```{code-cell} ipython3
        ---
        mystnb:
          figure:
            caption: It reaches 0.931.
        ---
        0.777
        ```
        """
    assert ['"0.931"' in warning for warning in build(index=page)] == [True]
