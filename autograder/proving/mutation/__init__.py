"""Generated wrong answers: small changes to a solution, beside the mistakes that have a name.

`text` finds its way in a solution, `operators` says what is changed, `mutants` makes the changed
cells, `equivalent` reads why some of them are right all the same, and `judge` says which of the
others no check notices.
"""
