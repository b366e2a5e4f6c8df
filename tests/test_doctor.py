"""`rillcast doctor`: what of all that is configured works, for people and for scripts, and at the desk of a server.

Promise: things are broken in earnest, and what is found names them and says what to do. It needs no server and no
data, leaves nothing behind, and fails only where something configured does not work.
"""

import datetime
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import aws
from harness.chat_app import chat_client
from harness.moto import SECRET, Destinations
from harness.nats import Nats
from harness.recording import configure
from harness.server import Server, binary, clean_env
from harness.waiting import wait_until

#: Listeners that are in nobody's way.
ANYWHERE = [flag for name in ("http", "rtmp", "rtmps") for flag in (f"--{name}", "127.0.0.1:0")]


def doctor(folder: Path, *flags: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary(), "doctor", *ANYWHERE[: 0 if "--http" in flags else 6], *flags],
        cwd=folder,
        env=env or clean_env(),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """An examination of the installed ffmpeg, as scripts get it."""
    folder = tmp_path_factory.mktemp("well")
    return folder, doctor(folder, "--output", "json", "--transcode-capacity", "100")


def test_a_machine_with_ffmpeg_is_well(well: tuple[Path, subprocess.CompletedProcess[str]]):
    folder, told = well
    assert (told.returncode, told.stderr) == (0, "")
    found = json.loads(told.stdout)
    assert found["problems"] == []
    assert Path(found["ffmpeg"]["path"]).is_file()
    assert found["ffmpeg"]["version"] in subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True).stdout
    assert found["thumbnails"] == {"seconds": 5, "lines": 360, "works": True}
    assert list(folder.iterdir()) == [], "it left something behind"


def test_each_encoder_is_tried_whichever_is_configured(well: tuple[Path, subprocess.CompletedProcess[str]]):
    encoders = {encoder["name"]: encoder for encoder in json.loads(well[1].stdout)["encoders"]}
    assert list(encoders) == ["x264", "nvenc", "vaapi", "qsv", "v4l2"]
    assert encoders["x264"]["configured"] and encoders["x264"]["works"]
    assert len(encoders["x264"]["checks"]) >= 7
    assert all("fault" not in check for check in encoders["x264"]["checks"])
    for encoder in encoders.values():
        assert encoder["works"] != bool(encoder.get("fault")), encoder


def test_what_is_set_as_capacity_holds_and_what_was_measured_is_told(
    well: tuple[Path, subprocess.CompletedProcess[str]],
):
    capacity = json.loads(well[1].stdout)["capacity"]
    assert (capacity["pixels_a_second"], capacity["is_set"]) == (100_000_000, True)
    assert capacity["measured"] > 1_000_000
    # 1280x720 at 60 and 852x480, 640x360 and 284x160 at 30: 76 million; at 30: 47; without the first: 21.
    assert capacity["standard_streams"] == {"1080p60": 1, "1080p30": 2, "480p30": 4}


def test_without_ffmpeg_it_says_what_to_do_and_fails(tmp_path: Path):
    told = doctor(tmp_path, "--ffmpeg", "/nowhere/ffmpeg")
    assert told.returncode == 1
    assert "/nowhere/ffmpeg is not there" in told.stdout
    assert "apt install ffmpeg" in told.stdout
    assert "passed through" in told.stdout


def test_an_old_ffmpeg_is_told_its_age(tmp_path: Path):
    old = tmp_path / "ffmpeg"
    old.write_text("#!/bin/sh\necho 'ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright'\n")
    for path in (tmp_path, old):
        path.chmod(0o755)
    told = doctor(tmp_path, "--ffmpeg", str(old), "--output", "json")
    assert told.returncode == 1
    (problem,) = json.loads(told.stdout)["problems"]
    assert problem["problem"] == "ffmpeg 4.4.2 is too old: 5.1 or newer is needed"
    assert "newer ffmpeg" in problem["advice"]


def test_an_encoder_that_is_configured_and_not_here_is_a_problem(tmp_path: Path):
    # By the environment, as a server would be told.
    told = doctor(tmp_path, env=clean_env(RILLCAST_TRANSCODE_ENCODER="v4l2", RILLCAST_THUMBNAIL_SECONDS="0"))
    assert told.returncode == 1
    lines = told.stdout.splitlines()
    assert "x264        works" in lines
    assert any(line.startswith("v4l2        does not work: ") and line.endswith("(configured)") for line in lines)
    assert any(line.startswith("Problem: v4l2 ") for line in lines)
    assert "/dev/video" in told.stdout
    assert "thumbnails  none, as configured" in lines


