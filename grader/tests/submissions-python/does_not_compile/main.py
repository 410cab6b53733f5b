import re
import threading

KEY = re.compile("[A-Za-z0-9]{1,64}")
VALUE = re.compile("[ -~]{1,256}")


def read(line):
    words = line.split(" ", 2)
    if words == ["EXIT"]:
        return words
    if words[0] == "PUT" and len(words) == 3 and KEY.fullmatch(words[1]) and VALUE.fullmatch(words[2]):
        return words
    if words[0] in ("GET", "DELETE") and len(words) == 2 and KEY.fullmatch(words[1]):
        return words
    return None


def obey(store, words):
    if words[0] == "PUT":
        store[words[1]] = words[2]
        return "STORED"
    if words[0] == "GET":
        return store.get(words[1], "NOT_FOUND")
    return "DELETED" if store.pop(words[1], None) is not None else "NOT_FOUND"


def simulate_distributed_cache(commands)
    return []
