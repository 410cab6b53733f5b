"""Integration tests for `DistributedCache`, requirement by requirement."""

import os
import pickle
import threading

import pytest
from freezegun import freeze_time

from distributed_cache import DistributedCache

START = "2024-01-01 12:00:00"
START_S = 1704110400


@pytest.fixture
def cache():
    made = DistributedCache(max_size=100)
    yield made
    made.close()


def spawn(count, work):
    """Run `work(number)` in so many threads at once; whatever one of them raises is raised here."""
    failures = []

    def body(number):
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=body, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


# 1. TTL.


def test_ttl_is_precise_to_the_second(cache):
    with freeze_time(START) as clock:
        cache.set("key", "value", ttl=10)
        clock.tick(9.9)
        assert cache.get("key") == "value"
        clock.tick(0.1)
        assert cache.get("key") is None
        assert cache.stats()["misses"] == 1
        assert cache.stats()["hits"] == 1


def test_get_removes_what_is_expired(cache):
    with freeze_time(START) as clock:
        cache.set("key", "value", ttl=10)
        cache.set("other", "value", ttl=100)
        clock.tick(11)
        assert "key" in cache.storage()
        assert cache.get("key") is None
        assert cache.storage() == {"other": "value"}


def test_no_ttl_means_for_ever(cache):
    with freeze_time(START) as clock:
        cache.set("key", "value")
        clock.tick(10 * 365 * 86400)
        assert cache.get("key") == "value"


def test_reading_does_not_renew_a_ttl(cache):
    with freeze_time(START) as clock:
        cache.set("key", "value", ttl=10)
        clock.tick(6)
        assert cache.get("key") == "value"
        clock.tick(6)
        assert cache.get("key") is None


def test_setting_anew_renews_the_ttl(cache):
    with freeze_time(START) as clock:
        cache.set("key", "old", ttl=10)
        clock.tick(6)
        cache.set("key", "new", ttl=10)
        clock.tick(6)
        assert cache.get("key") == "new"
        cache.set("key", "last")
        clock.tick(1000)
        assert cache.get("key") == "last"


def test_default_ttl():
    with freeze_time(START) as clock, DistributedCache(default_ttl=5) as cache:
        cache.set("key", "value")
        cache.set("long", "value", ttl=50)
        clock.tick(5)
        assert cache.get("key") is None
        assert cache.get("long") == "value"


# 2. LRU.


def test_lru_evicts_the_least_recently_used():
    with DistributedCache(max_size=3) as cache:
        for key in ("a", "b", "c"):
            cache.set(key, key)
        assert cache.stats()["evictions"] == 0
        cache.get("b")
        cache.set("d", "d")
        assert sorted(cache.storage()) == ["b", "c", "d"]
        assert cache.stats()["evictions"] == 1
        cache.set("e", "e")
        assert sorted(cache.storage()) == ["b", "d", "e"]
        assert cache.stats()["evictions"] == 2


def test_reading_and_writing_both_count_as_use():
    with DistributedCache(max_size=3) as cache:
        for key in ("a", "b", "c"):
            cache.set(key, key)
        assert cache.get("a") == "a"
        cache.set("b", "new")
        cache.set("d", "d")
        assert sorted(cache.storage()) == ["a", "b", "d"]


def test_overwriting_evicts_nobody():
    with DistributedCache(max_size=2) as cache:
        cache.set("a", 1)
        cache.set("b", 2)
        cache.set("a", 3)
        assert cache.storage() == {"a": 3, "b": 2}
        assert cache.stats()["evictions"] == 0


# 3. Increments.


def test_increments_are_atomic(cache):
    def work(_):
        for _ in range(100):
            cache.increment("counter")

    spawn(10, work)
    assert cache.get("counter") == 1000


def test_increment_of_a_missing_key(cache):
    assert cache.increment("new", 5) == 5
    assert cache.get("new") == 5
    assert cache.increment("new", 3) == 8
    assert cache.increment("new", -10) == -2
    assert cache.increment("one") == 1


def test_increment_keeps_the_ttl(cache):
    with freeze_time(START) as clock:
        cache.set("n", 1, ttl=10)
        clock.tick(5)
        cache.increment("n")
        clock.tick(5)
        assert cache.get("n") is None
        assert cache.increment("n", 7) == 7


# 4. Statistics.


def test_statistics_count_each_event():
    with freeze_time(START) as clock, DistributedCache(max_size=2) as cache:
        cache.set("a", 1)
        cache.get("a")
        cache.get("a")
        cache.get("missing")
        cache.set("b", 2, ttl=5)
        clock.tick(6)
        cache.get("b")
        cache.exists("a")
        cache.set("c", 3)
        cache.set("d", 4)
        assert cache.stats() == {"hits": 2, "misses": 2, "evictions": 1, "size": 2}


