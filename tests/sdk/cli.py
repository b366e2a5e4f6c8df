"""The AWS CLI, kept running: one command line in, what it printed out.

Each command goes through the CLI's own entry point with the arguments that a shell would give it; only the start of
the interpreter, two thirds of a second each time, is saved. A line of input is a JSON list of arguments, a line of
output `{"code", "stdout", "stderr"}`.

Promise: nothing of one command is left for the next but loaded code.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import create_clidriver


def run(arguments: list[str]) -> dict[str, object]:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = create_clidriver().main(arguments)
    printed, complained = (stream.buffer.getvalue().decode() for stream in (out, err))
    return {"code": code, "stdout": printed, "stderr": complained}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
