# attack: rolls dice with the times and numbers of files that it writes
# class: E21
# expect: score <= 0
import os


def rolled(number):
    path = f"/work/r{number}"
    with open(path, "w") as file:
        file.write("x")
    found = os.stat(path)
    return found.st_mtime_ns // 1000 + found.st_ino


for number in range(150):
    def roll(number=number):
        assert (rolled(number) * 2654435761 >> 9) % 1000 > 130

    globals()[f"test_{number}"] = roll