def test_what_is_not_used_is_no_problem(tmp_path: Path):
    told = doctor(tmp_path, "--transcoding", "off", "--ffmpeg", "/nowhere/ffmpeg")
    assert told.returncode == 0
    assert 'Nothing is transcoded, as configured: transcoding = "off".' in told.stdout.splitlines()


def test_a_setting_that_can_not_be_is_refused_as_by_the_server(tmp_path: Path):
    told = doctor(tmp_path, "--transcode-encoder", "mpeg1")
    assert told.returncode == 2
    assert "x264, nvenc, vaapi, qsv or v4l2" in told.stderr


# The whole house


def look(folder: Path, *flags: str, code: int | None = None, env: dict[str, str] | None = None) -> dict[str, dict]:
    """What a quick examination finds, by the names of the checks."""
    told = doctor(folder, "--quick", "--output", "json", *flags, env=env)
    assert told.stderr == "", told.stderr
    found = json.loads(told.stdout)
    assert found["well"] == all(one["outcome"] != "fail" for one in found["findings"])
    assert told.returncode == (0 if found["well"] else 1)
    if code is not None:
        assert told.returncode == code, told.stdout
    for one in found["findings"]:
        assert (one["outcome"] in ("warn", "fail")) == bool(one.get("advice")), one
    assert not list(folder.rglob(".rillcast-doctor*")), "it left something behind"
    return {one["check"]: one for one in found["findings"]}


def fails(found: dict[str, dict], check: str, *words: str) -> None:
    assert found[check]["outcome"] == "fail", found[check]
    for word in words:
        assert word in found[check]["found"] + found[check]["advice"], found[check]


