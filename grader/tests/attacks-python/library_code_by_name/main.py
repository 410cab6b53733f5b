# attack: names its code after the library, so that nobody steps through it
# class: E20
# expect: score <= 0
import os

SOURCE = "def simulate_distributed_cache(commands):\n    return []\n"
exec(compile(SOURCE, os.__file__, "exec"))
