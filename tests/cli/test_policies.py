from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def test_check_says_what_a_bundle_holds(governance: Run, coder_policies: Path) -> None:
    done = governance("check", coder_policies)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok: 92 capabilities, 1 agents, 11 rules")


def test_check_reports_every_mistake_with_its_place(governance: Run, tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_text("permit p { call fs.raed }\nlet x = \nforbid f { call fs.read }\n")
    done = governance("check", tmp_path)
    assert done.returncode == 1
    assert "did you mean fs.read" in done.stderr
    for place in ("a.policy:1:17", "a.policy:2:7", "a.policy:3:8"):
        assert place in done.stderr


def test_check_as_json(governance: Run, tmp_path: Path, coder_policies: Path) -> None:
    (tmp_path / "a.policy").write_text("forbid f { call fs.read }\n")
    found = json.loads(governance("check", tmp_path, "--json").stdout)
    assert found["ok"] is False
    assert [(each["code"], each["file"], each["line"]) for each in found["diagnostics"]] == [
        ("no-reason", "a.policy", 1)
    ]
    assert json.loads(governance("check", coder_policies, "--json").stdout)["ok"] is True


def test_check_of_an_empty_folder_says_so(governance: Run, tmp_path: Path) -> None:
    done = governance("check", tmp_path)
    assert done.returncode == 2
    assert "there is no .policy file" in done.stderr


def test_check_of_a_file_that_is_no_text(governance: Run, tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_bytes(b"let a = 1\n\xff\n")
    done = governance("check", tmp_path)
    assert done.returncode == 2
    assert "a.policy is no UTF-8: byte 0xff in line 2" in done.stderr


def test_explain_shows_the_rule_that_determined_it(governance: Run, coder_policies: Path) -> None:
    words = ("explain", "--policies", coder_policies, "--agent", "claude-1")
    done = governance(*words, 'fs.read(path="/workspace/.env")')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("deny forbidden: keys are not for agents")
    assert "coder/keys" in done.stdout
    assert "instead: fs.read(" in done.stdout


def test_explain_of_something_unreadable_points_at_it(governance: Run, coder_policies: Path) -> None:
    done = governance("explain", "--policies", coder_policies, "--agent", "claude-1", "fs.read(path=1)")
    assert "^" in done.stdout


def test_explain_for_an_unknown_agent_is_wrong_usage(governance: Run, coder_policies: Path) -> None:
    done = governance("explain", "--policies", coder_policies, "--agent", "x", "fs.list()")
    assert done.returncode == 2
    assert "claude-1" in done.stderr


def test_explain_as_json_says_what_the_table_says(governance: Run, coder_policies: Path) -> None:
    words = ("explain", "--policies", coder_policies, "--agent", "claude-1", "--json")
    found = json.loads(governance(*words, 'fs.search(path="/workspace", text="x")').stdout)
    assert found["decision"]["code"] == "forbidden"
    keys = next(rule for rule in found["calls"][0]["rules"] if rule["rule"] == "coder/keys")
    assert (keys["applies"], keys["determines"]) == (True, True)
    assert {"part": "when", "says": "path matches keys", "of": "/workspace/**", "holds": None} in keys[
        "parts"
    ]
    unread = json.loads(governance(*words, "fs.read(path=1)").stdout)
    assert (unread["decision"]["code"], unread["calls"]) == ("ill-typed", [])
    assert unread["diagnostics"][0]["code"] == "ill-typed"


def test_explain_tells_of_each_call_of_a_command_line(governance: Run, coder_policies: Path) -> None:
    words = ("explain", "--policies", coder_policies, "--agent", "claude-1", "--syntax", "shell")
    found = json.loads(governance(*words, "--json", "cat a.py | head -n 3").stdout)
    assert [each["call"].split("(")[0] for each in found["calls"]] == ["text.cat", "text.head"]
    assert governance(*words, "cat a.py | head -n 3").stdout.count("\ncall ") == 2


def test_json_tells_warnings_from_errors(governance: Run, tmp_path: Path) -> None:
    (tmp_path / "x.policy").write_text('forbid f { call fs.read  because "x" }\n')
    found = json.loads(governance("check", "--json", tmp_path).stdout)
    assert (found["ok"], [each["severity"] for each in found["diagnostics"]]) == (True, ["warning"])
    strict = governance("check", "--json", "--strict", tmp_path)
    assert (strict.returncode, json.loads(strict.stdout)["ok"]) == (1, False)


def test_capabilities_says_what_there_is_how_it_is_typed_and_for_whom(
    governance: Run, coder_policies: Path
) -> None:
    done = governance("capabilities", "--policies", coder_policies, "--json")
    found = {each["name"]: each for each in json.loads(done.stdout)["capabilities"]}
    assert found["fs.read"]["agents"] == ["claude-1"]
    assert found["files.remove"]["agents"] == []
    assert found["files.remove"]["effects"] == ["delete paths"]
    assert found["shell.script"]["opaque"] is True
    assert "tail [-q|--quiet|--silent] [-n|--lines +FIRST_LINE] PATHS..." in found["text.tail"]["typed"]
    assert "sed -n {FIRST},{LAST}p PATHS...".replace("{", "").replace("}", "") in found["text.lines"]["typed"]
    shown = governance("capabilities", "--policies", coder_policies, "--agent", "claude-1").stdout
    assert "git.log  Show the latest commits" in shown
    assert "files.remove" not in shown
    assert governance("capabilities", "--policies", coder_policies, "--agent", "bob").returncode == 2
