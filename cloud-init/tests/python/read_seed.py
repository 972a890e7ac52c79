"""Reads a seed with cloud-init's own code and prints what it understood as one JSON line.

read_seed.py http URL      as `ds=nocloud-net;s=URL` on the kernel line does
read_seed.py folder PATH   as the seed folder /var/lib/cloud/seed/nocloud does (PATH holds the four files)
read_seed.py seeded URL    util.read_seeded alone
"""
import copy
import json
import os
import sys
import tempfile
import time

how, where = sys.argv[1], sys.argv[2]
# What cloud-init reads instead of /proc/cmdline.
os.environ["DEBUG_PROC_CMDLINE"] = f"quiet ds=nocloud-net;s={where}" if how == "http" else "quiet"

from cloudinit import distros, helpers, util  # noqa: E402
from cloudinit.distros import ug_util  # noqa: E402
from cloudinit.sources import DataSourceNoCloud as nocloud  # noqa: E402
from cloudinit.user_data import UserDataProcessor  # noqa: E402


def text(data):
    return data.decode() if isinstance(data, bytes) else data


if how == "seeded":
    begin = time.monotonic()
    found = util.read_seeded(where, timeout=5)
    seconds = time.monotonic() - begin
    meta, user, vendor = found[:3]
    print(json.dumps({"seconds": seconds, "meta": meta, "user": text(user), "vendor": text(vendor)}))
    sys.exit(0)

with tempfile.TemporaryDirectory() as scratch:
    paths = helpers.Paths({"cloud_dir": scratch, "run_dir": scratch})
    if how == "folder":
        os.makedirs(paths.seed_dir)
        os.symlink(where, os.path.join(paths.seed_dir, "nocloud"))
    kind = nocloud.DataSourceNoCloudNet if how == "http" else nocloud.DataSourceNoCloud
    # No label: the disks of this machine are not its business.
    source = kind({"datasource": {"NoCloud": {"fs_label": None}}}, None, paths)
    begin = time.monotonic()
    ok = source._get_data()
    seconds = time.monotonic() - begin
    assert ok, "cloud-init found no seed"
    config = util.load_yaml(source.userdata_raw)
    distro = distros.fetch("debian")("debian", {}, paths)
    users, _groups = ug_util.normalize_users_groups(copy.deepcopy(config), distro)
    parts = [p.get_content_type() for p in UserDataProcessor(paths).process(source.userdata_raw).walk()]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "instance_id": source.get_instance_id(),
                "hostname": util.get_hostname_fqdn(config, source)[0],
                "meta": source.metadata,
                "config": config,
                "vendor": util.load_yaml(source.vendordata_raw, default={}),
                "network": source.network_config,
                "users": users,
                "default_user": ug_util.extract_default(users)[0],
                "parts": parts,
            }
        )
    )
