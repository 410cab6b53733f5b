# attack: ends its process, so that nothing else is found out
# class: B9
# expect: rejected or score <= 0
import os


def test_leaves():
    os._exit(1)
