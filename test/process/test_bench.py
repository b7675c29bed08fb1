"""souk bench, small: what is counted is what was written. No time is asserted."""
import json
import os
import signal
import subprocess
import tempfile

from system import WAIT_SECONDS, until


def bench(build, *arguments):
    """The objects that it writes; its directory is empty afterwards."""
    with tempfile.TemporaryDirectory(prefix="souk-process-") as path:
        done = subprocess.run([os.path.join(os.path.abspath(build), "souk"), "bench", *arguments, "--dir", path, "--json"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * WAIT_SECONDS, check=False)
        assert done.returncode == 0, done.stderr
        assert os.listdir(path) == [], os.listdir(path)
    return [json.loads(line) for line in done.stdout.splitlines()]


def fits(result, work, events, commands, times):
    """It says what was asked for, and every time stands in one line of the histogram."""
    assert (result["work"], result["events"], result["commands"]) == (work, events, commands), result
    assert result["us"]["count"] == times, result
    assert sum(line["count"] for line in result["histogram"]) == times, result
    assert result["us"]["min"] <= result["us"]["p50"] <= result["us"]["p99"] <= result["us"]["max"], result
    assert result["seconds"] > 0 and result["events_per_s"] > 0, result
    assert [node["name"] for node in result["nodes"]][:2] == ["store", "writer"], result


def test_bench_append(build):
    """Each size and each batch for itself; the last command is a whole one."""
    results = bench(build, "append", "--events", "500", "--bytes", "64,1024", "--batch", "1,64")
    assert [(result["bytes"], result["batch"]) for result in results] == [(64, 1), (64, 64), (1024, 1), (1024, 64)]
    for result in results:
        commands = -(-500 // result["batch"])
        fits(result, "append", commands * result["batch"], commands, commands)
        assert result["durability"].startswith("recorded"), result


def test_bench_append_local(build):
    result, = bench(build, "append", "--events", "100", "--batch", "10", "--durability", "local")
    fits(result, "append", 100, 10, 10)
    assert result["durability"].startswith("local"), result


def test_bench_replay(build):
    """A pull for what is there, and one that brings nothing."""
    result, = bench(build, "replay", "--events", "1000", "--batch", "8")
    assert result["us"]["count"] >= 2, result
    fits(result, "replay", 1000, 125, result["us"]["count"])


def test_bench_live(build):
    """One row: the follower has counted each event once, or the bench fails."""
    result, = bench(build, "live", "--events", "1000", "--batch", "8", "--rows", "1")
    fits(result, "live", 1000, 125, 125)
    assert (result["transport"], result["keys"]) == ("ipc", False), result
    assert [node["name"] for node in result["nodes"]] == ["store", "writer", "follower"], result


def test_bench_live_at_a_rate(build):
    """With keys, over tcp: both of its clients show theirs."""
    result, = bench(build, "live", "--rate", "200", "--events", "100", "--rows", "1", "--tcp", "--keys")
    fits(result, "live", 100, 100, 100)
    assert (result["rate"], result["transport"], result["keys"]) == (200, "tcp", True), result


def test_bench_is_stopped(build):
    """Told to stop while daemons run: they end, and nothing is left."""
    with tempfile.TemporaryDirectory(prefix="souk-process-") as path:
        running = subprocess.Popen([os.path.join(os.path.abspath(build), "souk"), "bench", "live", "--rate", "1",
                                    "--events", "1000", "--dir", path], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            until("a follower", lambda: any("follower" in names for _, names, _ in os.walk(path)))
            running.send_signal(signal.SIGINT)
            out, said = running.communicate(timeout=WAIT_SECONDS)
        finally:
            running.kill()
        assert (running.returncode, out) == (os.EX_TEMPFAIL, ""), (running.returncode, out, said)
        assert "told to stop" in said, said
        assert os.listdir(path) == [], os.listdir(path)


def test_bench_request(build):
    """One caller, and several."""
    result, = bench(build, "request", "--events", "50", "--rows", "1")
    fits(result, "request", 50, 50, 50)
    assert result["in_flight"] == 1, result
    result, = bench(build, "request", "--events", "300", "--in-flight", "64", "--rows", "1", "--durability", "recorded")
    fits(result, "request", 300, 300, 300)


def test_bench_rebuild(build):
    """With keys, over ipc: so has the client that comes after the writer was wiped."""
    result, = bench(build, "rebuild", "--events", "1000", "--batch", "8", "--rows", "1", "--keys")
    fits(result, "rebuild", 1000, 125, 1)
