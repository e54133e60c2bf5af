from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from governance.errors import RequestError
from governance.policy.check import check
from governance.request.bind import bind
from governance.request.english import parse_sentence, phrasebook_of
from governance.request.english.examples import example_sentence
from governance.request.english.words import LIMIT
from governance.request.syntax import parse_call
from governance.text import Source

if TYPE_CHECKING:
    from governance.request.syntax import CallSyntax
    from tests.request.conftest import Capabilities

DECLARED = """
capability file.read "s" {
  path: Path  offset: Int(0..) = 0  limit: Size = 1MiB  effects { read path }
  argv { /bin/x --o=$offset --l=$limit $path }
  phrase "read [the file] $path [from byte $offset] [, at most $limit]"
}
capability file.find "s" {
  text: String(1..20)  path: Path  every: Bool = false  effects { read path }
  argv { /bin/x --t=$text --e=$every $path }
  phrase "find [for] $text in $path", "find everywhere $every=true for $text in $path", "find with $every $text in $path"
}
capability file.move "s" {
  one: Path  other: Path  effects { write one  write other }  argv { /bin/mv $one $other }
  phrase "move $one to $other", "move to $other the $one"
}
capability mail.send "s" {
  to: List<Email>(1..3)  about: String  cost: Decimal(0..10) = 0  wait: Duration?  at: Instant?  how: Enum(fast, slow)?
  effects { }  argv { /bin/x }  stdin { to about cost wait at how }
  phrase "mail $to about $about [for $cost] [after $wait] [at $at] [by $how mail]"
}
capability tag.put "s" {
  tags: Set<String(1..9)>(1..4)  on: Host  effects { send on }  argv { /bin/x }  stdin { tags on }
  phrase "tag $on as $tags"
}
capability run.any "s" { argv: Argv  effects { execute argv }  argv { $argv }  phrase "run $argv", "run $argv now" }
capability net.near "s" { host: Host  effects { send host }  argv { /bin/x $host }  phrase "ask $host" }
capability net.text "s" { text: String  effects { }  argv { /bin/x -- $text }  phrase "ask $text" }
capability copy.twice "s" { path: Path  effects { read path }  argv { /bin/x $path }  phrase "copy $path", "copy file $path" }
"""
CAPABILITIES = check({"x.policy": DECLARED}).capabilities


def read(text: str) -> CallSyntax:
    return parse_sentence(Source("request", text), CAPABILITIES)


@pytest.mark.parametrize(
    ("sentence", "call"),
    [
        ("read /a", 'file.read(path="/a")'),
        ("Read the file /A.", 'file.read(path="/A")'),
        ("READ A FILE THE /a ?", None),
        ("please read /a from byte 10, at most 64KiB", 'file.read(path="/a", offset=10, limit="64KiB")'),
        ("Please, read the /a, at most 10", 'file.read(path="/a", limit=10)'),
        ("could you please read /a, please?", 'file.read(path="/a")'),
        ("Please can you read /a thanks!", 'file.read(path="/a")'),
        ("Will you read /a, thank you.", 'file.read(path="/a")'),
        ('read "/a b".', 'file.read(path="/a b")'),
        ("read '/a \\n'", 'file.read(path="/a \\\\n")'),
        ('read "/\\u00e4\\""', 'file.read(path="/\u00e4\\"")'),
        ("find TODO in /a", 'file.find(text="TODO", path="/a")'),
        ('find "in" in /a', 'file.find(text="in", path="/a")'),
        ("find everywhere for it's in /a", None),
        ('find everywhere for "it\'s" in /a', 'file.find(text="it\'s", path="/a", every=true)'),
        ("find with true x in /a", 'file.find(text="x", path="/a", every=true)'),
        ("move /a to /b", 'file.move(one="/a", other="/b")'),
        ("move to /b the /a", 'file.move(one="/a", other="/b")'),
        ("mail ann@example.org about tea", 'mail.send(to=["ann@example.org"], about="tea")'),
        (
            (
                "mail a@example.org, b@example.org, and c@example.org about 'x' for 2.50 after 5m at "
                "2026-01-01T00:00:00Z by fast mail"
            ),
            (
                'mail.send(to=["a@example.org", "b@example.org", "c@example.org"], about="x", cost=2.50, wait="5m", '
                'at="2026-01-01T00:00:00Z", how="fast")'
            ),
        ),
        ("tag example.org as b and c", 'tag.put(on="example.org", tags=["b", "c"])'),
        ("run /bin/x --y=1 z", 'run.any(argv=["/bin/x", "--y=1", "z"])'),
        ('run "/bin/x" "a b" c, please', 'run.any(argv=["/bin/x", "a b", "c"])'),
        ("copy file /a", 'copy.twice(path="/a")'),
        ('ask "a b"', 'net.text(text="a b")'),
    ],
)
def test_sentence_is_the_call(sentence: str, call: str | None) -> None:
    if call is None:
        with pytest.raises(RequestError):
            read(sentence)
        return
    wanted = parse_call(Source("call", call))
    syntax = read(sentence)
    assert (syntax.name, syntax.values) == (wanted.name, wanted.values)
    assert [type(value) for value in syntax.values.values()] == [
        type(wanted.values[name]) for name in syntax.values
    ]
    assert bind(syntax, CAPABILITIES) == bind(wanted, CAPABILITIES)


