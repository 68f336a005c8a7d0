#!/usr/bin/env bash
# A bare Debian in a folder, entered by chroot: the test run and the demonstration there, as on a machine that has nothing yet (root; see docs/debian.md).
#
#   tests/debian/bare.sh trixie [COMMAND]     COMMAND instead of `make test && make demo`, in the last folder if AGAIN=1
#
# Mirrors, proxies, certificates and pip's settings are those of this machine. DEBIAN_ROOM is the folder for it (/var/tmp/eda-agent-debian).
set -euo pipefail

suite=$1
command=${2:-'make test && make demo'}
project=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
folder=${DEBIAN_ROOM:-/var/tmp/eda-agent-debian}/$suite
base=$folder/base
export room=$folder/room
AUTHORITIES=/etc/ssl/certs/ca-certificates.crt

say() { echo "bare.sh: $*" >&2; }

need() {
	[ "$(id -u)" = 0 ] || { say "only root can make and enter a Debian: sudo make debian13"; exit 3; }
	command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null || { say "debootstrap is missing: apt-get install debootstrap"; exit 3; }
}

# the mirror that this machine's own Debian comes from; nothing where it is no Debian: debootstrap knows one
mirror() { apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 2>/dev/null | awk '$2 == "Debian" && $3 == "Debian" {print $1; exit}'; }

# what pip is told here, and the files and folders of this machine that it is told of
settings() { (env; python3 -m pip config list 2>/dev/null || true) | grep -i -E '^(PIP_|global|:env:|install)' || true; }
places() { settings | grep -o -E "(file://)?/[^ ':]+" | sed 's,^file://,,' | while read -r place; do [ ! -d "$place" ] || echo "$place"; done | sort -u; }

make_base() {
	[ ! -e "$base/.made" ] || return 0
	rm -rf "$base"
	mkdir -p "$base"
	say "debootstrap of $suite"
	debootstrap --variant=minbase --include=ca-certificates,git,make "$suite" "$base" $(mirror) >"$folder/debootstrap.log" 2>&1 \
		|| { tail -5 "$folder/debootstrap.log" >&2; say "no Debian could be made; the log is $folder/debootstrap.log"; exit 3; }
	touch "$base/.made"
}

make_room() {
	if [ "${AGAIN:-}" = 1 ] && [ -d "$room/project" ]; then
		git -C "$room/project" fetch -q "$project" HEAD
		git -C "$room/project" reset -q --hard FETCH_HEAD
		return
	fi
	rm -rf "$room"
	cp -a "$base" "$room"
	apt-config dump | grep -i -E '^Acquire::(.*::)?(Proxy|CAInfo)' >"$room/etc/apt/apt.conf.d/99machine" || true
	for file in /etc/pip.conf /etc/xdg/pip; do
		[ ! -e "$file" ] || { mkdir -p "$room$(dirname "$file")"; cp -aL "$file" "$room$file"; }
	done
	git clone -q --no-local "$project" "$room/project"
	say "commit $(git -C "$project" rev-parse --short HEAD) on Debian $(cat "$room/etc/debian_version")"
}

# in a mount and process namespace of its own: nothing stays mounted or running
enter() {
	cp -L /etc/resolv.conf /etc/hosts "$room/etc/"
	mkdir -p "$folder/cache" "$room/root/.cache"
	shared=$(places)
	export shared folder AUTHORITIES
	unshare --mount --pid --fork --kill-child --mount-proc="$room/proc" bash -euc '
		mount --rbind /dev "$room/dev"
		mount --bind "$folder/cache" "$room/root/.cache"
		for place in $shared; do mkdir -p "$room$place"; mount --bind "$place" "$room$place"; done
		[ ! -e "$AUTHORITIES" ] || mount --bind "$AUTHORITIES" "$room$AUTHORITIES"
		exec chroot "$room" env -u PYENV_ROOT -u VIRTUAL_ENV -u PYTHONPATH -u XDG_CACHE_HOME HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			bash -euc "cd /project; $0"
	' "$1"
}

need
make_base
make_room
enter "$command"
