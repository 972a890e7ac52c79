#!/bin/sh
# One router under plain QEMU, with UEFI, on this machine. Needs qemu-system-x86, ovmf, vrouter.qcow2 and vr1.iso in this folder:
#     daybreak seed iso --day1 cloud.yaml --to vr1.iso
# The first NIC is for management (ssh -p 2222 admin@127.0.0.1; NETCONF: port 8300), the second for the data plane.
# More arguments are passed on.
set -eu
[ -e vr1-vars.fd ] || cp /usr/share/OVMF/OVMF_VARS_4M.fd vr1-vars.fd
[ -e vr1.qcow2 ] || qemu-img create -q -f qcow2 -b vrouter.qcow2 -F qcow2 vr1.qcow2 16G
exec qemu-system-x86_64 -name vr1 -machine "q35,accel=${ACCEL:-kvm:tcg}" -cpu "${CPU:-max}" -smp 2 -m 2048 \
    -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
    -drive if=pflash,unit=1,format=raw,file=vr1-vars.fd \
    -drive file=vr1.qcow2,if=virtio,discard=unmap \
    -drive file=vr1.iso,media=cdrom,readonly=on \
    -nic user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=tcp:127.0.0.1:8300-:830 \
    -nic user,model=virtio-net-pci,restrict=on \
    -device virtio-rng-pci -nographic "$@"
