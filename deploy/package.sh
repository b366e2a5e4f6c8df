#!/usr/bin/env bash
# Makes what is handed out of a built binary: a Debian package and an archive, each with the manual, completions, the
# systemd unit and every licence.
#
#   deploy/package.sh [binary] [folder]      target/release/rillcast, target/dist
#
# Promise: the same binary and commit give the same packages, bit for bit; debugging symbols are beside, not inside.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-target/release/rillcast} out=${2:-target/dist}
# 1 packs fast, for tests.
effort=${PACKAGE_EFFORT:-9}

version=$("$binary" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)
# Times in archives are the commit's, else the day of the packing would be in them.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
name=rillcast-$version-linux-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# --- the tree that both hold ---------------------------------------------------------------------------
tree=$work/rillcast
install -Dm755 "$binary" "$tree/usr/bin/rillcast"
objcopy --only-keep-debug --compress-debug-sections "$tree/usr/bin/rillcast" "$out/rillcast-$version-$architecture.debug"
strip --strip-unneeded --remove-section=.comment "$tree/usr/bin/rillcast"
install -Dm644 deploy/systemd/rillcast.service "$tree/lib/systemd/system/rillcast.service"
install -Dm644 deploy/debian/rillcast.toml "$tree/etc/rillcast/rillcast.toml"
document=$tree/usr/share/doc/rillcast
install -Dm644 deploy/debian/copyright "$document/copyright"
install -Dm644 config/full.toml "$document/full.toml"
deploy/licences.py > "$document/THIRD-PARTY.txt"
gzip -9n < CHANGELOG.md > "$document/NEWS.gz"
mkdir -p "$tree/usr/share/man/man1"
"$binary" man "$tree/usr/share/man/man1" >/dev/null
gzip -9n "$tree"/usr/share/man/man1/*.1
completion() { mkdir -p "$(dirname "$tree/$2")" && "$binary" completions "$1" > "$tree/$2"; }
completion bash usr/share/bash-completion/completions/rillcast
completion zsh usr/share/zsh/vendor-completions/_rillcast
completion fish usr/share/fish/vendor_completions.d/rillcast.fish
find "$tree" -type d -exec chmod 755 {} +
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

# --- the archive ----------------------------------------------------------------------------------------
pack() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$work" -c "$1" | gzip -n"$effort"; }
mkdir "$work/$name"
cp -r "$tree/usr/bin/rillcast" "$tree/usr/share" deploy/systemd/rillcast.service LICENSE README.md "$work/$name"
cp config/full.toml "$work/$name/rillcast.toml"
pack "$name" > "$out/$name.tar.gz"

# --- the Debian package -----------------------------------------------------------------------------------
mkdir -p "$tree/DEBIAN"
install -m755 deploy/debian/{postinst,prerm,postrm} "$tree/DEBIAN"
echo /etc/rillcast/rillcast.toml > "$tree/DEBIAN/conffiles"
# dpkg-shlibdeps reads the libraries' minimal versions off the binary; it wants a source package's control file.
mkdir "$work/debian" && echo "Source: rillcast" > "$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O -e"$tree/usr/bin/rillcast" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
cat > "$tree/DEBIAN/control" <<CONTROL
Package: rillcast
Version: $version
Architecture: $architecture
Maintainer: The Rillcast authors <rillcast@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: adduser, $libraries
Recommends: ffmpeg, ca-certificates
Suggests: postgresql, nats-server
Section: video
Priority: optional
Description: self-hosted live video and chat that speak the wire of Amazon IVS
 Channels, RTMP ingest, a transcoding ladder by ffmpeg, low-latency HLS,
 recording, private channels and chat rooms behind the APIs of Amazon IVS and
 Amazon IVS Chat, in one binary with one data folder.
CONTROL
(cd "$tree" && find usr lib -type f -exec md5sum {} + | sort -k2 > DEBIAN/md5sums)
find "$tree/DEBIAN" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz -z"$effort" --build "$tree" "$out/rillcast_${version}_$architecture.deb" >/dev/null

(cd "$out" && sha256sum "$name.tar.gz" "rillcast_${version}_$architecture.deb" > SHA256SUMS)
ls -l "$out"
