"""nbgrader's configuration. Copy or link this file into any other course folder."""

from pathlib import Path

from autograder.nbgrader_plugin import configure

c = get_config()  # noqa: F821 (nbgrader puts it here)
configure(c, Path(__file__).parent)

# What is set below this line wins, for instance:
# c.CourseDirectory.course_id = "mnist-lab"
