"""How a check cell is called: that of the exercise ``x`` is ``x_check``."""

_ENDING = "_check"


def check_of(exercise: str) -> str:
    """Return the name of an exercise's check cell."""
    return exercise + _ENDING


def exercise_of(name: str) -> str:
    """Return the name of the exercise a check cell is for; any other name as it is."""
    return name.removesuffix(_ENDING)
