#!/bin/sh
# Runs the Blender of a root folder: blender-in-root.sh ROOT none|xvfb FOLDER... -- PROGRAM ARGUMENT...
# Each FOLDER has the same path inside the root folder. PROGRAM is ignored: it is the first word of the caller's
# command, and the root folder's own Blender runs instead. This process becomes that Blender, so signals reach it and
# the exit status is its own.
set -eu

# The mounts are in a namespace of this process and its children, so they disappear when these end, even if killed.
if [ "${RENDERFARM_ROOT_NAMESPACE-}" != "$1" ]; then
  RENDERFARM_ROOT_NAMESPACE=$1 exec unshare --mount --propagation private sh "$0" "$@"
fi
unset RENDERFARM_ROOT_NAMESPACE

root=$1 display=$2
shift 2

mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != "--" ]; do
  mkdir -p "$root$1"
  mount --rbind "$1" "$root$1"
  shift
done
shift 2 # the "--" and PROGRAM

PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
if [ "$display" = xvfb ]; then
  mkfifo "$root/tmp/display"
  # It is killed when this process ends, which will be Blender by then.
  setpriv --pdeathsig KILL chroot "$root" Xvfb -displayfd 3 -screen 0 640x480x24 -nolisten tcp \
    3>"$root/tmp/display" </dev/null >"$root/tmp/xvfb.log" 2>&1 &
  read -r number <"$root/tmp/display"
  export DISPLAY=":$number"
fi
exec chroot "$root" /usr/bin/blender "$@"
