"""The AWS CLI, kept running: one command line in, what it printed out.

Each command goes through the CLI's own entry point with the arguments that a shell would give it, in a process forked
for it. What is saved is the start: most of a second each time for loading code and models. A line of input is a JSON
list of arguments, a line of output `{"code", "stdout", "stderr"}`.

Promise: nothing of one command is left for the next.
"""

import io
import json
import os
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import CLIDriver, create_clidriver


def run(driver: CLIDriver, arguments: list[str]) -> dict[str, object]:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = driver.main(arguments)
        except SystemExit as exit:  # how the parser of arguments complains
            code = exit.code
    printed, complained = (stream.buffer.getvalue().decode() for stream in (out, err))
    return {"code": code, "stdout": printed, "stderr": complained}


def run_apart(driver: CLIDriver, arguments: list[str]) -> None:
    """Runs one command in a child, which prints what came of it; ends with the child if that dies."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            print(json.dumps(run(driver, arguments)), flush=True)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f"the process of {arguments} died")


driver = create_clidriver()
driver.session.create_client("ivs")  # reads the models that every command needs
run(driver, ["ivs", "list-channels", "--generate-cli-skeleton"])  # builds its commands, and calls nobody
for line in sys.stdin:
    run_apart(driver, json.loads(line))
