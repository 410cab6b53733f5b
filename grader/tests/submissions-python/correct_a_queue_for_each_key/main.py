import re
import queue
import threading
from collections import defaultdict

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


def simulate_distributed_cache(commands: list[str]) -> list[str]:
    turns = defaultdict(queue.Queue)
    store, guard = {}, threading.RLock()
    out = queue.Queue()

    def work(index, words, mine, following):
        mine.get()
        with guard:
            answer = "ERROR" if words is None else "BYE" if words[0] == "EXIT" else obey(store, words)
        following.put(None)
        out.put((index, answer))

    heads, threads = {}, []
    for index, line in enumerate(commands):
        words = read(line)
        key = words[1] if words and len(words) > 1 else ("alone", index)
        if key not in heads:
            heads[key] = queue.Queue()
            heads[key].put(None)
        mine, heads[key] = heads[key], queue.Queue()
        thread = threading.Thread(target=work, args=(index, words, mine, heads[key]))
        thread.start()
        threads.append(thread)
        if words == ["EXIT"]:
            break
    for thread in threads:
        thread.join()
    return [answer for _, answer in sorted(out.queue)]
