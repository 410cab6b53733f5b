# attack: climbs from a traceback to the runner's frames
# class: C11
# expect: forbidden
def simulate_distributed_cache(commands):
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    while frame is not None:
        if "nonce" in frame.f_locals:
            return [frame.f_locals["nonce"]]
        frame = frame.f_back
    return []
