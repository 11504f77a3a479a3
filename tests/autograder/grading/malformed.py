"""Files that are not what they should be: there is a row, and nothing is lost."""

import io
import json
import zipfile

from class_of_hostiles import EVERYTHING, NOTHING, Notebook, handed_in
from nbformat.v4 import new_code_cell, new_markdown_cell


def changed(notebook: Notebook, change) -> bytes:
    """Return the notebook's file after a change to its plain JSON."""
    plain = json.loads(notebook.content())
    change(plain)
    return json.dumps(plain).encode()


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="not JSON")
def not_json(notebook: Notebook) -> bytes:
    return b"def softmax(scores): ..."


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="not JSON")
def half_a_file(notebook: Notebook) -> bytes:
    return notebook.content()[:20_000]


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="empty")
def an_empty_file(notebook: Notebook) -> bytes:
    return b""


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="no list of cells")
def json_that_is_no_notebook(notebook: Notebook) -> bytes:
    return b'{"score": 30, "cells": "all right"}'


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="not JSON")
def json_nested_without_end(notebook: Notebook) -> bytes:
    return b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="UTF-8")
def bytes_at_random(notebook: Notebook) -> bytes:
    return bytes(range(256)) * 100


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="larger than")
def an_enormous_file(notebook: Notebook) -> bytes:
    return b" " * (33 * 2**20)


@handed_in()
def a_byte_order_mark(notebook: Notebook) -> bytes:
    return b"\xef\xbb\xbf" + notebook.content()


@handed_in()
def utf_16(notebook: Notebook) -> bytes:
    return notebook.content().decode().encode("utf-16")


@handed_in()
def a_format_of_the_future(notebook: Notebook) -> bytes:
    return changed(notebook, lambda plain: plain.update(nbformat=9, nbformat_minor=99))


@handed_in()
def no_format_at_all(notebook: Notebook) -> bytes:
    def change(plain: dict) -> None:
        del plain["nbformat"], plain["nbformat_minor"], plain["metadata"]

    return changed(notebook, change)


@handed_in()
def an_old_format(notebook: Notebook) -> bytes:
    def change(plain: dict) -> None:
        cells = plain.pop("cells")
        for cell in cells:
            if cell["cell_type"] == "code":
                cell.update(input=cell.pop("source"), prompt_number=1, language="python")
                cell["outputs"] = []
        plain.update(nbformat=3, nbformat_minor=0, worksheets=[{"cells": cells}])

    return changed(notebook, change)


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="format 2")
def an_old_format_that_is_not_one(notebook: Notebook) -> bytes:
    return b'{"nbformat": 2, "worksheets": 7}'


@handed_in(note="more than once")
def a_duplicated_cell(notebook: Notebook) -> None:
    copy = notebook.cell("softmax").copy()
    copy.source = "def softmax(scores, mask=None): return scores"
    notebook.node.cells.insert(notebook.place("softmax"), copy)


@handed_in(lost="softmax", note="more than once")
def a_duplicated_cell_with_the_wrong_one_last(notebook: Notebook) -> None:
    copy = notebook.cell("softmax").copy()
    copy.source = "def softmax(scores, mask=None): return scores"
    notebook.node.cells.append(copy)


@handed_in()
def a_duplicated_grade_cell(notebook: Notebook) -> None:
    notebook.node.cells.append(notebook.cell("check_softmax").copy())


@handed_in()
def a_deleted_grade_cell(notebook: Notebook) -> None:
    del notebook.node.cells[notebook.place("check_softmax")]


@handed_in(lost="softmax", note="No response")
def a_deleted_answer(notebook: Notebook) -> None:
    del notebook.node.cells[notebook.place("softmax")]


@handed_in()
def an_answer_in_a_cell_of_ones_own(notebook: Notebook) -> None:
    source = notebook.cell("softmax").source
    place = notebook.place("softmax")
    notebook.node.cells[place] = new_code_cell(source)


@handed_in()
def flipped_points_and_locks(notebook: Notebook) -> None:
    for cell in notebook.node.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(points=1000, locked=False)
    notebook.cell("check_softmax").metadata.nbgrader.update(grade=False, solution=True)
    notebook.cell("softmax").metadata.nbgrader.update(grade=True, points=1000)


@handed_in(lost="softmax")
def a_rewritten_grade_cell(notebook: Notebook) -> None:
    notebook.stub("softmax")
    notebook.cell("check_softmax").source = "4.0"


@handed_in()
def a_cell_of_another_type(notebook: Notebook) -> bytes:
    def change(plain: dict) -> None:
        for cell in plain["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") in ("softmax", "check_softmax"):
                cell["cell_type"] = "markdown"
                del cell["outputs"], cell["execution_count"]

    return changed(notebook, change)


