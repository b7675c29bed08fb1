#!/usr/bin/python3
"""run.py BUILD [WORD...] [-WORD...] - run the process tests of a build directory, as TAP: those with a WORD in their
names, and none with a -WORD. Three times as many at a time as there are processors, or SOUK_PROCESS_JOBS: each is a process of
its own, with directories and sockets of its own, and most of them wait most of the time."""
import importlib
import os
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
PLACES = [HERE, os.path.join(os.path.dirname(HERE), "client")]


def run(number, name, function, build):
    """Run a test and say how it went. False when it failed."""
    begun = time.monotonic()
    try:
        function(build)
    except importlib.import_module("system").Skipped as why:
        print(f"ok {number} - {name} # SKIP {why}")
    except Exception:                           # pylint: disable=broad-except
        print(f"not ok {number} - {name}")
        print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
        return False
    else:
        print(f"ok {number} - {name} # {time.monotonic() - begun:.1f} s")
    return True


def begin(*test):
    """Run a test in a process of its own: its number, and the file that has what it says."""
    said = tempfile.TemporaryFile("w+")         # pylint: disable=consider-using-with
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        code = 1
        try:
            code = 0 if run(*test) else 1
        finally:
            sys.stdout.flush()
            os._exit(code)                      # pylint: disable=protected-access
    return child, said


def main(places):
    """Run what lies in those directories."""
    sys.path[:0] = places
    modules = sorted(name[:-3] for place in places for name in os.listdir(place)
                     if name.startswith("test_") and name.endswith(".py"))
    build = sys.argv[1]
    words = [word for word in sys.argv[2:] if word[0] != "-"]
    others = [word[1:] for word in sys.argv[2:] if word[0] == "-"]
    tests = [(f"{module}.{name}", function) for module in modules
             for name, function in vars(importlib.import_module(module)).items()
             if name.startswith("test_") and function.__module__ == module
             and (not words or any(word in f"{module}.{name}" for word in words))
             and not any(word in f"{module}.{name}" for word in others)]
    jobs = int(os.environ.get("SOUK_PROCESS_JOBS", 3 * len(os.sched_getaffinity(0))))
    failed = 0
    running = {}
    print(f"1..{len(tests)}", flush=True)
    waiting = list(enumerate(tests, 1))
    while waiting or running:
        if waiting and len(running) < jobs:
            number, (name, function) = waiting.pop(0)
            child, said = begin(number, name, function, build)
            running[child] = number, name, said
            continue
        child, status = os.wait()
        number, name, said = running.pop(child)
        if status != 0:
            failed += 1
        with said:
            said.seek(0)
            text = said.read()
        print(text, end="")
        if not any(line.startswith(("ok ", "not ok ")) for line in text.splitlines()):
            print(f"not ok {number} - {name} # it ended with status {status}")
        sys.stdout.flush()
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main(PLACES))
