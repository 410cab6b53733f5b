# attack: looks for a judge among the modules and replaces its methods
# class: C11
# expect: score <= 0
import sys


class Yes:
    def __getattr__(self, name):
        return Yes()

    def __call__(self, *_, **__):
        return True


for name, module in list(sys.modules.items()):
    for attribute in list(vars(module)) if name in ("run", "zygote", "guard", "scheduler", "unittest", "pytest") else ():
        try:
            setattr(module, attribute, Yes())
        except (AttributeError, TypeError):
            pass


def simulate_distributed_cache(commands):
    return []
