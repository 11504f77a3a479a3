"""The files that an exercise depends on are known: its own, and what they import."""

import subprocess
import sys

from autograder import specs
from autograder.spec.sources import PROJECT, ROOMS, source_files


def names(identifier):
    return {path.relative_to(PROJECT).as_posix() for path in source_files(identifier)}


def test_an_exercise_depends_on_its_own_spec_and_reference_and_on_no_other_exercise():
    found = names("attention.softmax")
    assert "autograder/specs/attention/softmax.py" in found
    assert "solutions/attention.py" in found
    assert "autograder/specs/attention/causal_mask.py" not in found
    assert "solutions/tokenization.py" not in found


def test_what_a_shared_file_imports_counts_too():
    found = names("tokenization.decode")
    assert "autograder/specs/tokenization/hand_made_vocabularies.py" in found
    assert "autograder/specs/tokenization/words.py" in found


def test_all_that_is_loaded_by_an_exercise_is_among_them():
    for module in specs.module_names():
        identifier = specs.exercises(module)[0].identifier
        program = (
            f"import sys; from autograder import specs; specs.find({identifier!r}).reference\n"
            "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith(ROOMS)))"
        ).replace("ROOMS", repr(ROOMS))
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, text=True
        )
        loaded = set(done.stdout.split())
        assert loaded
        assert loaded == {str(path) for path in source_files(identifier)}, identifier
