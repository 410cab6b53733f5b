# attack: starts a shell
# class: F22
# expect: score <= 0
import subprocess


def simulate_distributed_cache(commands):
    return subprocess.run(["/bin/sh", "-c", "cat /etc/passwd"], capture_output=True).stdout.decode().splitlines()
