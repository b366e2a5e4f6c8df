#!/bin/sh
# Gets the peers that the benches compare with and the load generators; does nothing when they are there.
# moto comes with requirements.txt.
# multimux is built once into .cache/multimux (without --locked: its own lock file
# names a version that was withdrawn). nginx and its RTMP module come from Debian.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)

if [ -z "${MULTIMUX:-}" ] && ! command -v multimux >/dev/null && [ ! -x "$root/.cache/multimux/bin/multimux" ]; then
    cargo install multimux-cli --version 0.12.0 --root "$root/.cache/multimux"
fi
if [ ! -e /usr/lib/nginx/modules/ngx_rtmp_module.so ]; then
    apt-get install -y --no-install-recommends nginx libnginx-mod-rtmp ||
        echo "nginx-rtmp is left out of the comparison: install nginx and libnginx-mod-rtmp" >&2
fi
if ! command -v wrk >/dev/null; then
    apt-get install -y --no-install-recommends wrk || echo "the API bench needs Debian's wrk" >&2
fi
if [ ! -x /usr/sbin/nats-server ] && ! command -v nats-server >/dev/null; then
    apt-get install -y --no-install-recommends nats-server || echo "nats-server is left out of the comparison" >&2
fi
if [ ! -e "$root/benches/chat/peers/node_modules/.package-lock.json" ]; then
    (cd "$root/benches/chat/peers" && npm ci --silent --no-audit --no-fund) ||
        echo "bun and ws are left out of the comparison" >&2
fi
cargo build --release --quiet --locked --manifest-path "$root/benches/chat/Cargo.toml" --target-dir "$root/target/chat-bench"
cargo build --release --quiet --locked --manifest-path "$root/benches/playback/Cargo.toml" --target-dir "$root/target/playback-bench"