@handed_in(lost="softmax", note="No response")
def a_stub_left_as_it_was(notebook: Notebook) -> None:
    import nbformat
    from class_of_hostiles import RELEASED

    released = Notebook(nbformat.read(RELEASED, as_version=4))
    notebook.answer("softmax", released.cell("softmax").source)


@handed_in(lost="softmax")
def a_syntax_error(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None)\n    return scores")


@handed_in(lost=EVERYTHING, kept=False)
def no_notebook_at_all(notebook: Notebook) -> object:
    return NOTHING


@handed_in(note="under the name")
def a_renamed_notebook(notebook: Notebook) -> object:
    (notebook.folder / "my homework (final) 2.ipynb").write_bytes(notebook.content())
    return NOTHING


@handed_in(lost=EVERYTHING, manual=True, flagged=True, kept=False, note="holds none of its cells")
def a_notebook_of_another_course(notebook: Notebook) -> object:
    other = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (notebook.folder / "poetry.ipynb").write_text(json.dumps(other))
    return NOTHING


@handed_in(flagged=True)
def a_timestamp_that_is_none(notebook: Notebook) -> None:
    notebook.beside("timestamp.txt", "yesterday, I swear")


@handed_in()
def an_empty_timestamp(notebook: Notebook) -> None:
    notebook.beside("timestamp.txt", "")


@handed_in(flagged=True)
def a_timestamp_of_noughts(notebook: Notebook) -> None:
    notebook.beside("timestamp.txt", "0" * 5000)


@handed_in()
def a_kernel_of_another_language(notebook: Notebook) -> None:
    notebook.node.metadata = {
        "kernelspec": {"name": "julia-1.10", "display_name": "Julia", "language": "julia"},
        "language_info": {"name": "julia"},
    }


@handed_in()
def warnings_on_stderr(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import sys, warnings\n"
        "warnings.warn('deprecated', stacklevel=1)\n"
        "print('a remark', file=sys.stderr)\n"
        "right = softmax\n"
        "def softmax(scores, mask=None):\n"
        "    warnings.warn('again', stacklevel=1)\n"
        "    print('a remark', file=sys.stderr)\n"
        "    return right(scores, mask)",
    )


# more of the kind


@handed_in()
def cells_that_are_none(notebook: Notebook) -> bytes:
    def change(plain: dict) -> None:
        plain["cells"][3:3] = [None, 7, "cell", [], {"cell_type": 5}, {"source": {"a": 1}}]
        plain["cells"].append({"cell_type": "code", "source": ["print(1)\n", 5, None, "print(2)"]})

    return changed(notebook, change)


@handed_in()
def cell_ids_that_are_all_the_same(notebook: Notebook) -> None:
    for cell in notebook.node.cells:
        cell.id = "same"


@handed_in()
def no_cell_ids(notebook: Notebook) -> bytes:
    return changed(notebook, lambda plain: [cell.pop("id") for cell in plain["cells"]])


@handed_in()
def outputs_that_are_none(notebook: Notebook) -> bytes:
    def change(plain: dict) -> None:
        for cell in plain["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs={"not": "a list"}, execution_count="many")

    return changed(notebook, change)


@handed_in()
def half_a_surrogate_pair_in_a_cell(notebook: Notebook) -> bytes:
    plain = json.loads(notebook.content())
    plain["cells"].insert(2, {"cell_type": "code", "metadata": {}, "source": "print('\ud800')"})
    return json.dumps(plain).encode()


@handed_in(lost="softmax")
def a_null_byte_in_a_cell(notebook: Notebook) -> None:
    notebook.append("softmax", "print('\0')")


@handed_in()
def metadata_that_is_none(notebook: Notebook) -> bytes:
    def change(plain: dict) -> None:
        plain["metadata"] = [1, 2, 3]
        for cell in plain["cells"]:
            if "nbgrader" not in cell["metadata"]:
                cell["metadata"] = "none"
            else:
                cell["metadata"]["nbgrader"].update(schema_version="x", cell_type=4, points=None)

    return changed(notebook, change)


@handed_in(lost="softmax")
def cells_in_another_order(notebook: Notebook) -> None:
    """The answer to softmax comes before the imports that it needs, and after its check."""
    notebook.stub("softmax")
    notebook.node.cells.reverse()


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="more than")
def ten_thousand_cells(notebook: Notebook) -> None:
    notebook.node.cells += [new_code_cell("1 + 1") for _ in range(10_000)]


@handed_in(lost=EVERYTHING, manual=True, flagged=True, kept=False, note="a link")
def a_link_to_another_file(notebook: Notebook) -> object:
    (notebook.folder / "attention.ipynb").symlink_to("/etc/passwd")
    return NOTHING


@handed_in(lost=EVERYTHING, manual=True, flagged=True, kept=False, note="no ordinary file")
def a_pipe_that_nobody_writes_to(notebook: Notebook) -> object:
    import os

    os.mkfifo(notebook.folder / "attention.ipynb")
    return NOTHING


