"""Give an editable install, and only that, the `gradlab` command."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EditableScript(BuildHookInterface):
    """Add `gradlab` to editable wheels; the students' wheel stays the library alone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Register the script when `version` is "editable"."""
        if version == "editable":
            script = Path(self.root, "tools", "gradlab")
            build_data["shared_scripts"][str(script)] = "gradlab"
