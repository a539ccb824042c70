"""What is typed: help, typos, abbreviations, completion, and what help does not import."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import COMMANDS, build_parser, main
from edge.cli.parsing import Parser
from tests.conftest import EdgeCommand

ROOT = Path(__file__).parents[2]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line that ends while it is parsed."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


def test_help_is_the_same_by_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    whole = said(capsys, "--help")
    assert whole == said(capsys) == said(capsys, "help") == said(capsys, "-h")
    code, out, err = whole
    assert (code, err) == (0, "")
    assert all(f"    {name} " in out for name in COMMANDS)
    assert "3 the input is" in out
    for name in COMMANDS:
        one = said(capsys, "help", name)
        assert one == said(capsys, name, "--help")
        assert one[0] == 0
        assert one[1].startswith(f"usage: edge {name} ")
        assert "-q, --quiet" in one[1]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("song x.wav", "edge: no such command: song; did you mean songs?; see edge --help"),
        ("captoin x.wav", "edge: no such command: captoin; did you mean caption?; see edge --help"),
        ("help lable", "edge: no such command: lable; did you mean label?; see edge --help"),
        ("xyzzy", "edge: no such command: xyzzy; see edge --help"),
        ("songs x.wav --jsn", "edge songs: no such argument: --jsn; did you mean --json?; see "),
        ("label x.wav --segmnt 3", "edge label: no such argument: --segmnt; did you mean --segment?; "),
        ("models lst", "edge models: no such command: lst; did you mean list?; see edge models --help"),
        ("clean x.wav --level mild", "edge clean: argument --level: invalid choice: 'mild' "),
        ("songs", "edge songs: the following arguments are required: MEDIA; see edge songs --help"),
        ("songs x.wav -q --verbose", "edge songs: argument --verbose: not allowed with argument -q/--quiet"),
    ],
)  # fmt: skip
def test_a_typo_is_one_line_with_a_suggestion(
    capsys: pytest.CaptureFixture[str], words: str, line: str
) -> None:
    code, out, err = said(capsys, *words.split())
    assert (code, out) == (2, "")
    assert err.startswith(line)
    assert len(err.splitlines()) == 1


def test_the_start_of_an_option_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "songs", "x.wav", "--min", "3")
    assert code == 2
    assert "no such argument: --min" in err
    for name, command in build_parser("all").choices().items():
        assert isinstance(command, Parser)
        known = {option for action in command._actions for option in action.option_strings}
        for option in known:
            shorter = option[:-1]
            if option.startswith("--") and len(shorter) > 3 and shorter not in known:
                needed = {
                    "models": ["list"],
                    "match": ["--music", "music", "x.wav", shorter],
                    "run": ["-o", "out", "x.wav", shorter],
                }
                _, rest = command.parse_known_args(needed.get(name, ["x.wav", shorter]))
                assert name in ("models", "doctor") or rest == [shorter]


def modules_after(*words: str) -> set[str]:
    """The modules that a command line has loaded when it ends."""
    code = f"""
import sys
from edge.cli import main
try:
    main({list(words)!r})
except SystemExit:
    pass
print(*sys.modules, sep="\\n", file=sys.stderr)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    heavy = {"av", "onnxruntime", "numba", "matplotlib", "tqdm", "shtab", "pysubs2"}
    for words in ([], ["--version"], ["song"]):
        assert not modules_after(*words) & {*heavy, "numpy"}
    for name in COMMANDS:
        loaded = modules_after(name, "--help")
        assert not loaded & heavy, name
        assert f"edge.cli.{name}" in loaded
        assert not loaded & {f"edge.cli.{other}" for other in COMMANDS if other != name}


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_bash_takes_the_completion_script(edge: EdgeCommand) -> None:
    script = edge("--print-completion", "bash")
    assert (script.returncode, script.stderr) == (0, "")
    checked = subprocess.run(["bash", "-n"], input=script.stdout, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    complete = '"$(complete -p edge | sed "s/.*-F //; s/ .*//")"'
    ask = f"COMP_WORDS=(edge songs --max); COMP_CWORD=2; COMPREPLY=(); {complete}"
    given = f'{script.stdout}\n{ask}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    words = subprocess.run(["bash", "-c", given], capture_output=True, text=True, check=False).stdout.split()
    assert sorted(words) == ["--max-gap", "--max-interlude", "--max-rest"]


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_have_a_completion_script(edge: EdgeCommand, shell: str) -> None:
    script = edge("--print-completion", shell)
    assert (script.returncode, script.stderr) == (0, "")
    assert all(name in script.stdout for name in COMMANDS)
    assert edge("--print-completion", "fish").returncode == 2
