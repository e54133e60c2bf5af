"""A gateway that is to be killed: asks for one call after the other, some in boxes of an agent's own. Arguments: folder."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from governance.gateway import open_engine
from governance.gateway.service import configure
from governance.library import load_policies
from governance.request.wire import Origin, Syntax

FOLDER = Path(sys.argv[1])
ONCE, AGAIN = (Origin(agent, "", Syntax.CALL) for agent in ("a-1", "a-2"))

configure(verbose=False)
with open_engine(
    FOLDER / "log", load_policies(FOLDER / "box.policy"), FOLDER, lambda line: print(line, file=sys.stderr)
) as engine:
    print("open", flush=True)
    for number in count():
        name = f"/workspace/{len(list((FOLDER / 'work').iterdir()))}-{number}"
        line = f'fs.write(path="{name}", content="x")'.encode()
        decided = engine.decide(line, AGAIN if number % 2 else ONCE)
        outcome = engine.dispatch(decided)
        print(outcome.status if outcome else "none", flush=True)
