#!/bin/sh
# Last step on the new root in folder $1, run by mmdebstrap: prune the kernel's modules, make the initrd, take away
# whatever is of the building machine or would be the same on every appliance. $2 is the folder of this script's inputs.
set -eu
root=$1
inputs=$2

# Hardware that no vRouter has, and file systems that none mounts. What stays: storage, wired network, virtio, IPMI,
# vfio and uio, RDMA (DPDK drives some ports through it), tunnels, and consoles by the firmware's frame buffer.
modules=$(echo "$root"/usr/lib/modules/*)
release=${modules##*/}
for path in \
    arch/x86/kvm drivers/accessibility drivers/atm drivers/bluetooth drivers/comedi drivers/firewire drivers/gpu drivers/iio \
    drivers/input/gameport drivers/input/joystick drivers/input/tablet drivers/input/touchscreen drivers/input/misc \
    drivers/isdn drivers/leds drivers/media drivers/memstick drivers/mmc drivers/mtd drivers/net/arcnet \
    drivers/net/can drivers/net/fddi drivers/net/hamradio drivers/net/ieee802154 drivers/net/slip drivers/net/wan \
    drivers/net/wireless drivers/net/wwan drivers/nfc drivers/parport drivers/pcmcia drivers/platform \
    drivers/soundwire drivers/ssb drivers/bcma drivers/staging drivers/target drivers/thunderbolt drivers/tty/serial/jsm \
    drivers/usb/atm drivers/usb/gadget drivers/usb/image drivers/usb/misc drivers/video drivers/w1 drivers/xen \
    fs/9p fs/adfs fs/affs fs/afs fs/befs fs/bfs fs/btrfs fs/cachefiles fs/ceph fs/coda fs/dlm fs/ecryptfs fs/efs \
    fs/erofs fs/exfat fs/f2fs fs/freevxfs fs/fscache fs/gfs2 fs/hfs fs/hfsplus fs/hpfs fs/jffs2 fs/jfs fs/lockd fs/minix \
    fs/netfs fs/nfs fs/nfs_common fs/nfsd fs/nilfs2 fs/ntfs fs/ntfs3 fs/ocfs2 fs/omfs fs/orangefs fs/qnx4 fs/qnx6 fs/quota \
    fs/reiserfs fs/romfs fs/smb fs/sysv fs/ubifs fs/udf fs/ufs fs/xfs fs/zonefs \
    net/6lowpan net/9p net/appletalk net/atm net/ax25 net/batman-adv net/bluetooth net/can net/ceph net/dccp net/ieee802154 \
    net/lapb net/mac80211 net/mac802154 net/netrom net/nfc net/phonet net/rds net/rfkill net/rose net/rxrpc net/sunrpc \
    net/tipc net/wireless net/x25 sound; do
    rm -rf "$modules/kernel/$path"
done
rm -f "$modules"/kernel/lib/test_*.ko
chroot "$root" depmod "$release"

# The initrd, made once: the kernel package was told to make none (INITRD=No in the environment).
install -D -m 0644 "$inputs/initramfs/initramfs.conf" "$root/etc/initramfs-tools/initramfs.conf"
install -D -m 0644 "$inputs/initramfs/modules" "$root/etc/initramfs-tools/modules"
install -D -m 0755 "$inputs/initramfs/hook" "$root/etc/initramfs-tools/hooks/daybreak"
chroot "$root" mkinitramfs -o "/boot/initrd.img-$release" "$release"

# Debian's packages compile Python for sources that are read and hashed at each import where SOURCE_DATE_EPOCH is set. The
# time of a source, which the image keeps, says as much for one look.
chroot "$root" sh -c 'find / -xdev -name "*.cpython-*.pyc" | sort |
    sed "s|__pycache__/\(.*\)\.cpython-[0-9]*\.pyc$|\1.py|" |
    python3 -m compileall -q -f --invalidation-mode timestamp -i -'

# Whose members may ask the data plane; the package that needs it has no maintainer script that could make it.
chroot "$root" groupadd --system daybreak

# The router's command line may be a login shell (chsh, sftp and cloud-init ask for this list); the same holds for it.
chroot "$root" add-shell /usr/bin/vrouter

# Identity is made per machine, on its first boot.
: >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_* "$root"/var/lib/dbus/machine-id "$root"/var/lib/systemd/random-seed \
    "$root"/var/lib/systemd/credential.secret

# Traces of the build. Without package lists and sources apt does nothing: an appliance is upgraded as one image.
rm -f "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/etc/apt/sources.list "$root"/etc/hostname "$root"/etc/resolv.conf \
    "$root"/var/cache/ldconfig/aux-cache "$root"/var/lib/dpkg/*-old "$root"/var/cache/debconf/*-old \
    "$root"/etc/passwd- "$root"/etc/group- "$root"/etc/shadow- "$root"/etc/gshadow-
ln -s ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
find "$root/var/log" "$root/var/cache/apt" "$root/var/lib/apt/lists" "$root/tmp" "$root/run" -type f -delete
