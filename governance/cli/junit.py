"""Results of tests as JUnit XML, for build servers; names and messages are escaped as for a terminal."""

from __future__ import annotations

import os
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from governance.errors import Diagnostic
    from governance.policy.bundle import Bundle
    from governance.policy.trial import Trial

__all__ = ["results", "unloaded", "write"]


def results(bundle: Bundle, trials: Sequence[Trial]) -> bytes:
    """Return a test case for each `test` block, and one for the examples of each rule, which hold in a bundle."""
    examples = [rule for rule in bundle.rules if rule.examples]
    failed = sum(1 for trial in trials if trial.failures)
    root = _suite(len(trials) + len(examples), failures=failed, errors=0)
    for trial in trials:
        reference = trial.scenario.reference
        case = _case(root, reference.file, reference.name)
        for each in trial.failures:
            message = f"{_place(bundle, trial, each.step.start)}: expected {each.expected}, came {each.came}"
            failure = ET.SubElement(case, "failure", message=shown(message))
            failure.text = shown(each.reason)
    for rule in examples:
        _case(root, rule.reference.file, f"examples of {rule.reference.name}")
    return _bytes(root)


def unloaded(diagnostics: Sequence[Diagnostic]) -> bytes:
    """Return the one test case of policies that do not load: each error of theirs is one."""
    root = _suite(1, failures=0, errors=1)
    case = _case(root, "policies", "the policies load")
    for each in diagnostics:
        place = each.span.place if each.span else "policies"
        error = ET.SubElement(case, "error", type=each.code, message=shown(f"{place}: {each.message}"))
        error.text = shown(each.help)
    return _bytes(root)


def write(place: Path, data: bytes) -> None:
    """Write the file whole or not at all."""
    with NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.", delete=False) as part:
        try:
            part.write(data)
            part.close()
            os.chmod(part.name, 0o644)  # noqa: PTH101 - a build server reads it as someone else
            os.replace(part.name, place)  # noqa: PTH105
        except BaseException:
            os.unlink(part.name)  # noqa: PTH108
            raise


def _suite(tests: int, failures: int, errors: int) -> ET.Element:
    counts = {"tests": str(tests), "failures": str(failures), "errors": str(errors)}
    return ET.Element("testsuite", {"name": "governance", **counts})


def _case(root: ET.Element, file: str, name: str) -> ET.Element:
    return ET.SubElement(root, "testcase", classname=shown(file), name=shown(name))


def _place(bundle: Bundle, trial: Trial, start: int) -> str:
    file = trial.scenario.reference.file
    return f"{file}:{bundle.sources[file].count(chr(10), 0, start) + 1}"


def _bytes(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
