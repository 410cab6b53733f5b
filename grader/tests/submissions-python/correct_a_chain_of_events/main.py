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


def simulate_distributed_cache(commands: list[str]) -> list[str]:
    store, lock, last, answers, threads = {}, threading.Lock(), {}, {}, []

    def work(index, words, before, done):
        if before is not None:
            before.wait()
        if words is None:
            answer = "ERROR"
        elif words[0] == "EXIT":
            answer = "BYE"
        else:
            with lock:
                answer = obey(store, words)
        answers[index] = answer
        done.set()

    for index, line in enumerate(commands):
        words = read(line)
        key = words[1] if words and len(words) > 1 else None
        done = threading.Event()
        before = last.get(key) if key else None
        if key:
            last[key] = done
        threads.append(threading.Thread(target=work, args=(index, words, before, done)))
        threads[-1].start()
        if words == ["EXIT"]:
            break
    for thread in threads:
        thread.join()
    return [answers[index] for index in range(len(threads))]
