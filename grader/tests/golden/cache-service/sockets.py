"""A cache service on bare sockets, a process with a thread a connection: one table, whose keys are pairs; the system's clock."""

import json
import os
import socket
import sys
import threading
import time
from urllib.parse import parse_qsl, unquote

LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
table, counters, guard = {}, {}, threading.RLock()


def matches(pattern, text):
    """Whether a pattern matches the whole text: row by row, a row a character of the pattern."""
    reached = {0}
    for mark in pattern:
        if mark == "*":
            reached = set(range(min(reached, default=len(text) + 1), len(text) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(text) and mark in ("?", text[at])}
    return len(text) in reached


def sweep():
    now = time.time()
    for place in [place for place, (_, _, until) in table.items() if until <= now]:
        del table[place]


def look_up(place):
    sweep()
    hit = place in table
    counted = counters.setdefault(place[0], [0, 0])
    counted[0 if hit else 1] += 1
    return table.get(place) if hit else None


def checked(item):
    if not isinstance(item, dict) or "value" not in item:
        return "Missing value"
    seconds = item.get("ttl", 3600)
    if type(seconds) is not int or seconds <= 0:
        return "Invalid TTL"
    if len(json.dumps(item["value"])) > 1 << 20:
        return "Value too large"
    return None


def store(place, item):
    sweep()
    created = place not in table
    table[place] = (item["value"], time.time(), time.time() + item.get("ttl", 3600))
    return created


def one(method, name, key, body):
    place = (name, key)
    if method == "GET":
        found = look_up(place)
        if found is None:
            return 404, {}, {"error": "Key not found"}
        left = int(found[2] - time.time() + 0.999)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found[1]))
        metadata = {"created_at": created, "ttl_remaining": left, "region": "here"}
        return 200, {"x-cache-ttl": str(left), "x-cache-hit": "true"}, {"metadata": metadata, "value": found[0]}
    if method == "PUT":
        wrong = checked(body)
        if wrong:
            return 400, {}, {"error": wrong}
        created = store(place, body)
        return 201 if created else 200, {}, {"created": created, "key": key, "success": True}
    if method == "DELETE":
        sweep()
        if table.pop(place, None) is None:
            return 404, {}, {"error": "Key not found"}
        return 200, {}, {"deleted": True, "success": True}
    return 405, {}, {"error": "Method not allowed"}


def many(what, name, body):
    if what == "mget":
        keys = body.get("keys") if isinstance(body, dict) else None
        if not isinstance(keys, list):
            return 400, {}, {"error": "keys must be a list"}
        found = {key: look_up((name, key)) for key in keys}
        results = {key: {"found": it is not None, "value": it[0] if it else None} for key, it in found.items()}
        hits = sum(it is not None for it in found.values())
        return 200, {}, {"results": results, "hits": hits, "misses": len(found) - hits}
    entries = body.get("entries") if isinstance(body, dict) else None
    if not isinstance(entries, list) or any(checked(entry) or "key" not in entry for entry in entries):
        return 400, {}, {"error": "entries must be a list of keys and values"}
    for entry in entries:
        store((name, entry["key"]), entry)
    return 200, {}, {"success": True, "stored": len(entries)}


def meaning(method, target, raw):
    path, _, query = target.partition("?")
    if path == "/health":
        return 200, {}, {"status": "healthy", "redis": "connected", "memory_usage": "1%"}
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[:3] != ["api", "v1", "cache"] or len(parts) not in (4, 5):
        return 404, {}, {"error": "No such path"}
    name = parts[3]
    if not 1 <= len(name) <= 100 or not set(name) <= LETTERS:
        return 400, {}, {"error": "Invalid namespace"}
    body = None
    if method in ("PUT", "POST"):
        try:
            body = json.loads(raw)
        except ValueError:
            return 400, {}, {"error": "No JSON"}
    if len(parts) == 4:
        pattern = dict(parse_qsl(query)).get("pattern", "*")
        sweep()
        gone = [place for place in table if place[0] == name and matches(pattern, place[1])]
        for place in gone:
            del table[place]
        return 200, {}, {"deleted_count": len(gone), "success": True}
    if parts[4] in ("mget", "mset") and method == "POST":
        return many(parts[4], name, body)
    if parts[4] == "stats" and method == "GET":
        sweep()
        hits, misses = counters.get(name, [0, 0])
        keys = sum(place[0] == name for place in table)
        rate = hits / (hits + misses) if hits + misses else 0
        return 200, {}, {"hits": hits, "misses": misses, "hit_rate": rate, "total_keys": keys, "memory_used_mb": 0, "evictions": 0}
    return one(method, name, parts[4], body)


def reply(client, status, headers, data):
    body = json.dumps(data, indent=2).encode()
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    client.sendall(head.encode() + b"\r\n" + body)


def serve(client):
    with client:
        reader = client.makefile("rb")
        words = reader.readline().split()
        if len(words) != 3:
            return
        length = 0
        while (line := reader.readline().strip()):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        raw = reader.read(length)
        with guard:
            answer = meaning(words[0].decode(), words[1].decode(), raw)
        reply(client, *answer)


def main():
    server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=100)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


main()
