"""The binary as an operator sees it: configuration, files, signals, the lines it prints.

Promise: what scripts may rely on (flags, ready file, exit, printed commands) is used here as scripts use it.
"""

import json
import re
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness import aws
from harness.encoder import Recipe
from harness.playlist import parse
from harness.server import ACCOUNT, REGION, Server, clean_env, rillcast
from harness.viewer import Background, Viewer
from harness.waiting import wait_until
from harness.web import fetch


def checked(folder: Path, *flags: str, env: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    """`rillcast config check`: key -> value and origin."""
    done = rillcast("config", "check", *flags, cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    lines = [re.fullmatch(r"(\S+)\s+= (.*?)\s+# (.+)", line) for line in done.stdout.splitlines() if line.strip()]
    assert all(lines), done.stdout
    return {line[1]: (line[2], line[3]) for line in lines}


def files_of(server: Server) -> list[Path]:
    return [path for path in server.data_dir.rglob("*") if path.is_file()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Configuration


def test_the_defaults_are_the_documented_ones(tmp_path):
    values = checked(tmp_path)
    expected = {
        "http": "127.0.0.1:8080",
        "rtmp": "127.0.0.1:1935",
        "rtmps": "127.0.0.1:1936",
        "region": REGION,
        "account": ACCOUNT,
    }
    for key, value in expected.items():
        assert values[key] == (value, "default")


def test_flags_beat_the_environment_which_beats_the_file(tmp_path):
    (tmp_path / "rillcast.toml").write_text(
        'http = "127.0.0.1:1001"\nrtmp = "127.0.0.1:1002"\nrtmps = "127.0.0.1:1003"\nregion = "eu-west-1"\n'
    )
    env = {"RILLCAST_RTMP": "127.0.0.1:2002", "RILLCAST_RTMPS": "127.0.0.1:2003"}
    values = checked(tmp_path, "--rtmps", "127.0.0.1:3003", env=env)
    assert {key: values[key][0] for key in ("http", "rtmp", "rtmps", "region")} == {
        "http": "127.0.0.1:1001",
        "rtmp": "127.0.0.1:2002",
        "rtmps": "127.0.0.1:3003",
        "region": "eu-west-1",
    }
    assert "rillcast.toml" in values["http"][1]
    assert "RILLCAST_RTMP" in values["rtmp"][1]
    assert "--rtmps" in values["rtmps"][1]


def test_a_named_file_is_read_instead_of_the_default_one(tmp_path):
    (tmp_path / "rillcast.toml").write_text('region = "eu-west-1"\n')
    (tmp_path / "other.toml").write_text('region = "ap-south-1"\n')
    assert checked(tmp_path, "--config", "other.toml")["region"][0] == "ap-south-1"
    missing = rillcast("config", "check", "--config", "missing.toml", cwd=tmp_path)
    assert missing.returncode != 0 and "missing.toml" in missing.stderr


@pytest.mark.parametrize("command", [("config", "check"), ("serve",)])
def test_an_unknown_key_is_refused_wherever_it_stands(tmp_path, command):
    (tmp_path / "rillcast.toml").write_text('htpp = "127.0.0.1:1"\n')
    file = rillcast(*command, cwd=tmp_path)
    assert file.returncode != 0 and "htpp" in file.stderr and "rillcast.toml" in file.stderr
    (tmp_path / "rillcast.toml").unlink()
    env = rillcast(*command, cwd=tmp_path, env={"RILLCAST_HTPP": "127.0.0.1:1"})
    assert env.returncode != 0 and "HTPP" in env.stderr
    flag = rillcast(*command, "--htpp", "127.0.0.1:1", cwd=tmp_path)
    assert flag.returncode != 0 and "--htpp" in flag.stderr
    assert list(tmp_path.iterdir()) == [], "a refused start leaves nothing behind"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("http", "localhost"),
        ("http", "127.0.0.1:99999"),
        ("account", "12"),
        ("region", "EU West"),
        ("part-ms", "0"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(tmp_path, key, value):
    done = rillcast("serve", f"--{key}", value, cwd=tmp_path)
    assert done.returncode != 0
    assert key.replace("-", "_") in done.stderr and value in done.stderr


def test_the_full_file_is_a_valid_configuration(tmp_path):
    full = rillcast("config", "full", cwd=tmp_path)
    uncommented = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", full.stdout)
    # Settings without a default show what kind of value they take; those lines stay comments.
    kept = [line for line in uncommented.splitlines() if not re.search(r'= "[A-Z]+"$', line)]
    (tmp_path / "rillcast.toml").write_text("\n".join(kept))
    assert {origin for _, origin in checked(tmp_path).values()} <= {"default", "file rillcast.toml"}


def test_settings_of_the_environment_reach_the_server(start_server):
    server = start_server(env={"RILLCAST_REGION": "eu-central-1", "RILLCAST_ACCOUNT": "555555555555"})
    channel = aws.client(server, region="eu-central-1").create_channel()["channel"]
    assert channel["arn"].startswith("arn:aws:ivs:eu-central-1:555555555555:channel/")
    assert "/eu-central-1.555555555555.channel." in channel["playbackUrl"]


# Files


def test_what_the_first_start_makes_is_its_owners_alone(server):
    assert mode(server.data_dir) == 0o700
    assert mode(server.credentials) == 0o600
    files = files_of(server)
    assert any(path.read_bytes()[:15] == b"SQLite format 3" for path in files)
    assert any(b"PRIVATE KEY" in path.read_bytes() for path in files)
    public = [path for path in files if mode(path) & 0o077]
    assert all(b"PRIVATE KEY" not in path.read_bytes() and path.suffix == ".pem" for path in public), public


def test_the_ready_file_names_addresses_that_accept_connections(server):
    assert server.bound.keys() == {"http", "rtmp", "rtmps"}
    for address in server.bound.values():
        host, port = address.rsplit(":", 1)
        assert host == "127.0.0.1" and int(port) > 0
        socket.create_connection((host, int(port)), timeout=10).close()


def test_a_later_start_changes_neither_credentials_nor_certificate(start_server):
    server = start_server()
    files = [path for path in files_of(server) if ".db" not in path.name]
    kept = {path: path.read_bytes() for path in files}
    server.stop()
    server.start()
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_port_that_is_taken_ends_the_start_with_its_address(server, tmp_path):
    taken = server.bound["http"]
    done = rillcast("serve", "--data-dir", "data", "--http", taken, "--rtmp", "off", "--rtmps", "off", cwd=tmp_path)
    assert done.returncode != 0 and taken in done.stderr


def test_a_server_that_takes_no_streams_serves_the_rest(tmp_path):
    server = Server(tmp_path)
    server.address_flags = lambda: ["--data-dir", "data", "--http", "127.0.0.1:0", "--rtmp", "off", "--rtmps", "off"]
    try:
        server.start()
        assert {door for door, address in server.bound.items() if address} == {"http"}
        assert fetch(server.url + "/readyz").status == 200
        assert aws.client(server).create_channel()["channel"]["arn"]
        server.terminate()
        assert server.ended(12) == 0
    finally:
        server.stop()


# Certificates


def certificate(folder: Path, algorithm: list[str]) -> tuple[Path, Path]:
    """A certificate and key made with openssl, as an operator would hand them over."""
    files = folder / "own.pem", folder / "own.key"
    names = ["-subj", "/CN=video.example.com", "-addext", "subjectAltName=DNS:video.example.com"]
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", *algorithm, *names]
    subprocess.run([*command, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


ALGORITHMS = {"ecdsa": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["-newkey", "rsa:2048"]}
VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rtmps_shows_the_operators_certificate_to_old_and_new_tls(start_server, tmp_path, algorithm):
    own, key = certificate(tmp_path, ALGORITHMS[algorithm])
    server = start_server("--tls-certificate", str(own), "--tls-key", str(key))
    host, port = server.bound["rtmps"].rsplit(":", 1)
    for name, version in VERSIONS.items():
        context = ssl.create_default_context(cafile=own)
        context.minimum_version = context.maximum_version = version
        with socket.create_connection((host, int(port)), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="video.example.com") as secured:
                assert secured.version() == name


# Health and pages


def test_health_and_readiness_are_told(server):
    for path in ("/healthz", "/readyz"):
        assert fetch(server.url + path).status == 200
        assert fetch(server.url + path, "HEAD").body == b""


def test_the_printed_line_lists_channels_when_a_shell_runs_it(server):
    aws.client(server).create_channel(name="seen-by-the-shell")
    line = next(line for line in server.stdout().splitlines() if "ivs list-channels" in line)
    path = f"{Path(sys.executable).parent}:{clean_env()['PATH']}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=clean_env(PATH=path), timeout=120)
    assert done.returncode == 0, done.stderr
    assert "seen-by-the-shell" in [channel["name"] for channel in json.loads(done.stdout)["channels"]]


def test_pages_name_no_other_host(server):
    page = fetch(f"{server.url}/watch/AAAAbbbb0000")
    assert page.status == 200 and page.headers["content-type"].startswith("text/html")
    assets = re.findall(r'(?:src|href)="(/watch/assets/[^"]+)"', page.text)
    assert assets
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for text in [page.text, *(fetch(server.url + asset).text for asset in assets if asset.endswith(".css"))]:
        assert not re.search(r"https?://", text)
    assert fetch(f"{server.url}/watch/no%20channel").status == 404
    assert fetch(f"{server.url}/watch/assets/../../Cargo.toml").status == 404


# The end


def test_sigterm_ends_an_idle_server_with_success(start_server):
    server = start_server()
    server.terminate()
    assert server.ended(12) == 0


def test_sigterm_is_not_held_up_by_half_open_connections(start_server):
    server = start_server()
    idle = [socket.create_connection(address.rsplit(":", 1)) for address in server.bound.values()]
    idle[0].sendall(b"POST /CreateChannel HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    idle[1].sendall(b"\x03" + bytes(700))
    server.terminate()
    assert server.ended(12) == 0
    for connection in idle:
        connection.close()


@pytest.mark.parametrize("protocol", ["rtmp", "rtmps"])
def test_sigterm_ends_publishers_and_viewers_cleanly(start_server, publish, clip, protocol):
    server = start_server()
    created = aws.client(server).create_channel(insecureIngest=True)
    url = getattr(server, f"{protocol}_url")(created["streamKey"]["value"])
    encoder = publish(clip(Recipe(seconds=60)), url)
    viewer = Viewer(created["channel"]["playbackUrl"])
    viewer.open()
    msn, _ = parse(viewer.read().text).edge()
    blocked = Background(viewer.read, f"?_HLS_msn={msn + 1}")
    follower = Viewer(created["channel"]["playbackUrl"])
    watching = Background(follower.follow)
    assert follower.started.wait(40)
    server.terminate()
    answer = blocked.result()
    assert answer.status == 200
    playlist = parse(answer.text)
    assert playlist.ended or playlist.edge() > (msn + 1, 0), "either the segment came just in time or the end did"
    assert watching.result().last.ended, "the playlist has ENDLIST"
    assert server.ended(12) == 0
    encoder.ended()
    assert "panicked" not in server.log()


def test_the_end_of_a_stream_and_of_the_server_is_logged(start_server, publish, clip):
    server = start_server("--log-format", "json")
    created = aws.client(server).create_channel()
    key = created["streamKey"]["value"]
    encoder = publish(clip(Recipe(seconds=60)), server.rtmps_url(key))
    Viewer(created["channel"]["playbackUrl"]).open()
    encoder.stop()
    wait_until(lambda: fetch(created["channel"]["playbackUrl"]).status == 404, "the end of the stream")
    server.stop()
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    assert any(created["channel"]["arn"] in json.dumps(line) for line in lines), "sessions name their channel"
    assert key not in server.log(), "a stream key is a secret"
