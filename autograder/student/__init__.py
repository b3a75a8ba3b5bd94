"""What lives on the student's side of the border.

This package runs beside untrusted code, so it holds no check, no expected value and no
path, and imports nothing else of `autograder`.
"""
