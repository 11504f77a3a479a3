"""What holds for all tests."""

from hypothesis import settings

# no test is judged by its time: a busy machine is no defect
settings.register_profile("course", deadline=None)
settings.load_profile("course")
