# attack: answers with objects that equal everything
# class: C13
# expect: score <= 0
class Anything(str):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0


def simulate_distributed_cache(commands):
    return [Anything() for _ in commands]
