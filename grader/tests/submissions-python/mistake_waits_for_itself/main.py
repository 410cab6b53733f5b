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


class Cache:
    def __init__(self):
        self.lock = threading.Lock()
        self.store = {}

    def has(self, key):
        with self.lock:
            return key in self.store

    def obey(self, words):
        with self.lock:
            if words[0] == "DELETE" and not self.has(words[1]):
                return "NOT_FOUND"
            return obey(self.store, words)


def simulate_distributed_cache(commands):
    cache, answers, threads = Cache(), {}, []

    def work(index, words):
        answers[index] = "ERROR" if words is None else "BYE" if words == ["EXIT"] else cache.obey(words)

    for index, line in enumerate(commands):
        words = read(line)
        threads.append(threading.Thread(target=work, args=(index, words)))
        threads[-1].start()
        if words == ["EXIT"]:
            break
    for thread in threads:
        thread.join()
    return [answers[index] for index in range(len(threads))]
