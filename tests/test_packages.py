"""What `make dist` hands out: the Debian package and the archive, packed of the binary under test.

Promise: nothing is installed on this machine; what is in a package is unpacked and run from there.
"""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from harness.server import ROOT, binary, clean_env

#: Where a program that Debian keeps from users' paths may be.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def run(*command, **options) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, timeout=300, **options
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def pack(folder: Path) -> Path:
    environment = clean_env(PACKAGE_EFFORT="1", SOURCE_DATE_EPOCH="1700000000")
    run(ROOT / "deploy" / "package.sh", binary(), folder, env=environment)
    return folder


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def package(packed):
    (found,) = packed.glob("rillcast_*.deb")
    return found


@pytest.fixture(scope="module")
def tree(package, tmp_path_factory):
    """The package's files, as they would lie on a machine."""
    folder = tmp_path_factory.mktemp("tree")
    run("dpkg-deb", "--extract", package, folder)
    return folder


def test_the_package_says_what_it_is_and_what_it_needs(package):
    field = lambda name: run("dpkg-deb", "--field", package, name).strip()  # noqa: E731
    version = run(binary(), "--version").split()[1]
    assert (field("Package"), field("Version")) == ("rillcast", version)
    assert field("Architecture") == run("dpkg", "--print-architecture").strip()
    assert "libc6 (>=" in field("Depends") and "adduser" in field("Depends")
    assert "ffmpeg" in field("Recommends"), "it works without, but passes everything through"


def test_the_package_holds_program_service_manual_completions_and_licences(package, tree):
    lines = [line.split(maxsplit=5) for line in run("dpkg-deb", "--contents", package).splitlines()]
    listed = {path: [mode, owner] for mode, owner, *_, path in lines}
    assert listed["./usr/bin/rillcast"] == ["-rwxr-xr-x", "root/root"]
    assert {owner for _, owner in listed.values()} == {"root/root"}
    for path in (
        "lib/systemd/system/rillcast.service",
        "etc/rillcast/rillcast.toml",
        "usr/share/man/man1/rillcast.1.gz",
        "usr/share/man/man1/rillcast-serve.1.gz",
        "usr/share/bash-completion/completions/rillcast",
        "usr/share/zsh/vendor-completions/_rillcast",
        "usr/share/fish/vendor_completions.d/rillcast.fish",
        "usr/share/doc/rillcast/copyright",
        "usr/share/doc/rillcast/full.toml",
    ):
        assert (tree / path).stat().st_size > 100, path
    licences = (tree / "usr/share/doc/rillcast/THIRD-PARTY.txt").read_text()
    for name in ("tokio ", "hyper ", "aws-lc-rs ", "hls.js ", "preact "):
        assert f"\n{name}" in licences, name


def test_the_packed_program_runs_by_the_packed_settings(tree, tmp_path):
    program, settings = tree / "usr/bin/rillcast", tree / "etc/rillcast/rillcast.toml"
    told = run(program, "config", "check", "--config", settings, "--data-dir", tmp_path, env=clean_env())
    assert str(tmp_path) in told
    assert ".debug_info" not in run("readelf", "--sections", "--wide", program), "symbols are beside it"


def test_the_unit_is_one_that_systemd_takes(tree, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    unit = (tree / "lib/systemd/system/rillcast.service").read_text()
    assert "ExecStart=/usr/bin/rillcast serve" in unit
    # It is asked whether the program is there: as it would be.
    (tmp_path / "rillcast.service").write_text(unit.replace("/usr/bin/", f"{tree}/usr/bin/"))
    run("systemd-analyze", "verify", "--man=no", tmp_path / "rillcast.service")


def test_the_maintainer_scripts_are_shell_that_stops_at_errors(package, tmp_path):
    run("dpkg-deb", "--control", package, tmp_path)
    for name in ("postinst", "prerm", "postrm"):
        script = tmp_path / name
        run("sh", "-n", script)
        assert "set -e" in script.read_text()
        # Called for what is not theirs to do, they do nothing.
        run("sh", script, "abort-upgrade", env={"PATH": PATH})
    assert (tmp_path / "conffiles").read_text() == "/etc/rillcast/rillcast.toml\n"


def test_the_sums_in_the_package_are_those_of_its_files(package, tree, tmp_path):
    run("dpkg-deb", "--control", package, tmp_path)
    run("md5sum", "--check", "--quiet", tmp_path / "md5sums", cwd=tree)


def test_the_archive_holds_the_same_program_below_one_folder(packed, tree):
    (archive,) = packed.glob("rillcast-*.tar.gz")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
        top = archive.name.removesuffix(".tar.gz")
        assert all(name == top or name.startswith(f"{top}/") for name in names)
        program = opened.extractfile(f"{top}/rillcast").read()
        for name in ("LICENSE", "README.md", "rillcast.toml", "rillcast.service", "share/man/man1/rillcast.1.gz"):
            assert f"{top}/{name}" in names
    assert program == (tree / "usr/bin/rillcast").read_bytes()
    run("sha256sum", "--check", "--quiet", "SHA256SUMS", cwd=packed)


def test_what_is_packed_twice_is_the_same_to_the_bit(packed, tmp_path):
    again = pack(tmp_path)
    assert (again / "SHA256SUMS").read_text() == (packed / "SHA256SUMS").read_text()
