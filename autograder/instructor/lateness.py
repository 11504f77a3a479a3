"""What lateness takes: nbgrader keeps the penalty beside the score, and does not subtract it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbgrader.api import SubmittedAssignment


def final_score(submission: "SubmittedAssignment") -> float:
    """Return the score that counts, as `nbgrader export` computes it."""
    return max(0.0, submission.score - (submission.late_submission_penalty or 0.0))


def how_late(seconds: float) -> str:
    """Say how late a submission came, in the unit that fits."""
    if seconds <= 0:  # the due date was moved after grading
        return "no longer late: grade again with --force"
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            number = int(seconds / length)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"
