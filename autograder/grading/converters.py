"""nbgrader's converters, closed: what `nbgrader autograde` and formgrader's buttons run.

nbgrader looks for submissions by patterns, opens whatever it finds, and copies what lies beside it,
links included, to where feedback is made from. Here submissions are found by their names, and what
nbgrader gets of one is what intake has made of it, so that every way of grading is the same.
"""

import fnmatch
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nbgrader import converters
from nbgrader.converters import BaseConverter
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets import default

from autograder.grading.harmless_text import printed
from autograder.grading.students_folders import folder_of, refusal, students_in

if TYPE_CHECKING:
    from autograder.grading.classroom import Classroom


class FoundByName(BaseConverter):
    """Finds the folders of a step by their names; those of no student are refused, and named."""

    refused: tuple[str, ...] = ()

    def init_notebooks(self) -> None:
        """Set which notebooks of whom are to be converted."""
        course = self.coursedir
        assignment = course.assignment_id
        folder = folder_of(course, self._input_directory, assignment)
        students, refused = students_in(folder)
        self.refused = tuple(
            refusal(name, why) for name, why in refused.items() if self._is_meant(name)
        )
        self.assignments = {
            self._format_source(assignment, student): sorted(notebooks)
            for student in filter(self._is_meant, students)
            if (notebooks := list(self._notebooks_of(student)))
        }
        self.notebooks = []
        if not self.assignments and not self.refused:
            raise_logged(self, f"there is nothing of {assignment} in {folder}")

    def convert_notebooks(self) -> None:
        """Convert them all.

        Raises:
            NbGraderException: somebody was refused, or nbgrader failed; the others are done.
        """
        super().convert_notebooks()
        if self.refused:
            raise_logged(self, *self.refused)

    def _is_meant(self, student: str) -> bool:
        pattern = self.coursedir.student_id.replace("[", "[[]")
        return fnmatch.fnmatchcase(student, pattern)

    def _notebooks_of(self, student: str) -> Iterator[str]:
        """Yield the paths of a student's notebooks."""
        folder = self._format_source(self.coursedir.assignment_id, student)
        pattern = self.coursedir.notebook_id.replace("[", "[[]") + ".ipynb"
        if os.path.isdir(folder) and not os.path.islink(folder):
            for name in fnmatch.filter(os.listdir(folder), pattern):
                yield os.path.join(folder, name)


class TakenIn(BaseConverter):
    """Stands between nbgrader's `Autograde` and what it is made from: nothing is opened here."""

    @functools.cached_property
    def classroom(self) -> "Classroom":
        """The assignment that is graded."""
        from autograder.grading.classroom import Classroom

        # self.coursedir was made before the settings were read, and knows no limits
        course = CourseDirectory(config=self.config)
        return Classroom.of(course, self.coursedir.assignment_id)

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Write what intake takes of the files beside the notebooks."""
        from autograder.grading.gradebook import write_beside

        classroom = self.classroom
        submissions = [classroom.take_in(student_id, name)[0] for name in classroom.released]
        target = Path(self._format_dest(assignment_id, student_id))
        write_beside(target, classroom.submitted_folder(student_id), submissions)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Convert the released notebook in the place of what was handed in.

        The first preprocessor, `Intake`, puts the rebuilt one in its place.
        """
        if not self._sanitizing:  # now it is ours, in the folder of what is graded
            super().convert_single_notebook(notebook_filename)
            return
        resources = self.init_single_notebook_resources(notebook_filename)
        released = self.classroom.released[resources["nbgrader"]["notebook"]]
        output, resources = self.exporter.from_notebook_node(released, resources=resources)
        self.write_single_notebook(output, resources)


class Autograde(FoundByName, converters.Autograde, TakenIn):
    """Grades whoever has a folder, whatever is in it, as `autograder grade` does."""

    def start(self) -> None:
        """Grade.

        Raises:
            NbGraderException: not everybody could be graded.
        """
        from autograder.errors import UserError

        try:
            super().start()
        except UserError as error:
            raise_logged(self, str(error))

    def _notebooks_of(self, student: str) -> Iterator[str]:
        """Yield the path of each released notebook, whether there is one handed in or not."""
        folder = self._format_source(self.coursedir.assignment_id, student)
        pattern = self.coursedir.notebook_id.replace("[", "[[]")
        for name in fnmatch.filter(self.classroom.released, pattern):
            yield os.path.join(folder, f"{name}.ipynb")


class GenerateFeedback(FoundByName, converters.GenerateFeedback):
    """Makes the feedback of whoever is graded."""

    @default("exporter_class")
    def _closed_exporter(self) -> type:
        from autograder.grading.closed_pages import FeedbackExporter

        return FeedbackExporter


def raise_logged(converter: BaseConverter, *sentences: str) -> None:
    """Raise nbgrader's error, which itself says nothing, with the sentences in the log.

    Raises:
        NbGraderException: always.
    """
    for sentence in sentences:
        converter.log.error(printed(sentence))
    raise NbGraderException("; ".join(map(printed, sentences)))
