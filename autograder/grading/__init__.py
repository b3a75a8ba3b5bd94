"""From a submission's bytes to a grade: find, repair, execute, score, write down.

`grade_submission` is a pure function of a `LabPackage` and the submission's bytes. `run`
calls it in several processes and is the only writer of files and of the gradebook.
"""
