# attack: answers with a list that equals everything
# class: C13
# expect: score <= 0
class Answers(list):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 6


def simulate_distributed_cache(commands):
    return Answers()
