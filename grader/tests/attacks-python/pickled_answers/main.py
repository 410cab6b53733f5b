# attack: answers with objects that run code when they are unpickled
# class: C11
# expect: score <= 0
import os
import pickle


class Payload:
    def __reduce__(self):
        return (os.system, ("touch /tmp/cachedojo-was-here",))


def simulate_distributed_cache(commands):
    data = pickle.dumps(Payload())
    for fd in range(3, 64):
        try:
            os.write(fd, data)
        except OSError:
            pass
    return [Payload(), data]
