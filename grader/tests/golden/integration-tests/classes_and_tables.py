"""The first three requirements in other styles: a class of unittest, a decorator, tables, a fixture that holds the clock."""

import concurrent.futures
import datetime
import unittest
from threading import Barrier, Thread

import freezegun
import pytest

from distributed_cache import DistributedCache

NOON = datetime.datetime(2024, 1, 1, 12)


@pytest.fixture
def clock():
    with freezegun.freeze_time(NOON) as held:
        yield held


@pytest.mark.parametrize(("ttl", "wait", "there"), [(10, 9.9, True), (10, 10, False), (1, 0.5, True), (60, 61, False), (None, 1e8, True)])
def test_lifetimes(clock, ttl, wait, there):
    with DistributedCache() as cache:
        cache.set("k", [1, "two"], ttl=ttl)
        clock.tick(datetime.timedelta(seconds=wait))
        assert cache.get("k") == ([1, "two"] if there else None)
        assert ("k" in cache.storage()) is there
        stats = cache.stats()
        assert (stats["hits"], stats["misses"]) == ((1, 0) if there else (0, 1))


class TestRenewal(unittest.TestCase):
    def setUp(self):
        self.cache = DistributedCache(default_ttl=20)
        self.addCleanup(self.cache.close)

    def test_a_read_renews_nothing(self):
        with freezegun.freeze_time(NOON) as held:
            self.cache.set("k", 1, ttl=10)
            held.move_to(NOON + datetime.timedelta(seconds=7))
            self.assertEqual(self.cache.get("k"), 1)
            held.move_to(NOON + datetime.timedelta(seconds=13))
            self.assertIsNone(self.cache.get("k"))

    @freezegun.freeze_time(NOON, as_kwarg="held")
    def test_a_write_renews(self, held):
        self.cache.set("k", 1, ttl=10)
        held.tick(7)
        self.cache.set("k", 2, ttl=10)
        held.tick(7)
        self.assertEqual(self.cache.get("k"), 2)
        self.cache.set("k", 3)
        held.tick(19)
        self.assertEqual(self.cache.get("k"), 3)
        held.tick(1)
        self.assertIsNone(self.cache.get("k"))


class TestEviction:
    @pytest.mark.parametrize("use", [lambda cache: cache.get("a"), lambda cache: cache.set("a", 9)], ids=["get", "set"])
    def test_use_saves(self, use):
        cache = DistributedCache(3)
        for number, key in enumerate("abc"):
            cache.set(key, number)
        assert cache.stats()["evictions"] == 0
        use(cache)
        for evictions, (new, left) in enumerate([("d", "acd"), ("e", "ade"), ("f", "def")], start=1):
            cache.set(new, new)
            assert "".join(sorted(cache.storage())) == left
            assert cache.stats()["evictions"] == evictions
        cache.close()

    def test_overwriting_makes_no_room(self):
        with DistributedCache(max_size=2) as cache:
            cache.set("a", 1), cache.set("b", 2), cache.set("b", 3)
            assert cache.storage() == {"a": 1, "b": 3} and cache.stats()["evictions"] == 0


def test_ten_threads_start_together():
    with DistributedCache() as cache:
        cache.set("text", "x")
        gate, sums = Barrier(10), []

        def work():
            gate.wait()
            for _ in range(100):
                sums.append(cache.increment("n"))

        threads = [Thread(target=work) for _ in range(10)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert cache.get("n") == 1000
        assert sorted(sums) == list(range(1, 1001))
        with pytest.raises(ValueError):
            cache.increment("text")


def test_amounts_and_deadlines(clock):
    with DistributedCache() as cache:
        assert [cache.increment("n", amount) for amount in (5, -7, 0)] == [5, -2, -2]
        cache.set("short", 1, ttl=10)
        clock.tick(6)
        assert cache.increment("short", 2) == 3
        clock.tick(6)
        assert cache.get("short") is None
        assert cache.increment("short", 4) == 4


def test_a_pool():
    with DistributedCache() as cache, concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda number: cache.increment("n", number), range(100)))
        assert cache.get("n") == 4950
