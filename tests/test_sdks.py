"""Whole stories by real SDKs, and the habits of infrastructure tools.

Promise: each SDK is the vendor's own release, asked once without retries; what one reads from an answer that another
does not is read here too.
"""

import itertools

import pytest

from harness import aws
from harness.publickey import make_public_key
from harness.resources import CHANNEL, KINDS, PLAYBACK_KEY, RECORDING_CONFIGURATION, RESTRICTION_POLICY
from harness.sdks import Boto3, CommandLine, JavaScript, Sdk, refused, rust_story
from harness.server import REGION, Key
from harness.sdk_story import STEPS, SdkStory, tell
from harness.waiting import wait_until

_accounts = itertools.count(310987654321)


@pytest.fixture
def account(server) -> tuple[str, Key]:
    """An account that nobody has used yet, and a key of it: lists and quotas are the test's own."""
    account = str(next(_accounts))
    return account, server.add_key("--account", account)


@pytest.fixture
def sdk(server, account, request):
    """A client of an account of its own; boto3 unless the test names another."""
    client: Sdk = getattr(request, "param", Boto3)(server, account[1])
    yield client
    client.close()


@pytest.mark.parametrize("sdk", [Boto3, CommandLine, JavaScript], indirect=True)
def test_an_sdk_lives_through_the_whole_story(sdk, account):
    tell(SdkStory(sdk, account[0], make_public_key()))


def test_the_rust_sdk_lives_through_the_same_story(server, account):
    told = rust_story(server, account[1], account[0], make_public_key())
    assert told.returncode == 0, f"after {told.stdout.splitlines()[-1:]}: {told.stderr}"
    assert told.stdout.splitlines() == STEPS
