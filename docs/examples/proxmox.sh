#!/bin/sh
# One router on Proxmox VE, run on the node. Needs vrouter.qcow2 in this folder, and vr1.iso in a storage for ISO images:
#     daybreak seed iso --day1 vr1.yaml --to /var/lib/vz/template/iso/vr1.iso
# Proxmox' own cloud-init drive is not used: it cannot carry a startup configuration.
set -eu
id=${ID:-901}
storage=${STORAGE:-local-lvm}
qm create "$id" --name vr1 --ostype l26 --machine q35 --bios ovmf --efidisk0 "$storage:0,efitype=4m,pre-enrolled-keys=0" \
    --cpu host --cores 2 --memory 2048 --balloon 0 --rng0 source=/dev/urandom --serial0 socket --vga serial0 \
    --scsihw virtio-scsi-single \
    --net0 virtio=52:54:00:12:34:01,bridge=vmbr0 \
    --net1 virtio=52:54:00:12:34:02,bridge=vmbr1,queues=2,firewall=0 \
    --net2 virtio=52:54:00:12:34:03,bridge=vmbr2,queues=2,firewall=0
qm set "$id" --virtio0 "$storage:0,import-from=$(realpath vrouter.qcow2),discard=on"
qm set "$id" --ide2 local:iso/vr1.iso,media=cdrom --boot order=virtio0
qm start "$id"
