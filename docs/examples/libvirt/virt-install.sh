#!/bin/sh
# The same machine by virt-install. Needs vr1.qcow2 (a copy of the image) and the seed in libvirt's folder of images:
#     daybreak seed iso --day1 ../vr1.yaml --to vr1.iso
# More arguments are passed on.
set -eu
exec virt-install --name vr1 --memory 2048 --vcpus 2 --cpu host-passthrough --machine q35 --boot uefi \
    --osinfo debian11 --import --noautoconsole --graphics none --rng /dev/urandom \
    --disk "${IMAGES:-/var/lib/libvirt/images}/vr1.qcow2,format=qcow2,bus=virtio,discard=unmap" \
    --disk "${IMAGES:-/var/lib/libvirt/images}/vr1.iso,format=raw,device=cdrom,bus=sata,readonly=on" \
    --network network=default,mac=52:54:00:12:34:01,model=virtio \
    --network bridge=br-left,mac=52:54:00:12:34:02,model=virtio,driver.queues=2 \
    --network bridge=br-right,mac=52:54:00:12:34:03,model=virtio,driver.queues=2 "$@"
