#!/usr/bin/env python3
"""The licence texts of all that is inside the binary, as they ask for: crates and the pages' packages.

Promise: what is linked is listed; a package without a text of its own is listed with the name of its licence.
"""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("licen", "copying", "notice", "unlicense")


def texts(folder: Path) -> list[str]:
    found = sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(NAMES))
    return [path.read_text(errors="replace").strip() for path in found]


def crates() -> list[tuple[str, str, list[str]]]:
    """Those that the binary's own crate needs, without what only builds or tests it."""
    tree = ["cargo", "tree", "-p", "rillcast", "--edges", "normal", "--prefix", "none", "--format"]
    told = subprocess.run([*tree, "{p}"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    wanted = {tuple(line.split()[:2]) for line in told.splitlines() if line.strip()}
    metadata = ["cargo", "metadata", "--format-version", "1", "--locked"]
    packages = json.loads(subprocess.run(metadata, cwd=ROOT, capture_output=True, check=True).stdout)["packages"]
    return [
        (f"{one['name']} {one['version']}", one["license"] or "see the text", texts(Path(one["manifest_path"]).parent))
        for one in packages
        if one["source"] and (one["name"], f"v{one['version']}") in wanted
    ]


def pages() -> list[tuple[str, str, list[str]]]:
    lock = json.loads((ROOT / "console" / "package-lock.json").read_text())["packages"]
    kept = ((place, one) for place, one in lock.items() if place and not one.get("dev"))
    return [
        (f"{place.rpartition('node_modules/')[2]} {one['version']}", one.get("license", "see the text"), texts(folder))
        for place, one in kept
        if (folder := ROOT / "console" / place).is_dir()
    ]


def main() -> None:
    print("Rillcast holds these works of others. Each text stands once, under the names of all that share it.")
    shared: dict[str, list[str]] = {}
    for name, licence, found in sorted(crates() + pages()):
        for text in found or [f"({licence}; the package has no text of its own)"]:
            shared.setdefault(text, []).append(f"{name} ({licence})")
    for text, names in sorted(shared.items(), key=lambda pair: pair[1][0].lower()):
        print("\n" + "=" * 100)
        print("\n".join(sorted(set(names), key=str.lower)))
        print("-" * 100)
        print(text)


if __name__ == "__main__":
    main()
