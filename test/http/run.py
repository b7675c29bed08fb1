#!/usr/bin/python3
"""run.py BUILD [WORD...] - run the tests of the bridge, those with a WORD in their names, as TAP."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROCESS = os.path.join(os.path.dirname(HERE), "process")

if __name__ == "__main__":
    sys.path[:0] = [PROCESS]
    import run
    sys.exit(run.main([HERE]))
