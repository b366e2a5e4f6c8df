#!/usr/bin/env python3
"""Runs tests, and once more, alone, the files of the few that failed beside others.

Promise: what fails twice fails; what failed once is named at the end. Many failures are not tried again.

Tests here start encoders, players and browsers, several at once. On a small or busy machine one of them may get no
processor for seconds, and a player then does what players do. Alone it has the machine to itself.

    tests/run.py rust [cargo's arguments]
    tests/run.py e2e [pytest's arguments]
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAST_FAILED = ROOT / "tests" / ".pytest_cache" / "v" / "cache" / "lastfailed"
#: More than so many are no accident.
FEW = 8
#: Pytest found nothing that the arguments pick.
NOTHING = 5
FAILED = 1

#: What can run side by side, and what wants the machine for itself.
PHASES = [
    ["-n", "4", "--dist", "loadfile", "-m", "not alone and not recording"],
    ["-n", "3", "--dist", "loadfile", "-m", "recording and not alone"],
    ["-m", "alone"],
]


def say(words: str) -> None:
    print(f"== {words}", flush=True)


def pytest(*arguments: str, files: list[str] | None = None) -> int:
    places = [f"tests/{file.removeprefix('tests/')}" for file in files] if files else ["tests"]
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={LAST_FAILED.parents[2]}", *arguments, *places]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def e2e(arguments: list[str]) -> int:
    for phase in PHASES:
        began = time.monotonic()
        code = pytest("--cache-clear", *phase, *arguments)
        if code == FAILED:
            names = list(json.loads(LAST_FAILED.read_text())) if LAST_FAILED.exists() else []
            if not 0 < len(names) <= FEW:
                return code
            say(f"once more, alone: {', '.join(names)}")
            # Tests of a file may stand on each other, so it is run whole.
            code = pytest(*phase[-2:], *arguments, files=sorted({name.partition("::")[0] for name in names}))
            say(f"failed beside others, {'well' if code == 0 else 'failed'} alone: {', '.join(names)}")
        if code not in (0, NOTHING):
            return code
        say(f"{phase[-1]}: {time.monotonic() - began:.0f} s")
    return 0


def cargo(*arguments: str) -> tuple[int, str]:
    """The exit code, and all that was printed, which is also shown."""
    command = ["cargo", "test", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    return process.wait(), "".join(lines)


def failed_in(output: str) -> tuple[list[str], list[list[str]]]:
    """The names of the failed tests, and cargo's arguments for the programs that they are in."""
    names = re.findall(r"^failures:\n((?:    \S.*\n)+)", output, re.MULTILINE)
    targets = re.findall(r"^    `(-p .*)`$", output, re.MULTILINE)
    return [name.strip() for block in names for name in block.splitlines()], [target.split() for target in targets]


def rust(arguments: list[str]) -> int:
    began = time.monotonic()
    code, output = cargo("--workspace", "--quiet", "--no-fail-fast", *arguments)
    names, targets = failed_in(output)
    if code and targets and 0 < len(names) <= FEW:
        say(f"once more, alone: {', '.join(names)}")
        # Of the whole workspace, as it was built: for one crate alone all it stands on would be built anew.
        kinds = sorted({tuple(target[2:]) for target in targets})
        alone = ["--", "--exact", "--test-threads", "1", *names]
        again = [cargo("--workspace", "--quiet", *kind, *alone) for kind in kinds]
        counts = re.findall(r"^test result: ok\. (\d+) passed", "".join(told for _, told in again), re.MULTILINE)
        ran = sum(int(count) for count in counts)
        code = max(one for one, _ in again) or (0 if ran >= len(names) else FAILED)
        say(f"failed beside others, {'well' if code == 0 else 'failed'} alone: {', '.join(names)}")
    say(f"Rust: {time.monotonic() - began:.0f} s")
    return code


if __name__ == "__main__":
    kind, *rest = sys.argv[1:] or ["?"]
    if kind not in ("rust", "e2e"):
        sys.exit(__doc__)
    sys.exit({"rust": rust, "e2e": e2e}[kind](rest))
