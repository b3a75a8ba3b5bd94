"""What the lab notebooks import: data, functions, the baseline network and its results.

Only numpy is imported with the package; pandas, scikit-learn, pooch and tqdm are imported by the
functions that need them, so that a notebook starts quickly.
"""

from course_utils.errors import ArgumentError, CourseUtilsError, DataError, ShapeError
from course_utils.functions import cross_entropy, sigmoid, sigmoid_prime, stable_softmax
from course_utils.idx import read_image_file, read_label_file
from course_utils.mnist import load_mnist
from course_utils.network import Network
from course_utils.results import ModelResults
from course_utils.seeding import get_generator, set_seed

__all__ = [
    "ArgumentError",
    "CourseUtilsError",
    "DataError",
    "ModelResults",
    "Network",
    "ShapeError",
    "cross_entropy",
    "get_generator",
    "load_mnist",
    "read_image_file",
    "read_label_file",
    "set_seed",
    "sigmoid",
    "sigmoid_prime",
    "stable_softmax",
]
