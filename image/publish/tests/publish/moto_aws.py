"""A cloud to publish to, and another program's view of what is in it.

moto_aws.py serve FOLDER [CERT KEY]    moto's server on loopback; prints `ready URL`; ends when its standard input does
moto_aws.py user URL                   makes a user with full rights and one without any, demands signatures from then on;
                                       prints their keys as JSON
moto_aws.py snapshot URL ID DISK       reads the snapshot by boto3 and compares it with the disk
moto_aws.py state URL ID               prints the state of the snapshot
moto_aws.py image URL ID               prints what boto3 says about the image and its snapshot, as JSON
moto_aws.py register NAME SNAPSHOT     prints the parameters that boto3 sends for the image that we want
"""

import base64
import hashlib
import io
import json
import logging
import os
import sys
import threading
import urllib.parse
import urllib.request

import boto3
import botocore.awsrequest

BLOCK = 512 * 1024
REGION = "eu-central-1"


def client(service, url, key="test"):
    return boto3.client(service, REGION, endpoint_url=url, aws_access_key_id=key, aws_secret_access_key="test")


def serve(folder, *tls):
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.ec2.responses.amis import AmisResponse
    from werkzeug.serving import make_server

    register_image = AmisResponse.register_image

    def register_with_snapshot(self):
        """moto gives an image a snapshot of its own; EC2 the one that was named."""
        known = set(self.ec2_backend.amis)
        answer = register_image(self)
        mappings = self._get_param("BlockDeviceMappings", [])
        for ami in set(self.ec2_backend.amis) - known:
            self.ec2_backend.amis[ami].ebs_snapshot = self.ec2_backend.snapshots[mappings[0]["Ebs"]["SnapshotId"]]
        return answer

    AmisResponse.register_image = register_with_snapshot
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = DomainDispatcherApplication(create_backend_app)
    lock = threading.Lock()

    def application(environ, start_response):
        """moto, with a line in FOLDER/requests for each request; bodies that are not blocks are in it."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
        text = body.decode(errors="replace") if len(body) < BLOCK else ""
        line = json.dumps({"line": f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", "headers": headers, "body": text})
        with lock, open(f"{folder}/requests", "a") as log:
            log.write(line + "\n")
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True, ssl_context=tls or None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready http{'s' if tls else ''}://127.0.0.1:{server.port}", flush=True)
    sys.stdin.read()
    os._exit(0)


def user(url):
    iam = client("iam", url)
    keys = {}
    for name in ("publisher", "nobody"):
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys[name] = [key["AccessKeyId"], key["SecretAccessKey"]]
    statement = [{"Effect": "Allow", "Action": ["ebs:*", "ec2:*"], "Resource": "*"}]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="publisher", PolicyName="publish", PolicyDocument=policy)
    headers = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset-auth", b"0", headers)).read()
    print(json.dumps(keys))


def snapshot(url, snapshot_id, disk):
    ebs = client("ebs", url)
    described = ebs.list_snapshot_blocks(SnapshotId=snapshot_id)
    there = {block["BlockIndex"]: block["BlockToken"] for block in described["Blocks"]}
    blocks, linear = 0, hashlib.sha256()
    with open(disk, "rb") as file:
        for index in range(1 << 32):
            data = file.read(BLOCK)
            if not data:
                break
            data = data.ljust(BLOCK, b"\0")
            if data.strip(b"\0"):
                answer = ebs.get_snapshot_block(SnapshotId=snapshot_id, BlockIndex=index, BlockToken=there.pop(index))
                assert answer["BlockData"].read() == data, f"block {index} differs"
                blocks += 1
                linear.update(hashlib.sha256(data).digest())
    assert not there, f"blocks of zeros are in the snapshot: {sorted(there)}"
    size = os.path.getsize(disk)
    assert described["VolumeSize"] == -(-size // 2**30), described["VolumeSize"]
    print(json.dumps({"blocks": blocks, "checksum": base64.b64encode(linear.digest()).decode()}))


def state(url, snapshot_id):
    print(client("ec2", url).describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]["State"])


def image(url, image_id):
    ec2 = client("ec2", url)
    described = ec2.describe_images(ImageIds=[image_id])["Images"][0]
    permissions = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")["LaunchPermissions"]
    tags = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["Name", "owner"]}])["Tags"]
    print(json.dumps({
        "name": described["Name"],
        "shared": sorted(item["UserId"] for item in permissions),
        "tags": sorted([tag["ResourceId"], tag["Key"], tag["Value"]] for tag in tags),
    }))


def register(name, snapshot_id):
    ec2 = client("ec2", "http://127.0.0.1:1")
    sent = []

    def stop(request, **_):
        sent.append(request.body)
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, Raw())

    class Raw:
        def stream(self, **_):
            yield b"<RegisterImageResponse/>"

    ec2.meta.events.register("before-send.ec2.RegisterImage", stop)
    ec2.register_image(
        Name=name, Description=name, Architecture="x86_64", VirtualizationType="hvm", EnaSupport=True,
        BootMode="uefi-preferred", ImdsSupport="v2.0", RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda",
                              "Ebs": {"SnapshotId": snapshot_id, "VolumeType": "gp3", "DeleteOnTermination": True}}],
    )
    body = sent[0].decode() if isinstance(sent[0], bytes) else sent[0]
    print(json.dumps(dict(urllib.parse.parse_qsl(body)) if isinstance(body, str) else body))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
