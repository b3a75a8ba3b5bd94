"""What lets a program start sooner; imported before anything else.

nbformat's schema checker builds a grammar of web addresses as it is imported, which takes a
second. It does without where there is none, and no notebook's schema asks for one.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
