"""A server that speaks S3."""

import urllib.request

import pytest

BUCKET = "shop-events"


@pytest.fixture(scope="session")
def s3_server():
    moto = pytest.importorskip("moto.server", reason="moto is not installed")
    found = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    found.start()
    host, port = found.get_host_and_port()
    yield f"http://{host}:{port}"
    found.stop()


@pytest.fixture
def put(s3_server, monkeypatch):
    """Return how to put an object into the bucket `shop-events`, which is empty at first."""
    obstore = pytest.importorskip("obstore", reason="obstore is not installed")
    from funnelkit.events.bucket import open_bucket

    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": s3_server,
    }.items():
        monkeypatch.setenv(name, value)
    open_bucket.cache_clear()

    def ask(method, path):
        request = urllib.request.Request(f"{s3_server}{path}", method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    ask("POST", "/moto-api/reset")
    ask("PUT", f"/{BUCKET}")
    store = open_bucket(BUCKET)
    yield lambda key, content: obstore.put(store, key, content)
    open_bucket.cache_clear()
