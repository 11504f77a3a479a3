"""A sandbox is begun once and can be asked for as often as one likes."""

from autograder.grading.inside.limits import Limits
from autograder.grading.sandbox import Sandbox


def test_a_sandbox_that_is_ready_can_be_waited_for_again():
    with Sandbox() as sandbox:
        sandbox.wait_until_ready()
        sandbox.child(Limits()).kill()
