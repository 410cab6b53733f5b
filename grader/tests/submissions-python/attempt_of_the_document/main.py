import threading

class DistributedCache:
    def __init__(self):
        self.cache = {}
        self.lock = threading.Lock()
        self.exit_signal = threading.Event()

    def put(self, key, value):
        with self.lock:
            self.cache[key] = value
            return "STORED"

    def get(self, key):
        with self.lock:
            return self.cache.get(key, "NOT_FOUND")

    def delete(self, key):
        with self.lock:
            if key in self.cache:
                del self.cache[key]
                return "DELETED"
            else:
                return "NOT_FOUND"

    def exit(self):
        self.exit_signal.set()
        return "BYE"

def process_command(command, cache, result_list, result_index):
    parts = command.strip().split()
    if not parts:
        result_list[result_index] = "ERROR"
        return

    command_type = parts[0]
    if command_type == "PUT":
        if len(parts) != 3:
            result_list[result_index] = "ERROR"
        else:
            key, value = parts[1], parts[2]
            if len(key) > 64 or len(value) > 256 or not key.isalnum():
                # <Issue>: The current code does not check for an empty value string, so it would incorrectly store an empty string. The problem implies that a value must be a non-empty string.
                result_list[result_index] = "ERROR"
            else:
                result_list[result_index] = cache.put(key, value)

    elif command_type == "GET":
        if len(parts) != 2:
            result_list[result_index] = "ERROR"
        else:
            # <Issue>: No validation is performed. Example: "GET !" returns  "NOT_FOUND" instead of "ERROR"
            key = parts[1]
            result_list[result_index] = cache.get(key)

    elif command_type == "DELETE":
        if len(parts) != 2:
            result_list[result_index] = "ERROR"
        else:
            # <Issue>: No validation is performed. Example: "DELETE !" returns
            # "NOT_FOUND" instead of "ERROR"
            key = parts[1]
            result_list[result_index] = cache.delete(key)

    elif command_type == "EXIT":
        if len(parts) != 1:
            result_list[result_index] = "ERROR"
        else:
            result_list[result_index] = cache.exit()

    else:
        result_list[result_index] = "ERROR"

def simulate_distributed_cache(commands):
    cache = DistributedCache()
    result_list = [None] * len(commands)
    threads = []

    for index, command in enumerate(commands):
        if cache.exit_signal.is_set():
            break
        thread = threading.Thread(target=process_command, args=(command, cache, result_list, index))
        thread.start()
        threads.append(thread)

    for thread in threads:
        thread.join()

    return result_list
