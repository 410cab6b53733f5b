"""Values as data: what crosses between a test and the cache under test. Nothing else does, and nothing is unpickled."""

import json

DEEP_MAX = 40


def pack(value, deep=0):
    """JSON's own types as they are; the others as an object with one key that names them."""
    kind = type(value)
    if value is None or kind in (bool, int, float):
        if kind is int and not -(1 << 62) < value < 1 << 62:
            return {"int": str(value)}
        if kind is float and (value != value or value in (float("inf"), float("-inf"))):
            return {"float": repr(value)}
        return value
    if kind is str:
        return value if value.isascii() else {"str": value.encode("utf-8", "surrogatepass").hex()}
    if deep > DEEP_MAX:
        raise TypeError("a value is nested too deeply to cross to the cache")
    if kind in (bytes, bytearray):
        return {"bytes": bytes(value).hex()}
    if kind is list:
        return [pack(item, deep + 1) for item in value]
    if kind is tuple:
        return {"tuple": [pack(item, deep + 1) for item in value]}
    if kind in (set, frozenset):
        return {"set": sorted((pack(item, deep + 1) for item in value), key=repr)}
    if kind is dict:
        return {"dict": [[pack(key, deep + 1), pack(item, deep + 1)] for key, item in value.items()]}
    raise TypeError(f"a value of type `{kind.__name__}` cannot cross to the cache: use strings, numbers, bytes, lists, "
                    "tuples, sets and dictionaries")


def unpack(data):
    kind = type(data)
    if kind is list:
        return [unpack(item) for item in data]
    if kind is not dict:
        return data
    (name, inner), = data.items()
    if name == "int":
        return int(inner)
    if name == "float":
        return float(inner)
    if name == "str":
        return bytes.fromhex(inner).decode("utf-8", "surrogatepass")
    if name == "bytes":
        return bytes.fromhex(inner)
    if name == "tuple":
        return tuple(unpack(item) for item in inner)
    if name == "set":
        return {unpack(item) for item in inner}
    if name == "dict":
        return {unpack(key): unpack(item) for key, item in inner}
    raise ValueError("no value")


# Bound early: what a submission replaces later changes nothing here.
_encode, _decode = json.JSONEncoder(separators=(",", ":")).encode, json.JSONDecoder().decode


def send(fd, message, write):
    data = _encode(message).encode()
    data = len(data).to_bytes(4, "little") + data
    while data:
        data = data[write(fd, data):]


def receive(fd, read, most):
    """A message, or None at the end. A longer one than `most` bytes is none."""
    def exactly(count):
        parts = []
        while count:
            part = read(fd, min(count, 1 << 16))
            if not part:
                return None
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    head = exactly(4)
    if head is None:
        return None
    size = int.from_bytes(head, "little")
    if size > most:
        return None
    data = exactly(size)
    return None if data is None else _decode(data.decode())
