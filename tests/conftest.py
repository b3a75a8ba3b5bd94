"""What all tests share: no example of hypothesis has a time limit, which other programs decide."""

from hypothesis import settings

settings.register_profile("course", deadline=None)
settings.load_profile("course")
