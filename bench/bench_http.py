#!/usr/bin/python3
"""bench_http.py [OPTION...] - the bridge beside nginx: the same bytes, in turns, asked for by wrk.

Run it from the build directory, after `make all process-programs`. It installs
nginx-light and wrk from Debian's packages where they are missing (as root). One
worker of nginx stands against the bridge's one thread; wrk takes a processor for
itself, so on two processors a figure is as much wrk's as theirs."""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test/http"), str(ROOT / "test/process")]
from blog import Blog               # noqa: E402  pylint: disable=wrong-import-position
from system import until            # noqa: E402  pylint: disable=wrong-import-position

NGINX = """worker_processes 1;
daemon off;
pid {path}/pid;
error_log {path}/error;
events {{ worker_connections 2048; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
    open_file_cache max=100; open_file_cache_valid 60s;
    default_type text/plain;
    server {{ listen 127.0.0.1:{port}; root {path}/files; }}
}}
"""
LIMITS = {"connections_max": 2048, "connections_per_address": 2048, "waiting_max": 1000}


def install():
    missing = [name for name in ("wrk", "nginx") if shutil.which(name) is None and not os.path.exists(f"/usr/sbin/{name}")]
    if missing:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends",
                        *("nginx-light" if name == "nginx" else name for name in missing)], check=True,
                       stdout=subprocess.DEVNULL)


def ask(url, connections, seconds, headers, more=()):
    """Requests a second, and the median and the slowest hundredth in ms."""
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    said = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *more, *words, url], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    assert wrong is None, said
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    times = [float(number) * units[unit] for number, unit in re.findall(r"(?:50|99)%\s+([\d.]+)(us|ms|s)\b", said)]
    return rate, *times


class Nginx:
    def __init__(self, files, port):
        self.path = tempfile.mkdtemp(prefix="souk-nginx-")
        self.port = port
        for name, content in files.items():
            place = pathlib.Path(self.path, "files", name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        os.chmod(self.path, 0o755)
        pathlib.Path(self.path, "conf").write_text(NGINX.format(path=self.path, port=port), "utf-8")
        self.process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-p", self.path, "-c",
                                         f"{self.path}/conf"], stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.path, ignore_errors=True)


def tag_of(base, path):
    said = subprocess.run(["curl", "-sD-", "-o", "/dev/null", base + path], check=True, stdout=subprocess.PIPE, text=True).stdout
    return re.search(r"(?im)^etag: (.*?)\r?$", said)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=".", help="the build directory")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5, help="medians of so many, in turns")
    parser.add_argument("--port", type=int, default=18099, help="nginx's")
    parser.add_argument("--json", action="store_true", help="one object a line")
    options = parser.parse_args()
    install()
    content = bytes(range(32, 96)) * 16                 # 1 KiB, as text
    with Blog(options.build, limits=LIMITS, files={"page.txt": content, "index.html": b"<!doctype html>x"},
              edit=lambda text: text.replace("query = query.posts\n", "query = query.posts\n    cache = revalidate\n")) as blog:
        for _ in range(8):
            blog.publish()
        bridge = f"http://127.0.0.1:{blog.port}"
        answer = subprocess.run(["curl", "-s", f"{bridge}/api/posts"], check=True, stdout=subprocess.PIPE).stdout
        nginx = Nginx({"page.txt": content, "posts.json": answer}, options.port)
        base = f"http://127.0.0.1:{options.port}"
        try:
            until("nginx to listen", lambda: subprocess.run(["curl", "-sf", "-o", "/dev/null", f"{base}/page.txt"],
                                                            check=False).returncode == 0)
            works = (
                ("file of 1 KiB", "/page.txt", "/page.txt", {}, {}),
                ("the same, 304", "/page.txt", "/page.txt", {"If-None-Match": tag_of(bridge, "/page.txt")},
                 {"If-None-Match": tag_of(base, "/page.txt")}),
                (f"query of {len(answer)} B; nginx: a file", "/api/posts", "/posts.json", {}, {}),
            )
            if not options.json:
                load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
                print(f"load averages at the start: {load}; {os.cpu_count()} processors\n"
                      f"{'work':42} conns {'souk /s':>9} {'p50 ms':>7} {'p99 ms':>7} {'nginx /s':>9} {'p50 ms':>7}"
                      f" {'p99 ms':>7} {'times':>6}")
            for name, own, other, own_headers, other_headers in works:
                for connections in options.connections:
                    rounds = [(ask(bridge + own, connections, options.seconds, own_headers),
                               ask(base + other, connections, options.seconds, other_headers))
                              for _ in range(options.rounds)]
                    souk = [statistics.median(one[0][part] for one in rounds) for part in range(3)]
                    peer = [statistics.median(one[1][part] for one in rounds) for part in range(3)]
                    if options.json:
                        print(json.dumps({"work": name, "connections": connections, "souk": souk, "nginx": peer}))
                    else:
                        print(f"{name:42} {connections:5} {souk[0]:9.0f} {souk[1]:7.2f} {souk[2]:7.2f} {peer[0]:9.0f}"
                              f" {peer[1]:7.2f} {peer[2]:7.2f} {souk[0] / peer[0]:6.2f}", flush=True)
        finally:
            nginx.stop()


if __name__ == "__main__":
    main()
