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


class Command(threading.Thread):
    """A command that waits for the end of the one before it on its key."""

    def __init__(self, store, words, before):
        super().__init__(daemon=True)
        self.store, self.words, self.before, self.answer = store, words, before, "ERROR"

    def run(self):
        if self.before is not None:
            self.before.join()
        if self.words == ["EXIT"]:
            self.answer = "BYE"
        elif self.words is not None:
            self.answer = obey(self.store, self.words)


def simulate_distributed_cache(commands):
    store, last, started = {}, {}, []
    for line in commands:
        words = read(line)
        key = words[1] if words and len(words) > 1 else None
        command = Command(store, words, last.get(key))
        if key is not None:
            last[key] = command
        started.append(command)
        command.start()
        if words == ["EXIT"]:
            break
    return [command.join() or command.answer for command in started]
