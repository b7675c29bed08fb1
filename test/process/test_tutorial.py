"""doc/tutorial.md, its commands typed in as they stand."""
import os
import re
import subprocess

from system import WAIT_SECONDS, until
from test_souk import Blog

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../doc/tutorial.md")


def blocks():
    """The commands of the page, block by block."""
    with open(PAGE, encoding="utf-8") as page:
        return re.findall(r"^```sh\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)


def type_in(blog, commands):
    """What they write; None when one of them fails."""
    environment = {**blog.environment, "PATH": os.path.dirname(blog.souk) + ":" + os.environ["PATH"]}
    ended = subprocess.run(["bash", "-eu", "-c", commands], cwd=blog.path, env=environment, capture_output=True,
                           encoding="utf-8", timeout=4 * WAIT_SECONDS, check=False)
    return ended.stdout if ended.returncode == 0 else None


def test_the_tutorial_does_what_it_says(build):
    """Check, up, a post, a comment that is judged and seen, why; and the service that comes a year later."""
    check, comment, regulars = blocks()
    begin, *commands = re.split(r"^(?=souk )", comment, flags=re.MULTILINE)
    publish, submit, query, why = (begin + command for command in commands)
    with Blog(build) as blog:
        first, second = check.splitlines()
        assert type_in(blog, first) is not None
        assert second == "souk up topology/blog.zpl"
        blog.up(blog.topology)
        assert type_in(blog, publish)
        until("comments to know of the post", lambda: type_in(blog, submit))
        until("the comment to be approved", lambda: '"state": "approved"' in (type_in(blog, query) or ""))
        tree = until("the event store to know why", lambda: type_in(blog, why))
        assert re.findall(r" (comments?\.[a-z]+|moderation\.judged) ", tree) \
            == ["comments.written", "moderation.judged", "comment.updated"], tree

        assert blog.down() == 0
        for line in ("service = regulars", "    about = Who has", "    program = blog-regulars", "    follow = comments"):
            blog.edit("#" + line, line)
        blog.nodes = 7
        os.remove(blog.log_path)
        blog.up(blog.topology)
        until("regulars to have read it", lambda: '"comments": 1' in (type_in(blog, regulars) or ""))
