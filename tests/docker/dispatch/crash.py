"""A gateway that is about to crash: dispatches one long call and says so.

Arguments: engine, image, root, log, `--writable` where the call may write, argv…
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from governance.sandbox import ContainerEngine
from tests.docker.dispatch.lab import Lab
from tests.sandbox.build import WRITABLE

url, image, root, log, *argv = sys.argv[1:]
changes: dict[str, Any] = {}
if argv[0] == "--writable":
    changes["mounts"] = (WRITABLE,)
    argv = argv[1:]
lab = Lab(ContainerEngine.connect(url), image, Path(root), log)
print(lab.run(*argv, timeout=120_000, **changes).to_json())
