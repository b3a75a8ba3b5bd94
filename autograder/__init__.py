"""The engine: authoring, checking, proving, grading and reporting of labs.

Nothing here names a lab. Labs are found by folder (see `autograder.catalog`), and students
never receive this package: the wheel holds `course_utils` alone.
"""
