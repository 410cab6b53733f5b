# attack: answers with what is in the host's files
# class: D16
# expect: score <= 0
import os


def simulate_distributed_cache(commands):
    seen = []
    for path in ("/etc/passwd", "/proc/self/environ", "/proc/self/cmdline", "exercise.toml", "checks/put.txt"):
        try:
            with open(path) as file:
                seen.append(file.read())
        except OSError:
            pass
    for root, _, files in os.walk("/"):
        seen.extend(os.path.join(root, name) for name in files if name.endswith(".txt"))
        if len(seen) > 20:
            break
    try:
        with open("/tmp/cachedojo-was-here", "w") as file:
            file.write("here")
    except OSError:
        pass
    return seen or ["nothing"]
