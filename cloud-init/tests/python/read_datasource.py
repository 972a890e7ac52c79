"""Reads a datasource with cloud-init's own code and prints what it understood as one JSON line.

read_datasource.py cidata FILE      a NoCloud medium, read as a seed folder
read_datasource.py drive FILE       a config drive, as DataSourceConfigDrive reads it
read_datasource.py openstack URL    OpenStack's metadata service, as DataSourceOpenStack does
read_datasource.py ec2 URL          EC2's, as DataSourceEc2 does on AWS: with a token (IMDSv2)
"""
import json
import subprocess
import sys
import tempfile
import time

from cloudinit import helpers, util
from cloudinit.sources import DataSourceEc2 as ec2
from cloudinit.sources.helpers import openstack

how, where = sys.argv[1], sys.argv[2]


def text(data):
    return data.decode() if isinstance(data, bytes) else data


def network(found):
    # The names that a matching card of this machine would have.
    macs = {link.get("ethernet_mac_address"): f"nic{n}" for n, link in enumerate((found or {}).get("links", []))}
    return openstack.convert_net_json(found, known_macs=macs) if found else None


def of_openstack(reader):
    found = reader.read_v2()
    return {
        "instance_id": found["metadata"]["instance-id"],
        "hostname": found["metadata"]["local-hostname"],
        "keys": sorted(found["metadata"]["public_keys"].values()),
        "user": text(found["userdata"]),
        "vendor": found.get("vendordata"),
        "network": network(found.get("networkdata")),
    }


def of_ec2(paths):
    source = ec2.DataSourceEc2({"datasource": {"Ec2": {"metadata_urls": [where], "max_wait": 5}}}, None, paths)
    source._cloud_name = ec2.CloudNames.AWS
    crawled = source.crawl_metadata()
    assert crawled, "cloud-init found no EC2 metadata"
    assert source._api_token, "read without a token"
    meta = crawled["meta-data"]
    macs = {mac: f"nic{n}" for n, mac in enumerate(meta["network"]["interfaces"]["macs"])}
    return {
        "instance_id": meta["instance-id"],
        "hostname": meta["local-hostname"],
        "keys": sorted(meta.get("public-keys", {}).values()),
        "user": text(crawled["user-data"]),
        "identity": crawled["dynamic"]["instance-identity"]["document"]["instanceId"],
        "network": ec2.convert_ec2_metadata_network_config(meta["network"], macs_to_nics=macs),
    }


def of_folder(folder):
    found = util.pathprefix2dict(folder, required=["user-data", "meta-data"], optional=["network-config"])
    meta = util.load_yaml(found["meta-data"])
    return {
        "instance_id": meta["instance-id"],
        "hostname": meta["local-hostname"],
        "user": text(found["user-data"]),
        "network": util.load_yaml(found["network-config"]),
    }


with tempfile.TemporaryDirectory() as scratch:
    begin = time.monotonic()
    if how in ("drive", "cidata"):
        # The kernel of a test machine may have no ISO 9660; libarchive reads it by its Rock Ridge names, as the kernel does.
        subprocess.run(["bsdtar", "-xf", where, "-C", scratch], check=True)
        label = subprocess.run(
            ["blkid", "-p", "-o", "value", "-s", "LABEL", where], check=True, capture_output=True, text=True
        ).stdout.strip()
        result = of_folder(scratch) if how == "cidata" else of_openstack(openstack.ConfigDriveReader(scratch))
        result["label"] = label
    elif how == "openstack":
        result = of_openstack(openstack.MetadataReader(where, ssl_details={}, timeout=5, retries=0))
    else:
        result = of_ec2(helpers.Paths({"cloud_dir": scratch, "run_dir": scratch}))
    result["seconds"] = time.monotonic() - begin
    print(json.dumps(result))
