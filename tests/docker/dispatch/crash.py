"""A gateway that is about to crash: dispatches one long call and says so. Arguments: engine, image, root, log, argv…"""

from __future__ import annotations

import sys
from pathlib import Path

from governance.sandbox import ContainerEngine
from tests.docker.dispatch.lab import Lab

url, image, root, log, *argv = sys.argv[1:]
print(Lab(ContainerEngine.connect(url), image, Path(root), log).run(*argv, timeout=120_000).to_json())
