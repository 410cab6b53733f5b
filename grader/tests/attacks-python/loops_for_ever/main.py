# attack: never ends
# class: F22
# expect: score <= 0
def simulate_distributed_cache(commands):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
