#!/usr/bin/python3
"""run.py BUILD [WORD...] [-WORD...] - run the process tests of a build directory, as TAP: those with a WORD in their
names, and none with a -WORD."""
import importlib
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
PLACES = [HERE, os.path.join(os.path.dirname(HERE), "client")]


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
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        begun = time.monotonic()
        try:
            function(build)
        except importlib.import_module("system").Skipped as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:                       # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
        else:
            print(f"ok {number} - {name} # {time.monotonic() - begun:.1f} s", flush=True)
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main(PLACES))