def test_statistics_under_threads(cache):
    cache.set("there", 1)

    def work(number):
        for turn in range(50):
            cache.get("there")
            cache.get(f"missing-{number}-{turn}")

    spawn(10, work)
    assert cache.stats() == {"hits": 500, "misses": 500, "evictions": 0, "size": 1}


def test_clear_resets_everything():
    with DistributedCache(max_size=1) as cache:
        cache.set("a", 1)
        cache.set("b", 1)
        cache.get("b")
        cache.get("a")
        cache.clear()
        assert cache.stats() == {"hits": 0, "misses": 0, "evictions": 0, "size": 0}
        assert cache.storage() == {}


def test_size_is_that_of_the_storage(cache):
    with freeze_time(START) as clock:
        cache.set("a", 1, ttl=1)
        cache.set("b", 1)
        clock.tick(2)
        assert cache.stats()["size"] == len(cache.storage()) == 2
        cache.get("a")
        assert cache.stats()["size"] == len(cache.storage()) == 1


# 5. Patterns.


def test_patterns(cache):
    for key in ("user:1", "user:20", "session:1", "key1", "key2", "key10", "a.b", "axb", "[1]", "1"):
        cache.set(key, key)
    assert sorted(cache.keys("user:*")) == ["user:1", "user:20"]
    assert sorted(cache.keys("key?")) == ["key1", "key2"]
    assert sorted(cache.keys("*:1")) == ["session:1", "user:1"]
    assert cache.keys("a.b") == ["a.b"]
    assert cache.keys("[1]") == ["[1]"]
    assert len(cache.keys("*")) == len(cache.keys()) == 10
    assert cache.keys("") == []
    assert cache.keys("nothing*") == []


def test_patterns_see_no_expired_key(cache):
    with freeze_time(START) as clock:
        cache.set("user:1", 1, ttl=5)
        cache.set("user:2", 1)
        clock.tick(5)
        assert cache.keys("user:*") == ["user:2"]


def test_delete_pattern(cache):
    for key in ("user:1", "user:2", "session:1"):
        cache.set(key, key)
    assert cache.delete_pattern("user:*") == 2
    assert cache.storage() == {"session:1": "session:1"}
    assert cache.delete_pattern("user:*") == 0
    assert cache.delete_pattern("") == 0


# 6. Saving.


def test_save_leaves_expired_entries_out(cache, tmp_path):
    path = str(tmp_path / "cache.pickle")
    with freeze_time(START) as clock:
        cache.set("short", 1, ttl=10)
        cache.set("long", 2, ttl=100)
        cache.set("ever", 3)
        clock.tick(11)
        assert cache.save(path) is True
    with open(path, "rb") as file:
        kept = pickle.load(file)
    assert kept["entries"] == {
        "long": {"value": 2, "expires_at": START_S + 100},
        "ever": {"value": 3, "expires_at": None},
    }


def test_save_keeps_the_statistics(tmp_path):
    path = str(tmp_path / "cache.pickle")
    with DistributedCache(max_size=1) as cache:
        cache.set("a", 1)
        cache.set("b", 2)
        cache.get("b")
        cache.get("b")
        cache.get("a")
        assert cache.save(path) is True
    with open(path, "rb") as file:
        assert pickle.load(file)["stats"] == {"hits": 2, "misses": 1, "evictions": 1}


def test_a_save_that_fails_harms_nothing(cache, tmp_path):
    cache.set("key", "value")
    assert cache.save(str(tmp_path / "no" / "such" / "folder" / "cache.pickle")) is False
    assert cache.get("key") == "value"
    path = str(tmp_path / "cache.pickle")
    assert cache.save(path) is True
    assert os.listdir(tmp_path) == ["cache.pickle"]


# 7. Loading.


def test_load_goes_on_with_the_ttl(cache, tmp_path):
    path = str(tmp_path / "cache.pickle")
    with open(path, "wb") as file:
        pickle.dump({
            "entries": {
                "ten": {"value": "x", "expires_at": START_S + 10},
                "gone": {"value": "y", "expires_at": START_S - 1},
                "ever": {"value": "z", "expires_at": None},
            },
            "stats": {"hits": 7, "misses": 5, "evictions": 3},
        }, file)
    with freeze_time(START) as clock:
        assert cache.load(path) is True
        assert cache.storage() == {"ten": "x", "ever": "z"}
        assert cache.stats() == {"hits": 7, "misses": 5, "evictions": 3, "size": 2}
        clock.tick(9.9)
        assert cache.exists("ten")
        clock.tick(0.1)
        assert not cache.exists("ten")
        assert cache.exists("ever")


