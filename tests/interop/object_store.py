"""Amazon's services as moto serves them on this machine: S3, and Glue's catalog."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

REGION = "eu-central-1"
KEY = "AKIAEXAMPLE"
SECRET = "not-to-be-seen-anywhere"  # noqa: S105 - moto believes anybody
BUCKET = "lake"


@pytest.fixture(scope="session")
def amazon() -> Iterator[str]:
    """URL of a running server with one empty bucket.

    It is a process of its own: some calls of delta-rs keep Python's lock while they wait for it.
    """
    pytest.importorskip("moto.server", reason="moto is not installed; make interop installs it")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_answer(url, server, seconds_max=60)
        _make_bucket(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def free_port() -> int:
    """Give a port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_answer(url: str, server: subprocess.Popen[bytes], *, seconds_max: int) -> None:
    """Return when the server answers anything; fail where it ends or stays silent."""
    for _ in range(seconds_max * 5):
        with suppress(requests.ConnectionError, requests.Timeout):
            requests.get(url, timeout=5)
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.2)
            break
    pytest.fail(f"the server meant for {url} does not answer")


def _make_bucket(url: str) -> None:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def s3_properties(url: str) -> dict[str, str]:
    """Give the bucket's properties as pyiceberg names them."""
    return {
        "s3.endpoint": url,
        "s3.region": REGION,
        "s3.access-key-id": KEY,
        "s3.secret-access-key": SECRET,
    }


def glue_properties(url: str) -> dict[str, str]:
    """Give the properties of a Glue catalog whose tables lie in the bucket."""
    return {
        "type": "glue",
        "glue.endpoint": url,
        "glue.region": REGION,
        "glue.access-key-id": KEY,
        "glue.secret-access-key": SECRET,
        **s3_properties(url),
    }