@handed_in(lost=EVERYTHING, manual=True, flagged=True, kept=False)
def a_folder_in_place_of_the_notebook(notebook: Notebook) -> object:
    (notebook.folder / "attention.ipynb").mkdir()
    return NOTHING


@handed_in(note="left out")
def links_beside_the_notebook(notebook: Notebook) -> None:
    (notebook.folder / "secret.txt").symlink_to("../../../seeds.secret")
    (notebook.folder / "others").symlink_to("../..")


@handed_in(shown="helper found")
def files_beside_the_notebook(notebook: Notebook) -> None:
    notebook.beside("helper.py", "word = 'helper found'")
    notebook.beside("data/numbers.txt", "1 2 3")
    notebook.first("import helper\nprint(helper.word, open('data/numbers.txt').read())")


@handed_in(
    lost=EVERYTHING, manual=True, flagged=True, kept=False, note="no notebook, but 'homework.zip'"
)
def an_archive_and_nothing_else(notebook: Notebook) -> object:
    notebook.beside("homework.zip", "PK")
    notebook.beside("timestamp.txt", "2026-01-01 00:00:00 UTC")
    return NOTHING


@handed_in(
    lost=EVERYTHING, manual=True, flagged=True, kept=False, note="the copy that Jupyter keeps"
)
def a_checkpoint_and_nothing_else(notebook: Notebook) -> object:
    notebook.beside(".ipynb_checkpoints/attention-checkpoint.ipynb", notebook.content().decode())
    return NOTHING


@handed_in(lost="softmax", note="No response")
def line_ends_of_another_system(notebook: Notebook) -> bytes:
    a_stub_left_as_it_was(notebook)

    def change(plain: dict) -> None:
        for cell in plain["cells"]:
            cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")

    return changed(notebook, change)


@handed_in(note="left out: attention.html/x.txt")
def a_folder_in_place_of_the_feedback(notebook: Notebook) -> None:
    notebook.beside("attention.html/x.txt", "x")


@handed_in()
def values_of_other_types_everywhere(notebook: Notebook) -> bytes:
    odd = [None, True, 5, 1.5, [], {}, "x", [[]], {"a": {}}]

    def change(plain: dict) -> None:
        plain.update(nbformat="4", nbformat_minor=-1, metadata={"\ud800": "\udfff"})
        for number, cell in enumerate(plain["cells"]):
            value = odd[number % len(odd)]
            cell.update(execution_count=value, outputs=value, attachments=value, id=value)
            for name in ("grade", "solution", "locked", "points", "checksum", "cell_type"):
                if "nbgrader" in cell["metadata"]:
                    cell["metadata"]["nbgrader"][name] = value
            cell["metadata"].update({"tags": value, "\ud800": "\ud801"})

    return changed(notebook, change)[:-1] + b', "x": [NaN, -Infinity, 1e999]}'


@handed_in(flagged=True)
def a_timestamp_before_all_time(notebook: Notebook) -> None:
    notebook.beside("timestamp.txt", "0001-01-01 00:00:00 +1400")


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="not JSON")
def an_archive_under_the_name_of_the_notebook(notebook: Notebook) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("attention.ipynb", notebook.content())
    return archive.getvalue()


@handed_in(lost=EVERYTHING, manual=True, flagged=True, note="not JSON")
def two_versions_that_were_not_merged(notebook: Notebook) -> bytes:
    lines = json.dumps(notebook.node, indent=1).splitlines()
    return "\n".join([*lines[:9], "<<<<<<< HEAD", "=======", ">>>>>>> b", *lines[9:]]).encode()


@handed_in()
def a_photo_in_the_text_of_a_cell(notebook: Notebook) -> None:
    photo = "iVBORw0K" * 200_000
    cell = new_markdown_cell(f"![photo](data:image/png;base64,{photo})")
    notebook.node.cells.insert(1, cell)


@handed_in()
def cells_merged_and_split(notebook: Notebook) -> None:
    for name in ("softmax", "causal_mask"):
        notebook.cell(name).source += "\n" + notebook.cell(f"check_{name}").source
        del notebook.node.cells[notebook.place(f"check_{name}")]
    notebook.cell("split_heads").source += "\n\n" + notebook.cell("merge_heads").source
    del notebook.node.cells[notebook.place("merge_heads")]
    source = notebook.cell("padding_mask").source
    begin = source.index("def padding_mask")
    notebook.answer("padding_mask", source[:begin])
    notebook.after("padding_mask", source[begin:])


@handed_in()
def all_answers_on_top(notebook: Notebook) -> None:
    cells = notebook.node.cells
    answers = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    others = [cell for cell in cells if not any(cell is answer for answer in answers)]
    notebook.node.cells = others[:2] + answers + others[2:]
