#!/bin/sh
# souk as it is called, as far as nothing has to run: what it prints, what it
# writes, how it exits.
# shellcheck disable=SC2016 # the backquotes are in what is said
set -u
program=$PWD/souk
srcdir=$(cd "${srcdir:-.}" && pwd)
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
unset SOUK_TOPOLOGY
LC_ALL=C
export LC_ALL
count=0
failed=0

# say NAME: report on the command before it.
say()
{
    status=$?
    count=$((count + 1))
    if [ $status -eq 0 ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        sed 's/^/# /' "$scratch/out" "$scratch/err"
        failed=1
    fi
}

# exits STATUS COMMAND...: whether the command ends with that status.
exits()
{
    meant=$1
    shift
    "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    [ $? -eq "$meant" ]
}

# prints FILE: whether the last command printed what stands on the standard input to FILE, out or err.
prints()
{
    cat >"$scratch/meant"
    diff "$scratch/meant" "$scratch/$1" >"$scratch/diff"
}

echo 1..41
cd "$scratch" || exit 99

# ---- the command itself

exits 0 "$program" --help && grep -q '^  check  ' out
say "help names the subcommands"
exits 64 "$program" && [ ! -s out ]
say "no subcommand is a wrong command line"
exits 64 "$program" chek && grep -q 'did you mean `check`' err
say "another word is a wrong command line, with a guess"
exits 0 "$program" --version && grep -q '^souk [0-9]' out
say "it has a version"
exits 64 "$program" check && grep -q 'which topology' err
say "check wants a topology"
exits 66 "$program" check none.zpl && echo 'none.zpl: No such file or directory' | prints err
say "a topology that is not there is no input"

# ---- init

exits 0 "$program" init "$scratch/book-shop/" && [ -f book-shop/topology.zpl ] &&
    grep -q '^system = book-shop$' book-shop/topology.zpl
say "init makes a directory, and a system of its name"
[ "$(wc -l <book-shop/guestbook.c)" -le 60 ]
say "a whole service has at most 60 lines"
exits 73 "$program" init book-shop && grep -q 'topology.zpl is there already' err
say "init writes over nothing"
exits 0 "$program" init --json "UP" && grep -q '"system":"guestbook"' out
say "a directory whose name is no name makes a guestbook"
exits 64 "$program" init
say "init wants a directory"
(cd book-shop && exits 0 "$program" check) && prints out <<'END'
NAME        WHAT                              AT
guestbook   Who was here.                     local
`-guestbook stream                            
es1         event store, records every stream local

END
grep -q '^book-shop fits together: 1 service, 1 event store, 1 stream, 4 messages, 1 host; fingerprint ' out
say "what init makes fits together, and topology.zpl is found by itself"

# ---- check

blog=$srcdir/topology/blog.zpl
exits 0 "$program" check "$blog" && grep -q '^blog fits together: 4 services' out
say "the blog fits together"
exits 0 env SOUK_TOPOLOGY="$blog" "$program" check --dot && prints out <<'END'
digraph "blog" {
    rankdir = LR;
    node [shape = box, style = rounded];
    "comments";
    "es1" [shape = cylinder, style = solid];
    "moderation";
    "posts";
    "query";
    "moderation" -> "comments" [label = "moderation"];
    "posts" -> "comments" [label = "posts"];
    "comments" -> "moderation" [label = "comments.internal"];
    "comments" -> "query" [label = "comments"];
    "posts" -> "query" [label = "posts"];
}
END
say "a graph for dot, of what SOUK_TOPOLOGY names"
exits 0 "$program" check --json "$blog" && python3 - out <<'END'
import json, sys
answer = json.load(open(sys.argv[1]))
assert answer["good"] is True and answer["errors"] == []
assert [service["name"] for service in answer["topology"]["services"]] == ["comments", "moderation", "posts", "query"]
assert answer["topology"]["services"][0]["streams"][1] == {"name": "comments.internal", "private": False,
                                                           "followers": ["moderation"]}
END
say "the same as JSON"

mkdir system
cp "$srcdir/examples/blog/blog.messages.zpl" "$srcdir/examples/blog/blog.routes.zpl" system/
exits 0 "$program" check -t "$srcdir/topology/shop.zpl" && grep -q '^shop fits together' out
say "the shop fits together"
sed -n 's|^#\(    messages = .*\)|\1|p; s|^#\(service = recommendations\)|\1|p' "$srcdir/topology/shop.zpl" >lines
sed "s|\.\./services/|$srcdir/services/|; s|^#\(    messages = \)|\1|; /^#service = recommendations/,/^\$/s|^#||" \
    "$srcdir/topology/shop.zpl" >system/added.zpl
exits 0 "$program" check system/added.zpl && test "$(wc -l <lines)" -eq 2 && grep -q '^recommendations ' out
say "so it does with the service that is added later, and its messages"
sed 's|^    messages = .*/shop.messages.zpl||; /^client = bridge/,$d' system/added.zpl >system/alone.zpl
exits 78 "$program" check system/alone.zpl && grep -q 'suggestions.messages.zpl: row `suggested_product` is of stream' err &&
    grep -q '`catalog`, which no `messages` of the topology describes' err
say "a stream that fills a table is described by somebody"
sed 's|\.\./examples/blog/||' "$blog" >system/blog.zpl
sed '/follow = moderation/d' system/blog.zpl >system/deaf.zpl
exits 78 "$program" check system/deaf.zpl && grep -v '^note:' err >err2 && mv err2 err && prints err <<'END'
system/deaf.zpl:17: service `comments` has to follow `moderation`: its event `comments.judged` follows from `moderation.judged`
system/deaf.zpl:17: service `comments` has to follow `moderation`: its event `comment.updated` follows from `moderation.judged`
END
say "who writes an event follows what it follows from"
sed 's/stream = posts/stream = post/; s/follow = posts/follow = post/' system/blog.zpl >system/odd.zpl
exits 78 "$program" check system/odd.zpl && grep -q \
    'odd.zpl:11: stream `post` of service `posts` is not described; did you mean `posts`?' err
say "what is written is described"
sed 's/    stream = moderation/&\n        private = yes/; /follow = moderation/d' system/blog.zpl >system/shy.zpl
exits 78 "$program" check system/shy.zpl && grep -q \
    'shy.zpl:24: stream `moderation` of service `moderation` is private here, and is not by its description' err
say "private is private for everybody"
sed "s|\.\./services/|$srcdir/services/|; s|^    program = souk-orders|&\n    settings\n        pay_ms = 999\n        hold_mz = 3|;\
    s|^    program = souk-cards|&\n    settings\n        hold_ms = 1000|" "$srcdir/topology/shop.zpl" >system/set.zpl
exits 78 "$program" check system/set.zpl && grep -v '^note:' err >err2 && mv err2 err && prints err <<'END'
system/set.zpl:105: `hold_ms`: service `cards` has no settings
system/set.zpl:45: `pay_ms`: a number from 1000 to 86400000 is meant, not 999 (an order that is not paid and taken by then is cancelled)
system/set.zpl:46: service `orders` has no setting `hold_mz`; did you mean `hold_ms`?
END
say "a setting is one of the service, and within its bounds"
sed 's/= 999/= 1000/; /hold_m/d; /souk-cards/{n;d}' system/set.zpl >system/paid.zpl
sed 's/= 1000/= 5000/' system/paid.zpl >system/paid2.zpl
exits 0 "$program" check system/paid2.zpl --against system/paid.zpl &&
    grep -q '^service orders: settings pay_ms was 1000, is 5000$' out && ! grep -q '^restart' out
say "another value of a setting needs no restart"
{ cat system/blog.zpl; printf 'client = web\n    call = posts\n        command = posts.publsh\n'; } >system/web.zpl
exits 78 "$program" check system/web.zpl &&
    grep -q 'web.zpl: `web` may send `posts.publsh`, which is not described' err
say "what somebody may send is described"
sed 's/blog.routes/odd.routes/; s/^    query = query/    query = posts/' system/blog.zpl >system/bridge.zpl
sed 's/query.post$/query.pots/' system/blog.routes.zpl >system/odd.routes.zpl
exits 78 "$program" check system/bridge.zpl && grep -v '^note:' err | sed 's|^.*/system/|system/|' >err2 &&
    mv err2 err && prints err <<'END'
system/odd.routes.zpl:16: `client = bridge` may not send `query.posts`: the topology has no `query = query` below it that says so
system/odd.routes.zpl:19: no query `query.pots` is described; did you mean `query.posts`?
END
say "what a bridge sends is described, and it may"
printf 'system = x\n    run = y\n    limitz\nservice = a\n    folow = b\n' >system/bad.zpl
exits 78 "$program" check system/bad.zpl && prints err <<'END'
system/bad.zpl: `event_store` is missing
system/bad.zpl:1: no event store is left that is not lost
system/bad.zpl:3: `limitz` is not known here; did you mean `limits`?
system/bad.zpl:4: `program` is missing below `service = a`
system/bad.zpl:5: `folow` is not known here; did you mean `follow`?
END
say "everything that is wrong is said at once"

# ---- parked

exits 64 "$program" parked park && grep -q 'list, show, retry or discard is meant' err
say "parked knows what it can do"
exits 64 "$program" parked retry && grep -q 'one event is meant' err
say "a retry wants an event"
exits 64 "$program" parked discard letters/2 && grep -q 'why? Say it with --why' err
say "a discard wants a reason"
reason=$(printf '%0201d' 0)
exits 64 "$program" parked discard letters/2 --why "$reason" && grep -q 'a reason of 1 to 200 bytes' err &&
    exits 65 "$program" parked discard letters --why "${reason#0}" -t "$blog" --service nobody
say "a reason has a limit"
exits 65 "$program" parked list qery -t "$blog" && grep -q 'no service `qery`; did you mean `query`?' err
say "parked names the nearest service"
exits 64 "$program" parked show comments -t "$blog" && grep -q 'STREAM/NUMBER or STREAM/EPOCH/NUMBER, not comments' err
say "an event has a stream and a number"

exits 65 "$program" consumers -s comment -t "$blog" && grep -q 'has no stream `comment`' err &&
    exits 65 "$program" consumers nobody -t "$blog" && grep -q 'no service or event store `nobody`' err
say "consumers are of streams and nodes that there are"

exits 64 "$program" top -t "$blog" && grep -q 'this is no terminal; --once' err &&
    exits 64 "$program" top --once --sort cpu && grep -q 'there is no column cpu' err &&
    exits 64 "$program" top --once --interval 99 && exits 64 "$program" top --once --interval 60001
say "top wants a terminal, a column that there is, and a second or so"

# Numbers that do not fit are not cut to what fits.
taken=
for wrong in 0 -1 1x 86400001 4294967297 18446744073709551617 ''; do
    exits 64 "$program" status -t "$blog" --deadline "$wrong" || taken="$taken status:$wrong"
    grep -q -e "--deadline: a number from 1 to 86400000 is meant, not $wrong" err || taken="$taken said:$wrong"
    exits 64 "$program" call -t "$blog" posts posts.publish '{}' --deadline "$wrong" || taken="$taken call:$wrong"
done
[ -z "$taken" ]
say "a deadline is a number of milliseconds"
exits 64 "$program" tail -t "$blog" posts --count 0 && exits 64 "$program" tail -t "$blog" posts --count 18446744073709551616 &&
    exits 64 "$program" log -t "$blog" --limit 18446744073709551616 &&
    grep -q -e '--limit: a number from 0 on is meant, not 18446744073709551616' err
say "counts of events are numbers"
exits 64 "$program" doctor blog && grep -q 'nothing more is meant' err &&
    exits 64 "$program" doctor --deadline 0 && exits 66 "$program" doctor -t none.zpl
say "a doctor wants a topology, and nothing more"

# ---- check --against

sed '/text = text 2000$/d' system/blog.messages.zpl >system/less.messages.zpl
sed 's/blog.messages/less.messages/; s/about = Records/about = Keeps/' system/blog.zpl >system/less.zpl
exits 78 "$program" check system/less.zpl --against system/blog.zpl && grep -q '^breaks: ' err
say "a message that cannot be read any more is a break"
sed 's/    program = blog-query/&\n    limits\n        hold_ms = 5/; s/system = blog/&\n    log_level = warn/' \
    system/blog.zpl >system/live.zpl
exits 0 "$program" check system/live.zpl --against system/blog.zpl &&
    grep -q '^service query: limits hold_ms was 30000, is 5$' out && ! grep -q '^restart' out
say "what a daemon takes over needs no restart"
sed 's/^#\(service = regulars\)/\1/; s/^#\(    [afp][a-z]* = \)/\1/' system/blog.zpl >system/more.zpl
exits 0 "$program" check system/more.zpl --against system/blog.zpl && grep -q '^start regulars$' out &&
    grep -q '^service regulars is new$' out && ! grep -q '^restart' out
say "a new follower starts, and everybody else goes on"
sed 's/    stream = moderation//; s/    stream = comments$/&\n    stream = moderation/; /follow = moderation/d' \
    system/blog.zpl >system/moved.zpl
exits 78 "$program" check system/moved.zpl --against system/blog.zpl && grep -q \
    'breaks: stream `moderation` is written by `comments` instead of `moderation`' err
say "another writer is a break"

exit $failed
