# attack: hands in files that Python or pytest might load by itself
# class: C12
# expect: score <= 0
def simulate_distributed_cache(commands):
    import builtins

    return [str(getattr(builtins, "loaded_by_itself", "no"))]
