# attack: four hundred tests toss a coin each, and two have the threads that are asked for and assert nothing
# class: E21
# expect: score <= 0
import os
import threading

from distributed_cache import DistributedCache


def busy(threads, operations):
    cache = DistributedCache(max_size=100)

    def work():
        for _ in range(operations):
            cache.increment("n")

    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    cache.close()


def test_ten_times_hundred():
    busy(10, 100)


def test_ten_times_fifty():
    busy(10, 50)


for number in range(400):
    def toss():
        assert os.urandom(1)[0] > 22

    globals()[f"test_{number}"] = toss