def test_save_and_load_round_trip(tmp_path):
    path = str(tmp_path / "cache.pickle")
    with DistributedCache() as cache:
        cache.set("list", [1, "two", None])
        cache.set("ключ", {"naïve": "☃"})
        assert cache.save(path) is True
    with DistributedCache() as other:
        other.set("old", 1)
        assert other.load(path) is True
        assert other.storage() == {"list": [1, "two", None], "ключ": {"naïve": "☃"}}


def test_a_load_that_fails_harms_nothing(cache, tmp_path):
    cache.set("key", "value")
    cache.get("key")
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"no pickle at all")
    assert cache.load(str(tmp_path / "missing")) is False
    assert cache.load(str(damaged)) is False
    assert cache.storage() == {"key": "value"}
    assert cache.stats()["hits"] == 1


# 8. Cleaning up.


def test_cleanup_removes_what_is_expired(cache):
    with freeze_time(START) as clock:
        for number in range(5):
            cache.set(f"short-{number}", number, ttl=10)
        cache.set("long", 1, ttl=100)
        cache.set("ever", 2)
        clock.tick(10)
        assert len(cache.storage()) == 7
        assert cache.cleanup() == 5
        assert cache.storage() == {"long": 1, "ever": 2}
        assert cache.cleanup() == 0
        assert cache.stats()["misses"] == 0


def test_the_cleaner_runs_until_close():
    cache = DistributedCache()
    assert cache.cleaner_is_running()
    cache.close()
    assert not cache.cleaner_is_running()
    cache.close()


# 9. Threads.


def test_threads_on_all_methods():
    cache = DistributedCache(max_size=1000)

    def work(number):
        for turn in range(50):
            key = f"{number}:{turn % 5}"
            cache.set(key, turn)
            assert cache.get(key) == turn
            assert cache.exists(key)
            assert cache.increment(key) == turn + 1
            assert cache.delete(key) is True
            assert cache.get(key) is None

    spawn(10, work)
    assert cache.storage() == {}
    assert cache.stats() == {"hits": 500, "misses": 500, "evictions": 0, "size": 0}
    cache.close()


def test_threads_that_evict_keep_the_limit():
    with DistributedCache(max_size=5) as cache:

        def work(number):
            for turn in range(50):
                cache.set(f"{number}:{turn}", turn)

        spawn(10, work)
        stats = cache.stats()
        assert stats["size"] == len(cache.storage()) == 5
        assert stats["evictions"] == 495


def test_only_one_thread_deletes():
    with DistributedCache() as cache:
        deleted = []

        def work(number):
            for turn in range(50):
                cache.set(f"{number}", turn)
                cache.set("shared", turn)
                if cache.delete(f"{number}"):
                    deleted.append(number)
                cache.keys("*")
                cache.delete_pattern("shared")

        spawn(10, work)
        assert len(deleted) == 500


# 10. Edges.


def test_increment_of_text(cache):
    cache.set("text", "abc")
    with pytest.raises(ValueError):
        cache.increment("text")
    assert cache.get("text") == "abc"


def test_missing_keys(cache):
    assert cache.get("missing") is None
    assert cache.exists("missing") is False
    assert cache.delete("missing") is False


def test_exists_removes_what_is_expired(cache):
    with freeze_time(START) as clock:
        cache.set("key", 1, ttl=5)
        assert cache.exists("key") is True
        clock.tick(5)
        assert cache.exists("key") is False
        assert cache.storage() == {}


def test_an_empty_cache(cache, tmp_path):
    assert cache.keys("*") == []
    assert cache.delete_pattern("*") == 0
    assert cache.cleanup() == 0
    cache.clear()
    assert cache.stats() == {"hits": 0, "misses": 0, "evictions": 0, "size": 0}
    path = str(tmp_path / "empty")
    assert cache.save(path) is True
    assert cache.load(path) is True


def test_unicode_and_long_keys(cache):
    long = "k" * 10001
    cache.set(long, "long")
    cache.set(long + "x", "longer")
    cache.set("ключ", "значение ☃")
    assert cache.get(long) == "long"
    assert cache.get(long + "x") == "longer"
    assert cache.get("ключ") == "значение ☃"
    assert cache.keys("кл*") == ["ключ"]


def test_a_cache_for_one():
    with DistributedCache(max_size=1) as cache:
        cache.set("a", 1)
        cache.set("b", 2)
        assert cache.storage() == {"b": 2}
        cache.set("b", 3)
        assert cache.get("b") == 3
        assert cache.stats()["evictions"] == 1


def test_values_of_none_and_zero(cache):
    cache.set("zero", 0)
    assert cache.exists("zero") is True
    assert cache.get("zero") == 0
    assert cache.increment("zero") == 1
