# attack: calls home
# class: D18
# expect: score <= 0
import socket


def simulate_distributed_cache(commands):
    home = socket.create_connection(("127.0.0.1", 80), timeout=1)
    home.sendall(repr(commands).encode())
    return home.recv(1000).decode().splitlines()
