"""The conformance tests' own tools: the model's reader, the maker of samples and faults, the signer.

Promise: no server is needed; each tool is held against the model or against botocore.
"""

import datetime
from unittest import mock

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import sigv4
from harness.faults import Faults
from harness.ivs_story import IvsStory, nobodys_values
from harness.model import Reader, Service
from harness.samples import Samples
from harness.server import Key

IVS = Service("ivs", IvsStory.DEVIATIONS)
READER = Reader(IvsStory.DEVIATIONS)
SAMPLES = Samples(nobodys_values(), IvsStory.DEVIATIONS)

each_operation = pytest.mark.parametrize("operation", IVS.operations.values(), ids=IVS.operations)


@each_operation
def test_every_fault_breaks_the_model_and_what_it_was_made_from_does_not(operation):
    valid = {name: SAMPLES.least(operation.members[name]) for name in operation.required}
    if operation.input is not None:
        assert READER.structure(operation.input, valid, "", strict=False) == []
    for fault in Faults(SAMPLES).of_input(operation, valid):
        assert READER.structure(operation.input, fault.value, "", strict=False), fault


@each_operation
def test_every_member_has_a_fault(operation):
    valid = {name: SAMPLES.least(operation.members[name]) for name in operation.required}
    broken = {fault.path[0] for fault in Faults(SAMPLES).of_input(operation, valid)}
    assert broken == operation.members.keys()


CHANNEL = {"arn": "arn:aws:ivs:us-east-1:1:channel/a", "type": "BASIC", "authorized": True, "tags": {}}


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [
        ({}, ""),
        ({"more": 1}, "more: unknown"),
        ({"name": None}, "no string"),
        ({"name": 7}, "no string"),
        ({"name": "with spaces"}, "does not match"),
        ({"name": "a" * 129}, "length 129"),
        ({"type": "basic"}, "none of"),
        ({"preset": ""}, ""),
        ({"authorized": 1}, "no boolean"),
        ({"tags": {"k": None}}, "no string"),
        ({"tags": []}, "no map"),
        ({"srt": {"more": 1}}, "srt.more: unknown"),
        ({"arn": "arn:aws:ivs:us-east-1:1:channel/a\n"}, "does not match"),
    ],
)
def test_an_answer_is_read_strictly(spoilt, complaint):
    shape = IVS.operations["GetChannel"].output
    found = READER.structure(shape, {"channel": CHANNEL | spoilt}, "", strict=True)
    assert len(found) == bool(complaint)
    assert all(complaint in one for one in found)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "no JSON"),
        (b'{"channel": {}, "channel": {}}', "twice"),
        (b'{"channel": NaN}', "NaN"),
        (b"[]", "no object"),
    ],
)
def test_an_answer_that_is_no_plain_json_object_is_complained_about(body, complaint):
    found = IVS.operations["GetChannel"].output_complaints({}, body)
    assert len(found) == 1 and complaint in found[0]


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/GetChannel", b'{"arn":"x"}'),
        ("/GetChannel?b=2&a=%20x&a=%2B&flag", b""),
        ("/tags/arn%3Aaws%3Aivs%3Aus-east-1%3A1%3Achannel%2Fa?tagKeys=k%20%C3%BC&tagKeys=a", b""),
    ],
)
def test_our_signatures_are_botocores(target, body):
    key, time = Key("AKIDEXAMPLE", "wJalrXUtnFEMI"), datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    theirs = AWSRequest("POST", f"http://127.0.0.1:8080{target}", data=body, headers={"X-Amz-A": "  a   b "})
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: time.replace(tzinfo=None)):
        botocore.auth.SigV4Auth(Credentials(key.id, key.secret), "ivs", "us-east-1").add_auth(theirs)
    headers = [(b"Host", b"127.0.0.1:8080"), (b"X-Amz-A", b"  a   b ")]
    ours = sigv4.signed(key, sigv4.Scope("us-east-1", "ivs"), b"POST", target.encode(), headers, body, time)
    assert dict(ours)[b"Authorization"].decode() == theirs.headers["Authorization"]