def test_a_fresh_house_is_well_and_stays_as_it_is(tmp_path: Path):
    found = look(tmp_path, code=0)
    assert {"http", "rtmp", "certificate", "data_dir", "space", "fsync", "database", "clock"} <= set(found)
    assert "first start" in found["database"]["found"]
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_another_program_has_is_named(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = look(tmp_path, "--http", "127.0.0.1:0", "--rtmp", f"127.0.0.1:{port}", "--rtmps", "off", code=1)
    fails(found, "rtmp", f"127.0.0.1:{port}", "another program", "ss -ltnp", "--rtmp")
    assert "rtmps" not in found


def test_an_address_of_another_machine_is_told(tmp_path: Path):
    flags = ["--http", "192.0.2.1:8080", "--rtmp", "off", "--rtmps", "off"]
    fails(look(tmp_path, *flags, code=1), "http", "192.0.2.1", "not an address of this machine")


def test_a_server_that_runs_here_is_not_in_its_own_way(start_server):
    server = start_server()
    bound = [flag for name in ("http", "rtmp", "rtmps") for flag in (f"--{name}", server.bound[name])]
    house = ["--data-dir", str(server.data_dir)]
    found = look(server.folder, *bound, *house, "--public-url", server.url, code=0)
    for name in ("http", "rtmp", "rtmps"):
        assert "in use by the server that runs on this data folder" in found[name]["found"]
    assert "leads to a Rillcast" in found["public_url"]["found"]
    assert "up to date" in found["database"]["found"]
    # From another data folder the same port is somebody else's.
    fails(look(server.folder, *bound, "--data-dir", "other", code=1), "http", "another data folder", "--http")
    server.stop()
    found = look(server.folder, *bound, *house, "--public-url", server.url, code=0)
    assert found["http"]["found"].endswith("is free")
    assert found["public_url"]["outcome"] == "skip" and "no server runs" in found["public_url"]["found"]


def certificate(folder: Path, name: str, days: int) -> tuple[Path, Path]:
    """A certificate that began a year ago, or so, and ends in so many days; and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=365))
        .not_valid_after(now + datetime.timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}-{days}.pem", folder / f"{name}-{days}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(*encoding))
    return files


def with_tls(files: tuple[Path, Path], host: str) -> list[str]:
    return ["--tls-certificate", str(files[0]), "--tls-key", str(files[1]), "--ingest-host", host]


def test_certificates_are_judged(tmp_path: Path):
    good = certificate(tmp_path, "video.example.com", 60)
    believed = look(tmp_path, *with_tls(good, "video.example.com"), code=0)["certificate"]
    assert believed["outcome"] == "warn" and "self-signed" in believed["found"]
    expired = certificate(tmp_path, "video.example.com", -3)
    fails(look(tmp_path, *with_tls(expired, "video.example.com")), "certificate", "expired 2 days ago", "certbot renew")
    fails(look(tmp_path, *with_tls(good, "other.example.com")), "certificate", "not for the name other.example.com")
    fails(look(tmp_path, *with_tls((good[0], expired[1]), "video.example.com")), "certificate", "tls_key")
    fails(look(tmp_path, *with_tls((tmp_path / "none", good[1]), "video.example.com")), "certificate", "none")


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    found = look(tmp_path, "--data-dir", "file/data", "--recording-folder", "file/tapes", code=1)
    fails(found, "data_dir", str(tmp_path / "file"), "chown")
    fails(found, "recordings", "recording_folder")
    assert found["fsync"]["outcome"] == "skip"


def test_a_full_disk_is_told(tmp_path: Path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk")
    try:
        fails(look(tmp_path, "--data-dir", str(small / "data"), code=1), "space", "0.0 GiB of 0.0 GiB", "Make room")
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_database_that_is_away_is_told_without_its_password(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = f"postgres://me:hush-hush@127.0.0.1:{port}/rillcast"
    found = look(tmp_path, "--database", address, code=1)
    fails(found, "database", f"127.0.0.1:{port}", "psql")
    assert found["buckets"]["outcome"] == "skip"
    assert "hush" not in json.dumps(found)


def test_a_database_server_tells_its_version_and_its_clock(tmp_path: Path, postgres):
    found = look(tmp_path, "--database", postgres.database(), code=0)
    assert "PostgreSQL" in found["database"]["found"] and "first start" in found["database"]["found"]
    assert found["database_clock"]["outcome"] == "ok"


def test_a_damaged_database_is_told(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rillcast.db").write_text("no database at all " * 100)
    fails(look(tmp_path, "--data-dir", "data", code=1), "database", "rillcast.db", "db restore")


def test_nats_is_asked_for_what_servers_need_of_it(tmp_path: Path, postgres):
    database = ["--database", postgres.database()]
    nats = Nats().start()
    try:
        found = look(tmp_path, *database, "--nats", nats.url, code=0)
        assert "with JetStream" in found[f"nats:127.0.0.1:{nats.port}"]["found"]
    finally:
        nats.remove()
    fails(look(tmp_path, *database, "--nats", nats.url, code=1), f"nats:127.0.0.1:{nats.port}", "-js")
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=lambda: other.accept()[0].sendall(b"220 mail\r\n"), daemon=True).start()
        port = other.getsockname()[1]
        found = look(tmp_path, *database, "--nats", f"nats://127.0.0.1:{port}", code=1)
        fails(found, f"nats:127.0.0.1:{port}", "is not NATS")


def port_of_nobody() -> int:
    """One that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return gone.getsockname()[1]


@contextmanager
def asked_nothing() -> Iterator[int]:
    """The port of a server that must get a connection, and nothing by it."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as there:

        def serve() -> None:
            connection, _ = there.accept()
            got.append(connection.recv(1000))

        threading.Thread(target=serve, daemon=True).start()
        yield there.getsockname()[1]
        wait_until(lambda: got, "the connection's end")
    assert got == [b""], "a connection and nothing else"


def test_sinks_are_reached_and_nothing_is_sent_to_them(tmp_path: Path):
    away = port_of_nobody()
    with asked_nothing() as port:
        sinks = tmp_path / "sinks.toml"
        sinks.write_text(
            f"""
            [[sink]]
            name = "there"
            kind = "webhook"
            url = "http://127.0.0.1:{port}/hush"
            [[sink]]
            name = "away"
            kind = "webhook"
            url = "http://127.0.0.1:{away}/hush"
            [[sink]]
            name = "kept"
            kind = "file"
            path = "{tmp_path}/events.jsonl"
            """
        )
        found = look(tmp_path, "--event-sinks", str(sinks), code=1)
    assert found["sink:there"]["outcome"] == found["sink:kept"]["outcome"] == "ok"
    fails(found, "sink:away", f"127.0.0.1:{away}", "event_days")
    assert "hush" not in json.dumps(found)
    sinks.write_text("[[sink]]\nname = 7\n")
    fails(look(tmp_path, "--event-sinks", str(sinks), code=1), "sinks", "events.md")


def test_buckets_of_configurations_are_tried(start_server, tmp_path: Path):
    server = start_server()
    configure(aws.client(server), "films")
    house = ["--data-dir", str(server.data_dir)]
    assert look(tmp_path, *house, code=0)["bucket:films"]["outcome"] == "ok"
    (folder,) = server.data_dir.glob("buckets/films")
    assert not list(folder.rglob("*probe*"))
    # To an S3 service that is not there.
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        s3 = ["--buckets", "s3", "--s3-endpoint", f"http://127.0.0.1:{port}"]
        keys = ["--aws-access-key", "AKIA", "--aws-secret-key", "hush"]
        found = look(tmp_path, *house, *s3, *keys, code=1)
    fails(found, "bucket:films", "s3_endpoint")
    assert "hush" not in json.dumps(found)


def test_log_groups_and_delivery_streams_are_asked_for_and_stay_as_they_are(start_server, tmp_path: Path):
    destinations = Destinations().up()
    try:
        server = start_server(env=destinations.settings())
        chat = chat_client(server)
        for place in (destinations.log_group("talk"), destinations.delivery_stream("flow")):
            made = chat.create_logging_configuration(destinationConfiguration=place)["arn"]
            wait_until(
                lambda made=made: chat.get_logging_configuration(identifier=made)["state"] == "ACTIVE", "its trial"
            )
        server.stop()
        # What the trial left: a look would be seen there if it left as much.
        logs = destinations.client("logs")
        trial = logs.describe_log_streams(logGroupName="talk")["logStreams"][0]["logStreamName"]
        logs.delete_log_stream(logGroupName="talk", logStreamName=trial)
        house = ["--data-dir", str(server.data_dir)]
        env = clean_env(**destinations.settings())
        found = look(tmp_path, *house, code=0, env=env)
        assert found["logs:talk"]["outcome"] == found["firehose:flow"]["outcome"] == "ok", found
        assert logs.describe_log_streams(logGroupName="talk")["logStreams"] == []
        assert destinations.in_stream("flow") == []
        logs.delete_log_group(logGroupName="talk")
        destinations.client("firehose").delete_delivery_stream(DeliveryStreamName="flow")
        found = look(tmp_path, *house, code=1, env=env)
        fails(found, "logs:talk", "ResourceNotFoundException", "Make the log group")
        fails(found, "firehose:flow", "ResourceNotFoundException", "Make the delivery stream")
    finally:
        destinations.down()
    found = look(tmp_path, *house, code=1, env=env)
    fails(found, "logs:talk", "logs_endpoint", "waits on this disk")
    fails(found, "firehose:flow", "firehose_endpoint")
    assert SECRET not in json.dumps(found)


def test_review_handlers_are_reached_and_asked_nothing(tmp_path: Path):
    away = port_of_nobody()
    with asked_nothing() as port:
        target = '[[target]]\nuri = "arn:{}"\n{} = "http://127.0.0.1:{}/hush"\n'
        secret = 'secret = "hush-hush-hush-hush"\n'
        file = tmp_path / "review.toml"
        file.write_text(
            target.format("a", "webhook", port)
            + secret
            + target.format("b:*", "lambda", port)
            + target.format("c", "lambda", away)
        )
        found = look(tmp_path, "--chat-review", str(file), code=1)
    assert found["chat_review"]["outcome"] == "ok"
    assert found[f"review:127.0.0.1:{port}"]["found"].endswith("takes connections, for 2 targets")
    fails(found, f"review:127.0.0.1:{away}", "can't be reached", "fallbackResult")
    assert "hush" not in json.dumps(found)


def test_files_that_can_not_be_understood_are_told(tmp_path: Path):
    (tmp_path / "wrong").write_text("what")
    found = look(tmp_path, "--geoip-database", "wrong", "--chat-review", "wrong", code=1)
    fails(found, "geoip_database", "GeoLite2")
    fails(found, "chat_review", "chat-review.md")


def test_people_read_what_to_do_last(tmp_path: Path):
    (tmp_path / "wrong").write_text("what")
    told = doctor(tmp_path, "--quick", "--geoip-database", "wrong")
    lines = told.stdout.splitlines()
    assert told.returncode == 1 and lines[0] == "Listeners"
    assert any(line.startswith("  FAIL  geoip_database") for line in lines)
    assert any(line.startswith("Problem: geoip_database: wrong can't be used") for line in lines)
    assert lines[-1].startswith("1 thing does not work")


# At the desk of a server

PATH = "/rillcast/v1/doctor"


def at_desk(server: Server, body: bytes = b"{}", key=None):
    return aws.send(aws.signed(server, PATH, body, key=key))


@pytest.fixture(scope="module")
def server(start_server) -> Server:
    return start_server("--transcoding", "on")


def test_the_desk_tells_findings_as_they_come(server: Server):
    answer = at_desk(server)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/x-ndjson"
    begun, *findings, done = [json.loads(line) for line in answer.body.splitlines()]
    assert begun["kind"] == "begun" and done == {"kind": "done", "well": True}
    assert findings[-1]["done"] == begun["total"]
    by_name = {finding["check"]: finding for finding in findings}
    assert by_name["http"]["found"].startswith("open on")
    assert by_name["ffmpeg"]["outcome"] == "ok" and "encoder" not in by_name
    assert "up to date" in by_name["database"]["found"]


def test_encoders_are_measured_when_that_is_asked_for(server: Server):
    lines = [json.loads(line) for line in at_desk(server, b'{"transcoding": true}').body.splitlines()]
    (encoder,) = [line for line in lines if line.get("check") == "encoder"]
    assert encoder["outcome"] == "ok" and "1080p30" in encoder["found"]


def test_one_examination_at_a_time(server: Server):
    answers = []
    asked = [threading.Thread(target=lambda: answers.append(at_desk(server, b'{"transcoding": true}'))) for _ in "ab"]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join(120)
    refused = [answer for answer in answers if answer.status != 200]
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert refused[0].json()["__type"] == "ConflictException"
    assert at_desk(server).status == 200


def test_what_is_not_asked_right_is_refused(server: Server):
    assert at_desk(server, b'{"transcode": true}').json()["__type"] == "ValidationException"
    reader = server.add_key("--policy", "read-only")
    refused = at_desk(server, key=reader)
    assert refused.status == 403 and "rillcast:RunDoctor" in refused.json()["message"]


# The log at the desk

LOGS = "/rillcast/v1/logs"


def logs(server: Server, query: str = "", key=None):
    return aws.send(aws.signed(server, f"{LOGS}{query}", b"", method="GET", key=key))


def test_the_log_is_told_from_the_newest_on(server: Server):
    told = logs(server).json()
    assert any(line["message"] == "ready" and line["level"] == "INFO" for line in told["lines"])
    ids = [line["id"] for line in told["lines"]]
    assert ids == sorted(ids) and told["missed"] is False
    at_desk(server)
    more = logs(server, f"?after={told['next']}").json()
    assert all(line["id"] > told["next"] for line in more["lines"])
    assert logs(server, "?limit=1").json()["lines"][0]["id"] >= ids[-1]


def test_who_waits_is_told_when_a_line_comes(server: Server):
    after = logs(server).json()["next"]
    answers = []
    reader = threading.Thread(
        target=lambda: answers.append(logs(server, f"?after={after}&wait=25&level=warn&target=rillcast").json())
    )
    reader.start()
    certificate_file = server.data_dir / "tls" / "certificate.pem"
    kept = certificate_file.read_text()
    certificate_file.write_text("no certificate")
    try:
        reader.join(60)
    finally:
        certificate_file.write_text(kept)
    (line, *_) = answers[0]["lines"]
    assert line["level"] == "WARN" and "certificate" in line["message"]
    assert line["fields"]["file"] == str(certificate_file) or line["fields"]


def test_levels_and_targets_pick_lines_and_slips_are_refused(server: Server):
    assert {line["level"] for line in logs(server, "?level=warn").json()["lines"]} <= {"WARN", "ERROR"}
    assert all(line["target"].startswith("rillcast") for line in logs(server, "?target=rillcast").json()["lines"])
    for query in ("?level=loud", "?limit=0", "?limit=2001", "?wait=26", "?after=x", "?lvl=warn"):
        refused = logs(server, query)
        assert (refused.status, refused.json()["__type"]) == (400, "ValidationException"), query
    statement = {"Effect": "Allow", "Action": "ivs:*", "Resource": "*"}
    policy = server.folder / "narrow.json"
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    refused = logs(server, key=server.add_key("--policy", str(policy)))
    assert refused.status == 403 and "rillcast:ReadServerLog" in refused.json()["message"]
    assert logs(server, key=server.add_key("--policy", "read-only")).status == 200


def test_a_reader_that_waits_does_not_hold_the_end_up(start_server):
    server = start_server("--shutdown-seconds", "30")
    after = logs(server).json()["next"]
    answers = []
    reader = threading.Thread(target=lambda: answers.append(logs(server, f"?after={after + 1000000}&wait=25").status))
    reader.start()
    wait_until(lambda: len(established(server)) >= 1, "the reader's connection")
    server.terminate()
    assert server.ended(60) == 0
    reader.join(60)
    assert "were cut at the end" not in server.log()


def established(server: Server) -> list[str]:
    """Connections to the HTTP listener, as the kernel lists them."""
    port = f"{int(server.bound['http'].rsplit(':', 1)[1]):04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[1].endswith(f":{port}") and row[3] == "01"]
