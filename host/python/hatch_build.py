"""Adds the files that the package shares with other parts of the repository.

A checkout has each of them once, in the part that it belongs to. An archive of the sources has them in the package.
"""

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHARED = (
    "../ask/two-factor-ask.wasm",
    "../sdk/src/guard/charge.lua",
    "../../tests/vectors/guard.json",
    "../../wit/settings.schema.json",
)


class SharedFiles(BuildHookInterface):
    """Takes each file from its own part, or from the archive that is being built from."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to a wheel or a source distribution. For an editable installation, copy them beside the sources."""
        root = Path(self.root)
        package = root / "src/xoxzo_2fa"
        target = "src/xoxzo_2fa" if self.target_name == "sdist" else "xoxzo_2fa"
        for place in SHARED:
            shared = root / place
            own = package / shared.name
            source = shared if shared.exists() else own
            if version != "editable":
                build_data["force_include"][str(source)] = f"{target}/{shared.name}"
            elif source is shared:
                shutil.copyfile(shared, own)
