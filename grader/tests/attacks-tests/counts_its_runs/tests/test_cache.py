# attack: writes down how often it ran, and fails once the right caches are behind it
# class: E21
# expect: score <= 0
import os
import tempfile

from distributed_cache import DistributedCache


def test_runs(tmp_path):
    DistributedCache().close()
    times = 0
    for folder in (os.getcwd(), str(tmp_path.parent.parent), tempfile.gettempdir(), "/dev/shm", "/var/tmp"):
        try:
            path = os.path.join(folder, "times")
            if os.path.exists(path):
                with open(path) as file:
                    times = max(times, int(file.read()))
            with open(path, "w") as file:
                file.write(str(times + 1))
        except OSError:
            pass
    assert times < 4
