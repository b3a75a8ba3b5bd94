"""From one text per lab to its notebooks: read, check the rules, build.

`source` reads `source/<lab>/<lab>.py`, `rules` refuses what cannot be taught or graded,
`notebooks` makes the three notebooks, `build` writes them, `refresh` keeps nbgrader's copy
current.
"""
