#!/bin/sh
# Makes a Debian system with a Blender in a folder: make-root.sh SUITE FOLDER MIRROR PACKAGE...
# To be run in a mount namespace of its own (`unshare --mount`): what is mounted here is gone with the last process.
set -eu
suite=$1 root=$2 mirror=$3
shift 3

export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
debootstrap --variant=minbase "$suite" "$root" "$mirror"

# A folder that is only a test's need not survive a power cut, and starts no services.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
chroot "$root" apt-get install -y --no-install-recommends -o Acquire::Retries=3 "$@"
chroot "$root" apt-get clean
rm -rf "$root"/var/lib/apt/lists/*
