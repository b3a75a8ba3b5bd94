"""Proof that a lab's checks are fair and can tell right from wrong.

`faults` declares what is to be told apart and `load` applies it; `mutation` makes small changes
beside them. `plan` says which runs prove a lab, `run` and `walk` carry them out, `verify` says
what they show, `matrix` draws it, and `command` is `gradlab verify`.
"""

from autograder.proving.faults import Fault, alternative, misconception
from autograder.proving.mutation.equivalent import equivalent

__all__ = ["Fault", "alternative", "equivalent", "misconception"]
