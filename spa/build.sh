#!/bin/bash
#
# build.sh [--quick] BUILD - make the shop's pages
#
# They come into BUILD/spa/site, and a topology that serves them is BUILD/spa/shop.zpl.
# BUILD is where souk is built; its bridge says what the API is. Needs npm; a Node that is too old gets a newer one
# from npm, for the build alone. What is there and was made of the same sources stays. --quick draws the pictures small.
set -euo pipefail

node_wanted=20.20.2                     # what Debian 12 has is too old for Next
quick=
if [[ ${1:-} == --quick ]]; then
    quick=quick
    shift
fi
if [[ $# -ne 1 || $1 == -* ]]; then
    sed -n '3,9s/^# \{0,1\}//p' "$0"
    [[ ${1:-} == --help ]] && exit 0
    exit 64
fi
source=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$source")
build=$(cd "$1" && pwd)
work=$build/spa/work
site=$build/spa/site
mkdir -p "$work"

# die TEXT: say why, and end.
die() {
    printf 'spa/build.sh: %s\n' "$*" >&2
    exit 69
}

# sources: a hash of all that the pages are made of.
sources() {
    (cd "$root" && find spa services/shop topology/shop.zpl -type f -not -path '*/node_modules/*' \
        -not -path 'spa/.next/*' -not -path 'spa/out/*' -not -path 'spa/public/pictures/*' \
        \( -path 'spa/*' -o -name '*.zpl' \) -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        printf '%s\n' "$quick" "$build") | sha256sum | cut -d' ' -f1
}

# topology ROUTES LISTEN: that of the shop, with another file of routes, so that it can lie anywhere.
topology() {
    sed -e "s#^\( *messages = \)\.\./#\1$root/#" -e "s#^\( *routes = \).*#\1$1#" \
        -e "s#^\( *listen = \).*#\1$2#" "$root/topology/shop.zpl"
}

# describe FILE: have the bridge write what the API is; it needs no service for that.
describe() {
    local log=$work/bridge.log bridge address=
    topology "$root/services/shop/shop.routes.zpl" 127.0.0.1:0 >"$work/api.zpl"
    : >"$log"                           # it is read before the bridge has been started
    "$build/souk-bridge" -t "$work/api.zpl" >"$log" 2>&1 &
    bridge=$!
    for _ in {1..100}; do
        address=$(sed -n 's/.*event=listening address=\([^ ]*\).*/\1/p' "$log")
        [[ -n $address ]] && break
        kill -0 "$bridge" 2>/dev/null || break
        read -rt 0.1 <> <(:) || :
    done
    [[ -n $address ]] || die "the bridge does not start; build souk in $build first. $(tail -1 "$log")"
    node -e 'fetch(process.argv[1]).then((answer) => answer.text()).then((text) => process.stdout.write(text))' \
        "http://$address/api/openapi.json" >"$1"
    kill "$bridge"
    wait "$bridge" || :
}

stamp=$(sources)
if [[ -f $site/index.html && -f $build/spa/stamp && $(<"$build/spa/stamp") == "$stamp" ]]; then
    exit 0
fi

command -v npm >/dev/null || die "npm is needed: apt-get install npm"
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null; then
    if [[ ! -x $build/spa/newer/node_modules/node/bin/node ]]; then
        npm install --no-audit --no-fund --prefix "$build/spa/newer" "node@$node_wanted" >"$work/node.log" 2>&1 \
            || die "Node $node_wanted cannot be had; see $work/node.log"
    fi
    PATH=$build/spa/newer/node_modules/node/bin:$PATH
fi

ln -sf "$(command -v node)" "$build/spa/node"

# The tree of sources stays as it is: everything is made in a copy.
(cd "$source" && find . -type d \( -name node_modules -o -name .next -o -name out -o -path ./public/pictures \) -prune \
    -o -type f -print0 | tar -c --null -T -) >"$work.tar"
find "$work" -mindepth 1 -maxdepth 1 -not -name node_modules -not -name .next -not -name public -not -name locked \
    -exec rm -rf {} +
tar -x -C "$work" -f "$work.tar"
rm "$work.tar"
cd "$work"
if [[ ! -d node_modules ]] || ! cmp -s package-lock.json locked; then
    npm ci --no-audit --no-fund >npm.log 2>&1 || die "npm ci failed; see $work/npm.log"
    cp package-lock.json locked
fi
describe openapi.json
node node_modules/openapi-typescript/bin/cli.js openapi.json -o api/schema.ts >types.log 2>&1 \
    || die "no types for the API; see $work/types.log"
# shellcheck disable=SC2086
node pictures/draw.mjs public/pictures $quick
node fonts/cut.mjs fonts
NEXT_TELEMETRY_DISABLED=1 SPA_BUILD_ID=${stamp:0:16} node node_modules/next/dist/bin/next build >next.log 2>&1 \
    || { tail -40 next.log >&2; die "next build failed; see $work/next.log"; }
node later.mjs out
rm -rf "$site.new"
mv out "$site.new"
rm -rf "$site"
mv "$site.new" "$site"

# The topology that serves them: the shop's own, with files and the pages whose addresses have names in them.
sed "s#^routes = .*#&\n    files = $site\n    unchanging = /_next/static/#" "$root/services/shop/shop.routes.zpl" >"$build/spa/shop.routes.zpl"
cat pages.zpl >>"$build/spa/shop.routes.zpl"
listen=$(sed -n 's/^ *listen = //p' "$root/topology/shop.zpl" | head -1)
topology "$build/spa/shop.routes.zpl" "$listen" >"$build/spa/shop.zpl"
printf '%s\n' "$stamp" >"$build/spa/stamp"
