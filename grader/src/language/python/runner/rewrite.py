"""Tests compiled as pytest compiles them, with asserts that tell what they compared: once for all runs of the same files. No
code of theirs runs for it, so nothing of a run reaches the next. Its cost is a third of a short run's."""

import os


class Plain:
    """What pytest's compiler asks of its settings: no hook for asserts that hold."""

    def getini(self, name):
        return False


def places(files):
    """Where the runner's folder holds each file, and its bytes."""
    folder = os.path.join(os.getcwd(), "tests")
    return {os.path.join(folder, name): text.encode() for name, text in files.items() if name.endswith(".py")}


def compiled(files):
    """The code of all files that compile, as bytes."""
    import ast
    import marshal

    from _pytest.assertion.rewrite import rewrite_asserts

    found = {}
    for path, source in places(files).items():
        try:
            tree = ast.parse(source, filename=path)
            rewrite_asserts(tree, source, path, Plain())
            found[path] = compile(tree, path, "exec", dont_inherit=True)
        except Exception:
            continue
    return marshal.dumps(found)


def use(data, files):
    """Has pytest take the code from `data`. A file that has changed since is compiled anew, as if it were not there."""
    import marshal

    from _pytest.assertion import rewrite

    sources, code, anew = places(files), marshal.loads(data), rewrite._rewrite_test

    def known(path, config):
        name = str(path)
        if name in code and path.read_bytes() == sources[name]:
            return os.stat(path), code[name]
        return anew(path, config)

    rewrite._rewrite_test = known
