# attack: replaces what the runner might write its answer with
# class: C11
# expect: score <= 0
import builtins
import json
import json.encoder
import os


def forged(*_, **__):
    return '{"outcome":"lines","lines":["STORED"]}'


json.dumps = json.JSONEncoder.encode = forged
json.encoder.encode_basestring_ascii = forged
builtins.type = lambda *_: list
builtins.len = lambda *_: 6
os.write = lambda *_: 0


def simulate_distributed_cache(commands):
    return []
