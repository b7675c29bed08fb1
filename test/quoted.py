#!/usr/bin/python3
"""quoted.py - whether the pages quote the tree as it is.

A fenced block whose first line names a file behind the language, such as
```c examples/blog/posts.c, has to occur in that file, line for line and in one
piece. Says each that does not, and fails then; a page that names no file at
all has none to check.
"""
import glob
import re
import sys

FENCE = re.compile(r"^```(\S+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main():
    wrong = count = 0
    for page in ["README.md", *sorted(glob.glob("**/*.md", root_dir=".", recursive=True))]:
        if page.startswith(("build", "node_modules")):
            continue
        with open(page, encoding="utf-8") as file:
            text = file.read()
        for match in FENCE.finditer(text):
            count += 1
            line = text.count("\n", 0, match.start()) + 1
            try:
                with open(match[2], encoding="utf-8") as file:
                    held = file.read()
            except OSError as error:
                wrong += 1
                print(f"{page}:{line}: {error.strerror}: {match[2]}")
                continue
            if "\n" + match[3] not in "\n" + held:
                wrong += 1
                print(f"{page}:{line}: this is not in {match[2]}")
    print(f"{count} quotations, {wrong} wrong")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
