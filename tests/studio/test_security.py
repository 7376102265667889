"""Attacks on a server that runs on one's own machine: each is refused."""

import contextlib
import http.client
import json
import threading

import httpx
import pytest

from tratteggio.studio.security import FILE_BYTES, JSON_BYTES


def raw(studio, method="GET", path="/api/facts", headers=(), body=b"", *, cookie=True):
    """Ask without any header of a client's own."""
    told = {"Host": f"127.0.0.1:{studio.door.port}"}
    if cookie:
        told["Cookie"] = f"{studio.door.cookie}={studio.door.token}"
    told |= dict(headers)
    connection = http.client.HTTPConnection("127.0.0.1", studio.door.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in told.items():
        connection.putheader(name, value)
    if body or method == "POST":
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    with contextlib.closing(connection), connection.getresponse() as answer:
        return answer.status, answer.read(), dict(answer.getheaders())


def own(studio, **more):
    return {"Origin": f"http://127.0.0.1:{studio.door.port}", "Content-Type": "application/json", **more}


STROKE = json.dumps({"tool": "brush", "points": [[5, 5]], "damage": "loss", "radius": 2}).encode()

ATTACKS = {
    "no cookie": lambda s: raw(s, cookie=False),
    "another cookie": lambda s: raw(s, headers={"Cookie": f"{s.door.cookie}=x"}),
    "a cookie that is not ASCII": lambda s: raw(s, headers={"Cookie": f"{s.door.cookie}=\xe4"}),
    "a wrong token": lambda s: raw(s, path="/?token=wrong", cookie=False),
    "an empty token": lambda s: raw(s, path="/?token=", cookie=False),
    "another host": lambda s: raw(s, headers={"Host": f"evil.example:{s.door.port}"}),
    "no port": lambda s: raw(s, headers={"Host": "127.0.0.1"}),
    "another port": lambda s: raw(s, headers={"Host": "127.0.0.1:1"}),
    "a host that ends like ours": lambda s: raw(s, headers={"Host": f"x127.0.0.1:{s.door.port}"}),
    "another site reads": lambda s: raw(s, headers={"Origin": "http://evil.example"}),
    "a page without origin reads": lambda s: raw(s, headers={"Origin": "null"}),
    "another port of this machine reads": lambda s: raw(s, headers={"Origin": "http://127.0.0.1:1"}),
    "https in place of http": lambda s: raw(s, headers={"Origin": f"https://127.0.0.1:{s.door.port}"}),
    "another site fetches": lambda s: raw(s, headers={"Sec-Fetch-Site": "cross-site"}),
    "another site of this machine fetches": lambda s: raw(s, headers={"Sec-Fetch-Site": "same-site"}),
    "a stroke without origin": lambda s: raw(
        s, "POST", "/api/stroke", {"Content-Type": "application/json"}, STROKE
    ),
    "a stroke of another site": lambda s: raw(
        s, "POST", "/api/stroke", own(s, Origin="http://evil.example"), STROKE
    ),
    "a form": lambda s: raw(
        s, "POST", "/api/stroke", own(s, **{"Content-Type": "application/x-www-form-urlencoded"}), STROKE
    ),
    "plain text": lambda s: raw(s, "POST", "/api/stroke", own(s, **{"Content-Type": "text/plain"}), STROKE),
    "no JSON": lambda s: raw(s, "POST", "/api/stroke", own(s), b"{"),
    "text that is not UTF-8": lambda s: raw(s, "POST", "/api/stroke", own(s), b'{"tool": "\xff"}'),
    "another key": lambda s: raw(s, "POST", "/api/stroke", own(s), STROKE[:-1] + b', "path": "/etc/passwd"}'),
    "another class": lambda s: raw(s, "POST", "/api/stroke", own(s), STROKE.replace(b"loss", b"gold")),
    "a radius of nothing": lambda s: raw(s, "POST", "/api/stroke", own(s), STROKE.replace(b": 2}", b": 0}")),
    "a radius beyond all": lambda s: raw(
        s, "POST", "/api/stroke", own(s), STROKE.replace(b": 2}", b": 1e300}")
    ),
    "points far away": lambda s: raw(
        s, "POST", "/api/stroke", own(s), STROKE.replace(b"[5, 5]", b"[1e300, 5]")
    ),
    "no points": lambda s: raw(s, "POST", "/api/stroke", own(s), STROKE.replace(b"[5, 5]", b"")),
    "too many points": lambda s: raw(
        s, "POST", "/api/stroke", own(s), STROKE.replace(b"[5, 5]", b"[5, 5]," * 60_000 + b"[5, 5]")
    ),
    "a body that is too long": lambda s: raw(
        s, "POST", "/api/stroke", own(s, **{"X": "y"}), b" " * (JSON_BYTES + 1)
    ),
    "a method that there is not": lambda s: raw(s, "PUT", "/api/stroke", own(s), STROKE),
    "a look into the machine": lambda s: raw(s, "OPTIONS", "/api/stroke", own(s)),
    "a file above the folder": lambda s: raw(s, path="/../../etc/passwd"),
    "a file above, in signs": lambda s: raw(s, path="/%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
    "a scan that there is not": lambda s: raw(s, path="/api/tiles/scan/..%2f..%2fetc/0/0/0"),
    "a layer that there is not": lambda s: raw(s, path="/api/tiles/file/rgb/0/0/0"),
    "a tile beyond": lambda s: raw(s, path="/api/tiles/scan/rgb/0/99/0"),
    "a tile of another halving": lambda s: raw(s, path="/api/tiles/scan/rgb/60/0/0"),
    "a tile of no number": lambda s: raw(s, path="/api/tiles/scan/rgb/0/0/-1"),
    "marks of another halving": lambda s: raw(s, path="/api/marks/60/0/0"),
    "an exposure of no number": lambda s: raw(s, path="/api/tiles/scan/rgb/0/0/0?exposure=nan"),
    "an exposure beyond all": lambda s: raw(s, path="/api/tiles/scan/rgb/0/0/0?exposure=1e9"),
    "a gamma of nothing": lambda s: raw(s, path="/api/tiles/scan/rgb/0/0/0?gamma=0"),
    "a pixel beyond": lambda s: raw(s, path="/api/values?row=99999&col=0"),
    "a pixel of no number": lambda s: raw(s, path="/api/values?row=1e3&col=0"),
    "a proposal with a path": lambda s: raw(
        s, "POST", "/api/document", own(s), b'{"name": "../panel", "what": "report"}'
    ),
    "a fill with a path": lambda s: raw(s, "POST", "/api/fill", own(s), b'{"suffix": "/../x.tif"}'),
    "a resumed path": lambda s: raw(s, "POST", "/api/resume", own(s), b'{"name": "/etc/passwd"}'),
    "an engine that there is not": lambda s: raw(
        s,
        "POST",
        "/api/preview",
        own(s),
        b'{"engine": "../x", "view": {"top": 0, "left": 0, "bottom": 9, "right": 9}}',
    ),
    "a view without an end": lambda s: raw(
        s, "POST", "/api/preview", own(s), b'{"view": {"top": 0, "left": 0, "bottom": 1e9, "right": 9}}'
    ),
    "a mask of another class": lambda s: raw(
        s, "POST", "/api/import/gold", own(s, **{"Content-Type": "application/octet-stream"}), b"x"
    ),
    "a mask that is none": lambda s: raw(
        s,
        "POST",
        "/api/import/loss",
        own(s, **{"Content-Type": "application/octet-stream"}),
        b"\x89PNG nothing",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_and_changes_nothing(attack, studio):
    status, body, headers = ATTACKS[attack](studio)
    assert 400 <= status < 500 or (status == 500 and attack == "a mask that is none"), (status, body)
    assert studio.door.token.encode() not in body
    assert "access-control-allow-origin" not in {name.lower() for name in headers}
    assert studio.session.marking.version == 0
    assert studio.get("facts").status_code == 200  # and it goes on


def test_the_way_in_is_the_token_and_the_cookie_is_kept_from_other_sites(studio):
    status, _, headers = raw(studio, path=f"/?token={studio.door.token}", cookie=False)
    told = {name.lower(): value for name, value in headers.items()}
    assert (status, told["location"]) == (303, "/")  # the token does not stay in the address
    assert "HttpOnly" in told["set-cookie"]
    assert "samesite=strict" in told["set-cookie"].lower()
    assert studio.door.cookie in told["set-cookie"]


def test_a_link_from_elsewhere_opens_the_page_and_nothing_else(studio):
    away = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert raw(studio, path="/", headers=away)[0] == 200
    assert raw(studio, path="/api/facts", headers=away)[0] == 403


@pytest.mark.parametrize("path", ["/", "/api/facts", "/api/tiles/scan/rgb/0/0/0", "/nothing"])
def test_every_answer_forbids_outside_sources(path, studio):
    headers = studio.client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "http:" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_all_own_names_answer(studio):
    for name in ("127.0.0.1", "localhost", "[::1]"):
        assert raw(studio, headers={"Host": f"{name}:{studio.door.port}"})[0] == 200


def test_a_body_without_length_is_cut_off(studio):
    def endless():
        for _ in range(FILE_BYTES // (1 << 20) + 8):
            yield b"x" * (1 << 20)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tratteggio.studio.security.FILE_BYTES", 3 << 20)
        headers = {"Origin": studio.origin, "Content-Type": "application/octet-stream"}
        try:
            status = studio.client.post("/api/import/loss", content=endless(), headers=headers).status_code
        except httpx.WriteError:  # closed in the middle of the body
            status = 413
    assert status == 413


def test_read_only_refuses_every_change(panel, opening):
    with opening(panel, read_only=True) as studio:
        for name in ("stroke", "undo", "fill", "detect", "export", "note", "stop", "preview"):
            assert studio.post(name).status_code == 403
        assert studio.get("tiles/scan/rgb/0/0/0").status_code == 200
    assert sorted(file.name for file in panel.parent.iterdir()) == ["lost.png", "panel.tif"]


def test_fifty_readers_at_once_are_all_served(panel, opening):
    with opening(panel, read_only=True) as studio:
        answers = []

        def read(number):
            for tile in range(4):
                path = f"tiles/scan/rgb/0/{tile // 2}/{tile % 2}?exposure={number % 5 / 10}"
                answers.append(studio.get(path).status_code)

        readers = [threading.Thread(target=read, args=(number,)) for number in range(50)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    assert answers == [200] * 200
