"""Fixtures that every test file shares.

Promise: each server, encoder and browser that a test starts is gone when it ends, and a failed test shows
the server's log.
"""

import itertools
import signal
from pathlib import Path

import pytest

from harness import aws
from harness.encoder import Publisher, make
from harness.ladder_film import make as make_film
from harness.postgres import Postgres
from harness.recording_house import houses
from harness.server import Server

# Who starts tests in the background may have made them deaf to Ctrl-C, and with them all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

_servers: list[Server] = []
_figures: list[str] = []


@pytest.fixture(scope="session")
def report():
    """Takes a line about what a test saw; it is shown at the end of the run, also when all is well."""
    return _figures.append


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests of recordings are told by their file's name."""
    for item in items:
        if item.path.name.startswith("test_recording"):
            item.add_marker("recording")


def pytest_sessionfinish(session):
    """A worker hands its lines to the process that writes the end of the run."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = _figures


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    _figures.extend(getattr(node, "workeroutput", {}).get("figures", []))


def pytest_terminal_summary(terminalreporter):
    for line in _figures:
        terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for server in _servers:
            report.sections.append((f"rillcast log ({server.folder.name})", server.log()[-12000:]))
    return report


@pytest.fixture(scope="module")
def start_server(tmp_path_factory):
    """Starts servers, each with a data folder of its own."""
    started = []

    def start(*flags: str, **options) -> Server:
        server = Server(tmp_path_factory.mktemp("rillcast"), *flags, **options)
        started.append(server)
        _servers.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()
        _servers.remove(server)
    panicked = [server.log() for server in started if "panicked at" in server.log()]
    assert panicked == [], "no server panics, whatever a test does to it"


@pytest.fixture(scope="module")
def server(start_server):
    """One server for a whole test file."""
    return start_server()


@pytest.fixture(scope="module")
def ivs(server):
    """An AWS SDK's client of that server."""
    return aws.client(server)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server that all tests share, each with a database of its own."""
    cluster = Postgres()
    try:
        yield cluster.start()
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Makes clips; equal recipes share a file."""
    folder = tmp_path_factory.mktemp("clips")
    return lambda recipe: make(recipe, folder)


@pytest.fixture(scope="module")
def publish(tmp_path_factory):
    """Starts encoders."""
    folder: Path = tmp_path_factory.mktemp("encoders")
    numbers, started = itertools.count(1), []

    def start(file: Path, url: str, **options) -> Publisher:
        publisher = Publisher(file, url, folder / f"ffmpeg-{next(numbers)}.log", **options)
        started.append(publisher)
        return publisher

    yield start
    for publisher in started:
        publisher.kill()


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Makes films of recordings' and ladders' tests, each once in a file of tests."""
    folder = tmp_path_factory.mktemp("films")
    return lambda film: make_film(film, folder)


@pytest.fixture(scope="module")
def open_house(start_server, tmp_path_factory):
    """Opens servers that record, on disk or into S3, one of each kind in a file of tests."""
    with houses(start_server, tmp_path_factory.mktemp) as opened:
        yield opened