@pytest.mark.parametrize(
    ("sentence", "message", "piece"),
    [
        ("", "nothing is asked for", "you can say"),
        ("please", "nothing is asked for", "you can say"),
        ("raed /a", "no sentence begins with `raed`", "read /a"),
        ("open /a/b.txt", "no sentence begins with `open`", "/a/b.txt"),
        ("read", "not the end", "read /workspace"),
        ("read a", "not the end", "read /workspace"),
        ("read the", "not the end", "read /workspace"),
        ("read a/b", "not `a/b`", "read /workspace"),
        ("read /a/../b", "not `/a/../b`", "read /workspace"),
        ("read /a and delete /b", "expected `,` or `from` or the end, not `and`", "read /a"),
        ("read /a from byte -1", "a value of type Int(0..), not `-1`", "read /a"),
        ("read /a from byte 1.0", "Int(0..), not `1.0`", "read /a"),
        ("read /a from byte ten", "Int(0..), not `ten`", "read /a"),
        ('read /a from byte "1"', 'Int(0..), not `"1"`', "read /a"),
        ("read /a from byte 1,000", "not `1,000`", "read /a"),
        ("read /a\u00a0/b from", "not `/a\\u00a0/b`", "read /workspace"),
        ("r\u0435ad /a", "no sentence begins with `r\u0435ad`", "read /a"),
        ("\u212aead /a", "no sentence begins with", "read /a"),
        ("read /a..", "not `/a.`", "read"),
        ("find it in /a", "not `it`", "find hello in /a"),
        ("find for in /a", "expected `in`, not `/a`", "in /a"),
        ("tag it as x", "not `it`", "tag example.org as hello"),
        ("mail them about tea", "not `them`", "mail ann@example.org about"),
        ("run /bin/ls | wc", "not `|`", "run"),
        ("run /bin/ls; wc", "not `/bin/ls;`", "run"),
        ("run /bin/ls $HOME", "not `$HOME`", "run"),
        ("tag example.org as b and b", "expected `,` or `and`, not the end", "tag example.org"),
        ("tag example.org as b,", "Set<String(1..9)>(1..4), not the end", "tag example.org"),
        ("mail ann@example.org and about x", "not `about`", "mail ann@example.org about"),
        ("read /a please please", "not `please`", "read /a"),
        ("read the the /a", "not `the`", "read /a"),
        ("please please read /a", "no sentence begins with `please`", "read /a"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_sentence_that_can(
    sentence: str, message: str, piece: str
) -> None:
    with pytest.raises(RequestError) as caught:
        read(sentence)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "syntax"
    assert message in diagnostic.message
    assert piece in diagnostic.help
    for offered in diagnostic.help.removeprefix("you can say: ").split(" or: "):
        read(offered)


@pytest.mark.parametrize(
    ("sentence", "piece"),
    [
        ("read /a\n", "control character"),
        ("read\t/a", "control character"),
        ("read\r/a", "control character"),
        ('read "/a', "hold no value"),
        ("read '/a", "hold no value"),
        ('read "/a\n"', "hold no value"),
        ('read "\\x"', "hold no value"),
        ('read "/a"b', "behind its quotes"),
        ("read '/a'..", "behind its quotes"),
        ('read "\\ud800"', "surrogate"),
    ],
)
def test_broken_words_are_told_as_what_they_are(sentence: str, piece: str) -> None:
    with pytest.raises(RequestError, match=piece) as caught:
        read(sentence)
    assert caught.value.code == "syntax"


def test_sentence_with_two_readings_is_refused_with_both() -> None:
    with pytest.raises(RequestError) as caught:
        read("ask example.org")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "ambiguous"
    assert diagnostic.message == "this can be read in 2 ways"
    assert diagnostic.help == 'did you mean net.near(host="example.org") or net.text(text="example.org")?'


def test_more_readings_than_are_kept_are_refused() -> None:
    capabilities = check(
        {
            "x.policy": "\n".join(
                f'capability x.c{number} "s" {{ a: String(..{20 + number})  effects {{ }}  argv {{ /bin/x -- $a }}'
                '  phrase "say $a" }'
                for number in range(9)
            )
        }
    ).capabilities
    with pytest.raises(RequestError, match="more than 8 ways"):
        parse_sentence(Source("request", "say hello"), capabilities)


def test_readings_within_one_capability_count_too() -> None:
    with pytest.raises(RequestError, match="2 ways"):
        read("run /bin/x now")
    assert read('run /bin/x "now"').values == {"argv": ("/bin/x", "now")}


def test_readings_that_are_the_same_call_are_one() -> None:
    capabilities = check(
        {
            "x.policy": 'capability x.y "s" { a: Int(0..9) = 1  effects { }  argv { /bin/x $a }'
            '  phrase "go [to $a]", "go to $a", "go home $a=1" }'
        }
    ).capabilities
    said = [parse_sentence(Source("request", text), capabilities) for text in ("go", "go to 1", "go home")]
    assert len({bind(each, capabilities) for each in said}) == 1


def test_numbers_are_exact() -> None:
    assert read("mail a@example.org about x for 0.1").values["cost"] == Decimal("0.1")


def test_too_long_sentence_is_refused_before_it_is_read() -> None:
    with pytest.raises(RequestError) as caught:
        read("read " + "\u00e4" * (LIMIT // 2))
    assert caught.value.code == "too-long"


def test_places_are_those_of_the_words() -> None:
    syntax = read("Please find everywhere for 'x' in /a")
    assert syntax.name_span.caret().endswith("       ^^^^")
    text, path, every = syntax.arguments
    assert [(each.name, each.start, each.end) for each in (text, path, every)] == [
        ("text", 27, 30),
        ("path", 34, 36),
        ("every", 7, 11),
    ]


@pytest.mark.parametrize(
    "sentence", ["open /workspace/a", "/workspace/a", "do it to /workspace/a", "x", "shred /workspace/a"]
)
def test_nothing_is_offered_that_changes_what_was_not_asked_to_be_changed(
    sentence: str, capabilities: Capabilities
) -> None:
    with pytest.raises(RequestError) as caught:
        parse_sentence(Source("request", sentence), capabilities)
    offered = caught.value.diagnostics[0].help.removeprefix("you can say: ").split(" or: ")
    assert offered
    assert all(each.split(" ")[0] in ("read", "show", "list", "search", "find") for each in offered)


def test_without_any_phrase_nothing_can_be_said() -> None:
    with pytest.raises(RequestError, match="no sentence begins with") as caught:
        parse_sentence(Source("request", "read /a"), {})
    assert caught.value.diagnostics[0].help == "no capability has a phrase"


STANDARD = [
    (
        "read the file /workspace/a.py from byte 10 up to 64KiB",
        'fs.read(path="/workspace/a.py", offset=10, limit="64KiB")',
    ),
    ("show /workspace/a.py", 'fs.read(path="/workspace/a.py")'),
    ("List the files in /workspace.", 'fs.list(path="/workspace")'),
    ("list the folder /workspace", 'fs.list(path="/workspace")'),
    (
        "search for TODO in /workspace in files **/*.py",
        'fs.search(path="/workspace", text="TODO", glob="**/*.py")',
    ),
    ("find 'a b' in /workspace up to 5 lines", 'fs.search(path="/workspace", text="a b", most=5)'),
    ('write "x\\n" to /workspace/a', 'fs.write(path="/workspace/a", content="x\\n")'),
    (
        "write '' to a new file /workspace/b/a with its folders",
        'fs.write(path="/workspace/b/a", content="", exists="refuse", parents=true)',
    ),
    ("replace foo with bar in /workspace/a", 'fs.edit(path="/workspace/a", old="foo", new="bar")'),
    ("replace foo with '' everywhere in the file /a", 'fs.edit(path="/a", old="foo", new="", every=true)'),
    ("could you delete the file /workspace/a", 'fs.delete(path="/workspace/a")'),
    ("delete the empty folder /workspace/b", 'fs.delete(path="/workspace/b")'),
    ("remove /workspace/a", 'fs.delete(path="/workspace/a")'),
    ("show the status of /workspace", 'git.status(repo="/workspace")'),
    (
        "show the last 5 commits of /workspace that touch /workspace/a",
        'git.log(repo="/workspace", most=5, path="/workspace/a")',
    ),
    ("show the commits of the repository /workspace", 'git.log(repo="/workspace")'),
    ("show the changes in /workspace to /workspace/a", 'git.diff(repo="/workspace", path="/workspace/a")'),
    ("show the last commit of /workspace", 'git.show(repo="/workspace")'),
    ("show commit HEAD~1 of /workspace", 'git.show(repo="/workspace", revision="HEAD~1")'),
    ("run the program /usr/bin/make test", 'proc.exec(argv=["/usr/bin/make", "test"])'),
    ("execute /usr/bin/true", 'proc.exec(argv=["/usr/bin/true"])'),
    ("run the tests in /workspace with pytest", 'python.run(module="pytest", path="/workspace")'),
    ("test /workspace with unittest", 'python.run(module="unittest", path="/workspace")'),
    (
        "unpack the archive /workspace/a.tar.gz into /workspace/a",
        'archive.extract(archive="/workspace/a.tar.gz", target="/workspace/a")',
    ),
    (
        "list the files /workspace/*.py and /workspace/a",
        'files.list(paths=["/workspace/*.py", "/workspace/a"])',
    ),
    ("find all files named *.py in /workspace", 'files.find(folders=["/workspace"], name="*.py", type="f")'),
    ("find empty in /workspace", 'fs.search(path="/workspace", text="empty")'),
    (
        "for each file named *.py in /workspace run /usr/bin/wc '{}'",
        'files.find_each(folders=["/workspace"], name="*.py", type="f", argv=["/usr/bin/wc", "{}"])',
    ),
    (
        "delete all files named *.pyc beneath /workspace",
        'files.find_delete(folders=["/workspace"], name="*.pyc", type="f")',
    ),
    (
        "show the lines matching TODO beneath /workspace ignoring case",
        'files.grep(pattern="TODO", folders=["/workspace"], ignore_case=true)',
    ),
    ("show the lines matching TODO in /workspace/a", 'text.grep(pattern="TODO", paths=["/workspace/a"])'),
    ("check that /workspace is a folder", 'files.test(path="/workspace", kind="d")'),
    (
        "copy /workspace/a, /workspace/b to /b",
        'files.copy(sources=["/workspace/a", "/workspace/b"], target="/b")',
    ),
    ("move /workspace/a to /workspace/b", 'files.move(sources=["/workspace/a"], target="/workspace/b")'),
    ("delete the files /workspace/*.o", 'files.remove(paths=["/workspace/*.o"])'),
    (
        "delete the folder /workspace/b with all that it holds",
        'files.remove_tree(paths=["/workspace/b"])',
    ),
    ("print what is read and write it to /a", 'files.tee(paths=["/a"])'),
    ("append what is read to /a", 'fs.put(path="/a", append=true)'),
    ("show the changes in /workspace since main", 'git.compare(repo="/workspace", revisions=["main"])'),
    (
        "commit what is staged in /workspace with the message 'Mend it'",
        'git.commit(repo="/workspace", message="Mend it")',
    ),
    ("switch to the branch main in /workspace", 'git.switch(repo="/workspace", branch="main")'),
    ("switch to the new branch b in /workspace", 'git.start(repo="/workspace", branch="b")'),
    ("take back what was put aside in /workspace", 'git.stash_take(repo="/workspace", action="pop")'),
    ("fetch https://example.org/ within 5 seconds", 'http.get(url="https://example.org/", seconds=5)'),
    ("run pytest in /workspace on /workspace/a", 'python.test(folder="/workspace", paths=["/workspace/a"])'),
    ("run make in /workspace for test and lint", 'make.run(folder="/workspace", targets=["test", "lint"])'),
    ("run the shell script 'ls | wc'", 'shell.script(text="ls | wc")'),
    ("show the first 5 lines of /workspace/a", 'text.head(paths=["/workspace/a"], lines=5)'),
    ("show the first 5 bytes of /workspace/a", 'text.head(paths=["/workspace/a"], bytes=5)'),
    ("show the lines 2 to 9 of /workspace/a", 'text.lines(paths=["/workspace/a"], first=2, last=9)'),
    ("count the lines, words and bytes of /workspace/a", 'text.wc(paths=["/workspace/a"])'),
    ("print the text hello without a line feed", 'words.echo_bare(text="hello")'),
    ("print the time in utc", "words.date(utc=true)"),
]


@pytest.mark.parametrize(("sentence", "call"), STANDARD)
def test_standard_library_is_asked_for(sentence: str, call: str, capabilities: Capabilities) -> None:
    said = parse_sentence(Source("request", sentence), capabilities)
    assert bind(said, capabilities) == bind(parse_call(Source("call", call)), capabilities)


def test_every_standard_capability_has_a_phrase_with_an_example(capabilities: Capabilities) -> None:
    book = phrasebook_of(capabilities)
    assert {spoken.capability.name for spoken in book.spoken} == {each.name for each in capabilities.values()}
    assert all(example_sentence(book, spoken) for spoken in book.spoken)
