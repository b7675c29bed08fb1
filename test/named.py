#!/usr/bin/env python3
"""What doc/promises.md and test/README.md name as a test exists, and test/README.md names every test.
Every source is named by a makefile.

Run in the root of the tree; says what is wrong, and ends with `N passed, N failed`. Names are what stands between
backticks in the column of tests:

    `hole:`                     an invariant: a sentence of the simulator's checker, and a test in sim/test_check.c
    `test_store`                a test program, script or module, or a test of processes
    `test/bits`, `bits`         a folder of tests, or a part of ./check
    `fuzz_wire`                 a fuzz target, with a corpus
    `powercut --failing-calls`  a program and its option
    profile `lossy`             a profile of the simulator, or several
    "a gap"                     a state that the simulator counts; `…` stands for anything
    `souk_stage_expect()`       a function of a public header that tests call

A cell without any name says what is not there yet. Limits in doc/promises.md are looked for in the headers.
"""
import re
import sys
from pathlib import Path

PROMISES, TESTS = Path("doc/promises.md"), Path("test/README.md")
FAULTS = ("Crashes, disks, stores", "Order, loss, doubling", "Hostile and broken peers, resources",
          "HTTP and those who ask")
RUN_BY_RUN_PY = "test/process", "test/client", "test/http"       # every test_*.py in there
NAME = re.compile(r"`([^`]+)`")
PROFILES = re.compile(r"profiles? ((?:`[a-z]+`(?:, | and )?)+)")


def text_of(*patterns):
    return "\n".join(path.read_text("utf-8") for pattern in patterns for path in sorted(Path(".").glob(pattern)))


def column(page, heading):
    """(line number, cell) of the last column of the table below a heading."""
    below = False
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        if line.startswith("#"):
            below = line.lstrip("# ") == heading
        elif below and line.startswith("|") and not line.startswith("|---"):
            yield number, line.strip().strip("|").split("|")[-1].strip()


class Tree:
    def __init__(self):
        self.makes = text_of("*/local.mk", "*/*/local.mk")
        self.programs = sorted(set(re.findall(r"^TESTS \+= (.+)$", self.makes, re.M)))
        self.programs = [name for line in self.programs for name in line.split()]
        self.modules = [path for place in RUN_BY_RUN_PY for path in sorted(Path(place).glob("test_*.py"))]
        processes = text_of(*map(str, self.modules))
        self.tests = re.findall(r"^def (test_\w+)", processes, re.M)
        self.targets = sorted(path.stem for path in Path("test/fuzz").glob("fuzz_*.c"))
        self.check = text_of("test/sim/check*.c")
        self.check_tests = Path("test/sim/test_check.c").read_text("utf-8")
        self.public = text_of("src/souk.h", "src/souk-*.h")
        self.calls = text_of("test/unit/*.c", "examples/*/*.c")
        self.headers = text_of("src/*.h", "src/souk_core*.c")
        parts = re.search(r"^parts=\((.*?)\)", Path("check").read_text("utf-8"), re.M)
        self.parts = parts.group(1).split()
        profiles = re.search(r"profile_names\[.*?\{(.*?)\}", Path("test/sim/sim_plan.c").read_text("utf-8"), re.S)
        self.profiles = re.findall(r'"(\w+)"', profiles.group(1))
        self.states = re.findall(r'STATE\(\w+, "([^"]+)"', Path("test/sim/sim_states.h").read_text("utf-8"))

    def has_program(self, name):
        stems = [Path(program).stem for program in self.programs] + [path.stem for path in self.modules] + self.tests
        return name in stems

    def has_folder_option(self, word, option):
        path = Path(word if word.startswith("test/") else f"test/{word}")
        if not path.exists():
            return False
        return option is None or f'"{option.removeprefix("--")}"' in text_of(f"{path}/*.c")

    def missing(self, name):
        """What is wrong with a name, or None."""
        word, _, option = name.partition(" ")
        if name.endswith(":"):
            invariant = name[:-1]
            if f'"{invariant}: ' not in self.check:
                return "the checker has no such invariant"
            if f'"{invariant}"' not in self.check_tests and f'"{invariant}: ' not in self.check_tests:
                return "test/sim/test_check.c has no story that breaks it"
        elif name.endswith("()"):
            if f"{name[:-1]}" not in self.public:
                return "no public header has it"
            if f"{name[:-1]}" not in self.calls:
                return "no test calls it"
        elif word.startswith("test_"):
            return None if self.has_program(word) else "nothing runs such a test"
        elif word.startswith("fuzz_"):
            return None if word in self.targets else "there is no such fuzz target"
        elif word.startswith("test/") or option:
            return None if self.has_folder_option(word, option or None) else "there is no such test or option"
        elif word not in self.parts:
            return "no kind of test that this script knows"
        return None

    def missing_state(self, text):
        pattern = re.escape(text).replace("…", ".*")
        counted = any(re.fullmatch(pattern, state) for state in self.states)
        return None if counted else "the simulator counts no such state"


