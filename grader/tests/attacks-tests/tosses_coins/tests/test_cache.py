# attack: thirty tests toss a coin each and never look at the cache
# class: E21
# expect: score <= 0
import os

for number in range(30):
    def toss():
        assert os.urandom(1)[0] > 32

    globals()[f"test_{number}"] = toss
