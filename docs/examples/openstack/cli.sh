#!/bin/sh
# One router by OpenStack's client. Before, once for each cloud:
#     daybreak image publish glance build/vrouter --cloud lab
# user-data is the Day-1 data of ../cloud.yaml; the machine reads it from the metadata service, or from a config drive
# with --config-drive true.
set -eu
image=${IMAGE:-vrouter-0.1.0}
here=$(dirname "$0")
openstack flavor show vrouter >/dev/null 2>&1 ||
    openstack flavor create vrouter --vcpus 2 --ram 2048 --disk 8 --property hw:cpu_policy=dedicated \
        --property hw:mem_page_size=large
# A router's packets come from and go to addresses that are not its own: no port security on the data plane.
for side in left right; do
    openstack port show "vr1-$side" >/dev/null 2>&1 ||
        openstack port create "vr1-$side" --network "$side" --no-security-group --disable-port-security
done
openstack server create vr1 --image "$image" --flavor vrouter --user-data "$here/../user-data" --wait \
    --nic net-id=management --nic port-id=vr1-left --nic port-id=vr1-right
