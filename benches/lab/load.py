"""The chat load generator: a Rust program of this repository (`benches/chat`), one process for each run.

Promise: a run that could not be carried out as planned ends with its words; what was lost or
refused on the way is in its findings, not hidden.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

from lab import servers

BUILD = "cargo build --release --manifest-path benches/chat/Cargo.toml --target-dir target/chat-bench"


def binary() -> pathlib.Path:
    """The generator, or how it is made."""
    found = pathlib.Path(os.environ.get("CHAT_BENCH", servers.ROOT / "target/chat-bench/release/chat-bench"))
    if not found.exists():
        raise servers.Missing(f"build it: {BUILD}")
    return found


def _told(*arguments: str) -> dict:
    done = subprocess.run([str(binary()), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def mint(**plan) -> dict:
    """Sends signed requests and writes the tokens of the answers (`src/mint.rs`)."""
    return _told("mint", json.dumps(plan))


def run(**plan) -> dict:
    """One run (`src/plan.rs`); its findings (`src/load.rs`)."""
    return _told(json.dumps(plan))