def check_cell(tree, cell):
    """(name, what is wrong or None) of each name in a cell."""
    for profiles in PROFILES.findall(cell):
        for name in NAME.findall(profiles):
            yield f"profile {name}", None if name in tree.profiles else "the simulator has no such profile"
    for name in NAME.findall(PROFILES.sub("", cell)):
        yield name, tree.missing(name)
    for text in re.findall(r'"([^"]+)"', cell):
        yield f'"{text}"', tree.missing_state(text)


def check_tables(tree):
    for page, heading in ((PROMISES, "Promises"), *((TESTS, heading) for heading in FAULTS)):
        rows = list(column(page, heading))[1:]
        yield f"{page}: {heading}", None if rows else "there is no such table"
        for number, cell in rows:
            names = list(check_cell(tree, cell))
            if not names and "not yet" not in cell:
                yield f"{page}:{number}", "no test is named"
            for name, wrong in names:
                yield f"{page}:{number}: {name}", wrong


def check_limits(tree):
    for number, cell in list(column(PROMISES, "Limits"))[1:]:
        for name in NAME.findall(cell):
            found = re.search(rf"\b{re.escape(name)}\b", tree.headers)
            yield f"{PROMISES}:{number}: {name}", None if found else "no header has it"


def check_listed(tree):
    """Every program, script, module and target has its place in test/README.md."""
    page = TESTS.read_text("utf-8")
    files = [str(Path(program)).removeprefix("test/") for program in tree.programs]
    files += [str(path.relative_to("test").with_suffix("")) for path in tree.modules]
    files += [target.removeprefix("fuzz_") for target in tree.targets]
    for name in files:
        yield f"{TESTS}: {name}", None if f"`{name}`" in page else "it is not listed"
    for target in tree.targets:
        corpus = Path("test/fuzz/corpus") / target.removeprefix("fuzz_")
        yield str(corpus), None if corpus.is_dir() and any(corpus.iterdir()) else "the target has no corpus"
        yield f"test/fuzz/local.mk: {target}", None if target in tree.makes else "it is not built"
    sources = [path.stem for path in sorted(Path("test").glob("*/test_*.*")) if path.suffix in (".c", ".sh", ".py")]
    for name in sources:
        yield name, None if tree.has_program(name) else "nothing runs it"


def check_shipped(tree):
    """Every source is named by a makefile: else the tarball has not got it."""
    for pattern in "src/*.[ch]", "services/*/*.[ch]", "examples/*/*.[ch]", "test/*.[ch]", "test/*/*.[ch]":
        for path in sorted(Path(".").glob(pattern)):
            yield str(path), None if str(path) in tree.makes else "no local.mk names it, so the tarball has not got it"


def main():
    tree = Tree()
    passed = failed = 0
    for check in check_tables, check_limits, check_listed, check_shipped:
        for what, wrong in check(tree):
            passed += wrong is None
            failed += wrong is not None
            if wrong is not None:
                print(f"FAILED {what}: {wrong}")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
