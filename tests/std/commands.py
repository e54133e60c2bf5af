"""What people and agents type, each with the call that it is and the command line that runs. The folder is /workspace.

`GIT` and `CHANGE` stand for how git is started to read a repository and to change one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_COMMON: Final = "-c core.hooksPath=/dev/null -c core.fsmonitor=false"
PREFIXES: Final = {
    "GIT": f"/usr/bin/git --no-pager --no-optional-locks {_COMMON} -c safe.directory=* -C /workspace",
    "CHANGE": (
        f"/usr/bin/git --no-pager {_COMMON} -c commit.gpgSign=false -c gpg.program=/usr/bin/false"
        " -c core.editor=/usr/bin/false -c safe.directory=* -C /workspace"
    ),
    "CURL": "/usr/bin/curl --disable --globoff --proto =http,https",
    "LS": "/usr/bin/ls --color=never",
    "FIND": "/usr/bin/find /workspace",
    "GREP": "/usr/bin/grep --color=never",
    "CP": "/usr/bin/cp --remove-destination",
    "W": "/workspace",
}


class Typed(NamedTuple):
    """A command line, the call that it is, and what runs."""

    command: str
    call: str
    argv: str


def _typed(table: str) -> tuple[Typed, ...]:
    lines = [line.strip() for line in table.strip().splitlines() if line.strip()]
    return tuple(Typed(*lines[place : place + 3]) for place in range(0, len(lines), 3))


TEXT: Final = _typed(r"""
cat a b
text.cat(paths=["/workspace/a", "/workspace/b"])
/usr/bin/cat -- W/a W/b
cat
text.cat()
/usr/bin/cat
cat -n -- -a
text.cat(paths=["/workspace/-a"], number=true)
/usr/bin/cat --number -- W/-a
cat -bs *.txt
text.cat(paths=["/workspace/*.txt"], number_filled=true, squeeze=true)
/usr/bin/cat --number-nonblank --squeeze-blank -- W/*.txt
head -5 a
text.head(paths=["/workspace/a"], lines=5)
/usr/bin/head --lines=5 -- W/a
head -n-2 -q a
text.head(paths=["/workspace/a"], lines=-2, quiet=true)
/usr/bin/head --quiet --lines=-2 -- W/a
head -c 100
text.head(bytes=100)
/usr/bin/head --bytes=100
tail -n 20 /tmp/log
text.tail(paths=["/tmp/log"], lines=20)
/usr/bin/tail --lines=20 -- /tmp/log
tail -n +5 a
text.tail(paths=["/workspace/a"], first_line=5)
/usr/bin/tail --lines=+5 -- W/a
tail --bytes=9 a
text.tail(paths=["/workspace/a"], bytes=9)
/usr/bin/tail --bytes=9 -- W/a
sed -n 3,5p a
text.lines(paths=["/workspace/a"], first=3, last=5)
/usr/lib/governance/lines --first=3 --last=5 -- W/a
sed --quiet 7p
text.line(line=7)
/usr/lib/governance/lines --first=7 --last=7
wc -l a
text.wc(paths=["/workspace/a"], lines=true)
/usr/bin/wc --lines -- W/a
wc -wmcL
text.wc(words=true, bytes=true, characters=true, longest=true)
/usr/bin/wc --words --bytes --chars --max-line-length
sort -rnk2 -t: a
text.sort(paths=["/workspace/a"], numeric=true, reverse=true, key="2", separator=":")
/usr/bin/sort --numeric-sort --reverse --key=2 --field-separator=: -- W/a
sort -u
text.sort(unique=true)
/usr/bin/sort --unique
cut -d: -f1,3 a
text.cut(paths=["/workspace/a"], fields="1,3", delimiter=":")
/usr/bin/cut --fields=1,3 --delimiter=: -- W/a
cut -c1-5 --complement
text.cut(characters="1-5", complement=true)
/usr/bin/cut --characters=1-5 --complement
nl -ba a
text.nl(paths=["/workspace/a"], body="a")
/usr/bin/nl --body-numbering=a --number-format=rn --number-width=6 --starting-line-number=1 -- W/a
tac a
text.tac(paths=["/workspace/a"])
/usr/bin/tac -- W/a
strings -n 8 a
text.strings(paths=["/workspace/a"], shortest=8)
/usr/bin/strings --all --bytes=8 -- W/a
grep -in x a
text.grep(pattern="x", paths=["/workspace/a"], ignore_case=true, numbers=true)
GREP --ignore-case --line-number --regexp=x -- W/a
grep -e -v --after-context=2
text.grep(pattern="-v", after=2)
GREP --after-context=2 --regexp=-v
grep -oE 'a|b'
text.grep(pattern="a|b", extended=true, only_matching=true)
GREP --extended-regexp --only-matching --regexp=a|b
grep -Fxq -- -x a
text.grep(pattern="-x", paths=["/workspace/a"], fixed=true, lines=true, quiet=true)
GREP --fixed-strings --line-regexp --quiet --regexp=-x -- W/a
egrep -v a
text.grep(pattern="a", extended=true, invert=true)
GREP --extended-regexp --invert-match --regexp=a
fgrep -c a.b f
text.grep(pattern="a.b", paths=["/workspace/f"], fixed=true, count=true)
GREP --fixed-strings --count --regexp=a.b -- W/f
""")

WORDS: Final = _typed(r"""
echo hello -n 'big  world'
words.echo(text="hello -n big  world")
/usr/bin/printf -- %s\n 'hello -n big  world'
echo
words.echo()
/usr/bin/printf -- %s\n ''
echo -n x
words.echo_bare(text="x")
/usr/bin/printf -- %s x
printf '%s\n' -x a
words.printf(format="%s\\n", words=["-x", "a"])
/usr/bin/printf -- %s\n -x a
printf -- --
words.printf(format="--")
/usr/bin/printf -- --
tr -d '\n'
words.tr(first="\\n", delete=true)
/usr/bin/tr --delete -- \n
tr a-z -A
words.tr(first="a-z", second="-A")
/usr/bin/tr -- a-z -A
uniq -c
words.uniq(count=true)
/usr/bin/uniq --count
uniq -w 3 a
words.uniq(path="/workspace/a", compare=3)
/usr/bin/uniq --check-chars=3 -- W/a
basename /a/b.c .c
words.name(name="/a/b.c", suffix=".c")
/usr/bin/basename -- /a/b.c .c
basename -a /a/b c/d
words.basename(names=["/a/b", "c/d"])
/usr/bin/basename --multiple -- /a/b c/d
dirname /a/b -c
words.dirname(names=["/a/b", "-c"])
/usr/bin/dirname -- /a/b -c
seq -s, 1 10
words.seq(numbers=["1", "10"], separator=",")
/usr/bin/seq --separator=, -- 1 10
date -u +%F
words.date(format="%F", utc=true)
/usr/bin/date --utc +%F
date -d yesterday
words.date(when="yesterday")
/usr/bin/date --date=yesterday
pwd
words.pwd()
/usr/bin/pwd
true
words.true()
/usr/bin/true
false
words.false()
/usr/bin/false
""")

FILES: Final = _typed(r"""
ls
files.list(paths=["/workspace"])
LS -- W
ls -lat src /tmp
files.list(paths=["/workspace/src", "/tmp"], long=true, all=true, sort="time")
LS -l --all --sort=time -- W/src /tmp
ls -R
files.list_tree(paths=["/workspace"])
/usr/bin/ls --recursive --color=never -- W
find
files.find(folders=["/workspace"])
FIND
find . -type f -name '*.py' ! -name 'test*' -mtime -2 -print0
files.find(folders=["/workspace"], type="f", name="*.py", not_name="test*", modified_days="-2", null=true)
FIND -type f -name *.py ! -name test* -mtime -2 -print0
find . -maxdepth 1 -iname -delete -print
files.find(folders=["/workspace"], max_depth=1, any_case="-delete")
FIND -maxdepth 1 -iname -delete
find . -name a -exec grep -l x {} \;
files.find_each(folders=["/workspace"], name="a", argv=["/usr/bin/grep", "-l", "x", "{}"])
FIND -name a -exec /usr/bin/grep -l x {} ;
find . -exec wc -l {} +
files.find_all(folders=["/workspace"], argv=["/usr/bin/wc", "-l", "{}"])
FIND -exec /usr/bin/wc -l {} +
find . -name '*.pyc' -delete
files.find_delete(folders=["/workspace"], name="*.pyc")
FIND -name *.pyc -delete
grep -rn --include='*.py' x src
files.grep(pattern="x", folders=["/workspace/src"], numbers=true, include="*.py")
/usr/bin/grep --recursive --color=never --line-number --include=*.py --regexp=x -- W/src
grep -r x
files.grep(pattern="x", folders=["/workspace"])
/usr/bin/grep --recursive --color=never --regexp=x -- W
rg -n -t py x src
files.rg(pattern="x", folders=["/workspace/src"], numbers=true, kind="py")
/usr/bin/rg --no-config --color=never --no-heading --line-number --type=py --regexp=x -- W/src
diff -u a b
files.diff(old="/workspace/a", new="/workspace/b", unified=true)
/usr/bin/diff --no-dereference --color=never -u -- W/a W/b
diff -rq --exclude=.git a b
files.diff(old="/workspace/a", new="/workspace/b", recursive=true, brief=true, exclude=".git")
/usr/bin/diff --no-dereference --color=never --recursive --brief --exclude=.git -- W/a W/b
stat -c %s a
files.stat(paths=["/workspace/a"], format="%s")
/usr/bin/stat --format=%s -- W/a
file -b a
files.kind(paths=["/workspace/a"], brief=true)
/usr/bin/file --no-dereference --brief -- W/a
du -sh .
files.usage(paths=["/workspace"], summarize=true, human=true)
/usr/bin/du --summarize --human-readable -- W
du -k -d1
files.usage(paths=["/workspace"], unit="k", max_depth=1)
/usr/bin/du --block-size=1k --max-depth=1 -- W
tree -L 2 -I node_modules
files.tree(paths=["/workspace"], level=2, exclude="node_modules")
/usr/bin/tree -n -L 2 -I node_modules W
realpath a
files.real_path(paths=["/workspace/a"])
/usr/bin/realpath -- W/a
readlink -f a
files.real_path(paths=["/workspace/a"])
/usr/bin/realpath -- W/a
test -d src
files.test(path="/workspace/src", kind="d")
/usr/bin/test -d W/src
[ -f a ]
files.test(path="/workspace/a", kind="f")
/usr/bin/test -f W/a
mkdir -p a/b
files.make_folders(paths=["/workspace/a/b"], parents=true)
/usr/bin/mkdir --parents -- W/a/b
touch a
files.touch(paths=["/workspace/a"])
/usr/bin/touch -- W/a
cp a b c
files.copy(sources=["/workspace/a", "/workspace/b"], target="/workspace/c")
CP -- W/a W/b W/c
cp -r src dst
files.copy_tree(sources=["/workspace/src"], target="/workspace/dst")
/usr/bin/cp --recursive --no-dereference --remove-destination -- W/src W/dst
cp -a src dst
files.copy_tree(sources=["/workspace/src"], target="/workspace/dst", archive=true)
/usr/bin/cp --recursive --no-dereference --remove-destination --archive -- W/src W/dst
mv -v a b
files.move(sources=["/workspace/a"], target="/workspace/b", verbose=true)
/usr/bin/mv --force --verbose -- W/a W/b
rm -f a
files.remove(paths=["/workspace/a"], force=true)
/usr/bin/rm --interactive=never --force -- W/a
rm -rf a
files.remove_tree(paths=["/workspace/a"], force=true)
/usr/bin/rm --recursive --interactive=never --force -- W/a
tee -a log
files.tee(paths=["/workspace/log"], append=true)
/usr/bin/tee --append -- W/log
""")

GIT: Final = _typed(r"""
git status
git.status(repo="/workspace", long=true)
GIT status --porcelain=v1 --branch --ignore-submodules=all --long
git status -s
git.status(repo="/workspace", no_branch=true)
GIT status --porcelain=v1 --branch --ignore-submodules=all --no-branch
git status --short --branch
git.status(repo="/workspace")
GIT status --porcelain=v1 --branch --ignore-submodules=all
git log --oneline -5
git.log(repo="/workspace", most=5, oneline=true, dates="default")
GIT log --no-color --no-ext-diff --no-textconv --no-show-signature --date=iso-strict --date=default --max-count=5 --oneline
git -C /workspace log main..dev -- src
git.log(repo="/workspace", most=-1, revision="main..dev", path="/workspace/src", dates="default")
GIT log --no-color --no-ext-diff --no-textconv --no-show-signature --date=iso-strict --date=default --max-count=-1 --end-of-options main..dev -- W/src
git diff
git.compare(repo="/workspace")
GIT diff --no-color --no-ext-diff --no-textconv
git diff --cached --stat HEAD~1 -- a
git.compare(repo="/workspace", revisions=["HEAD~1"], paths=["/workspace/a"], staged=true, stat=true)
GIT diff --no-color --no-ext-diff --no-textconv --cached --stat --end-of-options HEAD~1 -- W/a
git show --stat HEAD~2
git.show(repo="/workspace", revision="HEAD~2", stat=true)
GIT show --no-color --no-ext-diff --no-textconv --no-show-signature --stat --end-of-options HEAD~2 --
git branch -a
git.branches(repo="/workspace", all=true)
GIT branch --no-color --no-column --all
git branch dev main
git.branch(repo="/workspace", name="dev", start="main")
CHANGE branch --end-of-options dev main
git branch -D dev
git.branch_delete(repo="/workspace", names=["dev"], force=true)
CHANGE branch --delete --force --end-of-options dev
git add -A
git.add(repo="/workspace", all=true)
CHANGE add --all
git add a *.py
git.add(repo="/workspace", paths=["/workspace/a", "/workspace/*.py"])
CHANGE add -- W/a W/*.py
git commit -am 'a message'
git.commit(repo="/workspace", message="a message", all=true)
CHANGE commit --no-verify --no-gpg-sign --no-status --all '--message=a message'
git commit --amend --no-edit
git.amend(repo="/workspace")
CHANGE commit --no-verify --no-gpg-sign --amend --no-edit
git checkout main
git.switch(repo="/workspace", branch="main")
CHANGE switch --no-recurse-submodules --end-of-options main
git checkout --detach HEAD~1
git.checkout(repo="/workspace", commit="HEAD~1")
CHANGE switch --no-recurse-submodules --detach --end-of-options HEAD~1
git checkout -b dev
git.start(repo="/workspace", branch="dev")
CHANGE switch --no-recurse-submodules --create=dev
git switch -c dev main
git.start(repo="/workspace", branch="dev", start="main")
CHANGE switch --no-recurse-submodules --create=dev --end-of-options main
git switch main
git.switch(repo="/workspace", branch="main")
CHANGE switch --no-recurse-submodules --end-of-options main
git checkout -- a
git.checkout_paths(repo="/workspace", paths=["/workspace/a"])
CHANGE restore --no-recurse-submodules --overlay --worktree -- W/a
git checkout HEAD~1 -- a
git.checkout_paths(repo="/workspace", source="HEAD~1", paths=["/workspace/a"])
CHANGE restore --no-recurse-submodules --overlay --worktree --source=HEAD~1 --staged -- W/a
git restore --staged a
git.restore(repo="/workspace", paths=["/workspace/a"], staged=true)
CHANGE restore --no-recurse-submodules --staged -- W/a
git stash
git.stash_push(repo="/workspace")
CHANGE stash push
git stash push -m 'for later' -u
git.stash_push(repo="/workspace", message="for later", untracked=true)
CHANGE stash push --include-untracked '--message=for later'
git stash pop
git.stash_take(repo="/workspace", action="pop")
CHANGE stash pop
git stash list
git.stash_list(repo="/workspace")
GIT stash list
git ls-files -m
git.files(repo="/workspace", modified=true)
GIT ls-files --modified
""")

CODE: Final = _typed(r"""
python -m pytest -x tests/test_a.py::test_b -k foo
python.test(folder="/workspace", paths=["/workspace/tests/test_a.py::test_b"], exit_first=true, expression="foo")
/usr/bin/env --chdir=/workspace /usr/bin/python3 -m pytest --exitfirst -k foo -- W/tests/test_a.py::test_b
pytest -q --tb=short
python.test(folder="/workspace", quiet=true, traceback="short")
/usr/bin/env --chdir=/workspace /usr/bin/python3 -m pytest --quiet --tb=short
python a.py --flag -x
python.script(script="/workspace/a.py", arguments=["--flag", "-x"])
/usr/bin/python3 -- W/a.py --flag -x
python3 -c 'print(1)'
python.code(code="print(1)")
/usr/bin/python3 -c 'print(1)'
make -j4 test
make.run(folder="/workspace", targets=["test"], jobs=4)
/usr/bin/make --no-print-directory --directory=/workspace --jobs=4 -- test
pip install -U left 'right>=2'
pip.install(packages=["left", "right>=2"], upgrade=true)
/usr/bin/pip --no-input --disable-pip-version-check install --upgrade -- left right>=2
pip3 install -r requirements.txt
pip.install(program="pip3", requirements="/workspace/requirements.txt")
/usr/bin/pip3 --no-input --disable-pip-version-check install --requirement=/workspace/requirements.txt
npm install -D left
npm.install(folder="/workspace", packages=["left"], development=true)
/usr/bin/npm --prefix=/workspace --no-audit --no-fund install --save-dev -- left
xargs -0 -n 1 grep -l x
proc.each(argv=["/usr/bin/grep", "-l", "x"], null=true, most=1)
/usr/bin/xargs --null --max-args=1 -- /usr/bin/grep -l x
""")

REACH: Final = _typed(r"""
curl -sSf https://example.org/a
http.get(url="https://example.org/a", silent=true, errors=true, fail=true)
CURL --silent --show-error --fail --url https://example.org/a
curl -X GET --max-time 5 https://example.org/a
http.get(url="https://example.org/a", seconds=5)
CURL --max-time 5 --url https://example.org/a
curl -s -H 'Accept: application/json' https://example.org/a
http.get(url="https://example.org/a", silent=true, accept_json=true)
CURL --silent --header Accept:application/json --url https://example.org/a
curl -I https://example.org/a
http.head(url="https://example.org/a")
CURL --head --url https://example.org/a
curl -X POST -d 'a=1&b=2' https://example.org/a
http.post(url="https://example.org/a", body="a=1&b=2")
CURL --data-raw 'a=1&b=2' --url https://example.org/a
curl -H 'Accept: application/json' -H 'Content-Type: application/json' -d '{"a": 1}' https://example.org/a
http.post(url="https://example.org/a", body="{\"a\": 1}", as_json=true, accept_json=true)
CURL --header Content-Type:application/json --header Accept:application/json --data-raw '{"a": 1}' --url https://example.org/a
curl -H 'Content-Type: application/json' --data '{"a": 1}' https://example.org/a
http.post(url="https://example.org/a", body="{\"a\": 1}", as_json=true)
CURL --header Content-Type:application/json --data-raw '{"a": 1}' --url https://example.org/a
tar -tf a.tar
archive.list(archive="/workspace/a.tar")
/usr/lib/governance/unpack list --most=100000 W/a.tar
unzip -l a.zip
archive.list(archive="/workspace/a.zip")
/usr/lib/governance/unpack list --most=100000 W/a.zip
tar xzf a.tgz
archive.extract(archive="/workspace/a.tgz", target="/workspace", replace=true)
/usr/lib/governance/unpack extract --most=10000 --bytes=1073741824 --replace=true --target=/workspace W/a.tgz
tar -xvf a.tar -C out
archive.extract(archive="/workspace/a.tar", target="/workspace/out", replace=true)
/usr/lib/governance/unpack extract --most=10000 --bytes=1073741824 --replace=true --target=/workspace/out W/a.tar
unzip a.zip -d out
archive.extract(archive="/workspace/a.zip", target="/workspace/out")
/usr/lib/governance/unpack extract --most=10000 --bytes=1073741824 --replace=false --target=/workspace/out W/a.zip
""")

TABLE: Final = (*TEXT, *WORDS, *FILES, *GIT, *CODE, *REACH)

UNTYPED: Final = frozenset(
    {
        "fs.read", "fs.list", "fs.glob", "fs.search", "fs.write", "fs.edit", "fs.delete", "fs.put",
        "fs.commit", "proc.exec", "python.run", "git.diff", "shell.script",
    }
)  # fmt: skip
"""Capabilities that no command is."""

NOT_CANONICAL: Final = frozenset(
    {
        "text.lines", "text.line", "words.echo", "words.echo_bare", "archive.list", "archive.extract",
        "http.get", "http.head", "http.post", "files.usage", "python.test", "python.code", "pip.install", "npm.install",
    }
)  # fmt: skip
"""Capabilities whose command line is not itself typed so, beside those of git: what it says first no one has to type."""

REFUSED: Final = r"""
cat --show-al a
cat -
head -c 4 -n 3 a
tail -f log
tail --pid=1 a
tail --retry a
sed s/a/b/ a
sed -n 's/a/b/w out' a
sed -n '1e id' a
sed -n 1,2p -i a
sed -n --expression=1p a
sed -n 1,p a
sort -o out a
sort --output=out a
sort --compress-program=sh a
sort -T /tmp a
sort --files0-from=list
sort --num a
sort -k1 -k2 a
wc --files0-from=list
uniq a out
uniq *.txt
cut -f1 -f2 a
nl -
grep -f patterns a
grep --devices=read x a
grep -E -F x
grep -hH x a
grep -R x .
egrep -P x
echo -e 'a\nb'
echo -- x
echo -x
printf -v name x
date -s 2020-01-01
date --set=2020-01-01
date -f list
date 010203042020
uniq -z a b
seq -f %g 1 2
ls -tS
ls -aA
ls -L
ls --dired
ls -d */
find . -name a -o -name b
find . ( -name a )
find . ! -path ./x
find . -print -type f
find . -print0 -name x
find . -delete -name x
find . -name x -delete -print
find . -fprintf out %p
find . -fprint out
find . -fls out
find . -ok rm {} ;
find . -execdir rm {} ;
find . -okdir rm {} ;
find . -exec sh -c id ;
find . -exec sudo id ;
find . -exec rm {} ; -name x
find . -exec rm {}
find -L . -name x
find . -name a -name b
find -name x .
find . -files0-from list
find . -path ./a
find . -regex .*
grep -r --exclude=a --include=b x
rg x
rg --pre=cat x .
rg --hostname-bin=id x .
rg --search-zip x .
rg -z x .
rg -L x .
rg --ignore-file=x y .
diff --from-file=a b
diff --to-file=a b
diff a
diff a b c
diff --dereference a b
stat -L a
file -f list
file -m magic a
file -C -m magic
file -z a
du --files0-from=list
du -L
tree -o out
tree --fromfile list
tree -l
tree -R -H base
test a = b
test -f a -a -f b
[ -f a
mkdir -m 777 a
touch -r a b
cp -t dst a
cp --target-directory=dst a
cp --backup a b
cp -b a b
cp -S x a b
cp -L a b
cp -l a b
cp -s a b
cp -i a b
cp --parents a b
cp a
cp -r -L a b
mv -t dst a
mv --backup=numbered a b
mv -i a b
mv a
rm -i a
rm --no-preserve-root -r a
rm
ln -s a b
chmod 777 a
tee -p a
git -c core.pager=id log
git -c alias.x=!id x
git --exec-path=/tmp log
git --git-dir=/tmp log
git --work-tree=/tmp status
git -p log
git log --output=out
git log --ext-diff -p
git log --textconv
git log --show-signature
git log --max-coun=1
git diff --output=out
git diff --ext-diff
git diff --no-index a b
git show --output=out
git grep -O x
git grep --open-files-in-pager=id x
git fetch --upload-pack=id
git clone https://example.org/a
git push
git pull
git ls-remote --upload-pack=id a
git archive --exec=id
git rebase -i
git rebase --exec id
git bisect run id
git submodule foreach id
git config core.pager id
git commit
git commit -F a -e
git commit -m a -m b
git commit --gpg-sign=x -m a
git commit -S -m a
git branch --edit-description
git branch -m a b
git add -p
git add -e
git add -i
git checkout -p a
git stash push -p
git difftool
git mergetool
git -C a -C b log
pytest -p plugin
pytest --pdb
pytest -c other.ini
pytest --basetemp=/tmp/x
python -i a.py
python -m http.server
python -
python
make -f other -C sub
make --eval=x
make SHELL=x -I /tmp
make -E x
pip install --index-url https://example.org/a b
pip install --target=/tmp a
pip download a
pip install --config-settings=a b
npm install --prefix=/tmp a
npm run build
npm install -g a
xargs -a list rm
xargs --arg-file=list rm
xargs -p rm
xargs sh -c id
xargs
curl -o out https://example.org/a
curl -O https://example.org/a
curl -T file https://example.org/a
curl -K config https://example.org/a
curl --config config https://example.org/a
curl -x proxy https://example.org/a
curl --proxy proxy https://example.org/a
curl -L https://example.org/a
curl --data=x https://example.org/a
curl -d @file https://example.org/a
curl --data-binary @file https://example.org/a
curl --data-urlencode a@file https://example.org/a
curl -F a=@file https://example.org/a
curl -b cookies https://example.org/a
curl -c cookies https://example.org/a
curl -D headers https://example.org/a
curl -H @headers https://example.org/a
curl -H 'X-A: b' https://example.org/a
curl -H 'Authorization: Bearer x' https://example.org/a
curl -H 'Host: example.net' https://example.org/a
curl -H 'Accept: application/json; q=1' https://example.org/a
curl -H 'Accept: application/json' -H 'Cookie: a=b' https://example.org/a
curl -X DELETE https://example.org/a
curl -k https://example.org/a
curl --unix-socket x https://example.org/a
curl --resolve a:1:b https://example.org/a
curl https://example.org/a https://example.org/b
curl file:///etc/passwd
curl https://user@example.org/a
tar -xf a.tar --to-command=id
tar -xf a.tar -I id
tar -xf a.tar --use-compress-program=id
tar -xf a.tar --checkpoint-action=exec=id
tar -xf a.tar --absolute-names
tar -xf a.tar -P
tar -xf a.tar --one-top-level=/tmp
tar -xf a.tar member
tar -cf out.tar a
tar -rf out.tar a
tar -xf -
tar --rsh-command=id -xf host:a
unzip -: a.zip
unzip a.zip member
unzip -p a.zip
zip -T -TT id a b
awk '{print}'
sh script.sh
"""
"""Commands that are no declared capability: at most the one that runs any program, with these very words."""
