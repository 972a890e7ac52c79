"""The real Keystone and Glance, on SQLite and files in a folder, on loopback.

Usage: keystone_glance.py FOLDER. Prints `ready URL` (Glance's) when both answer; ends when its standard input does. FOLDER
then holds clouds.yaml with the clouds `member`, `application`, `admin`, `wrong` and `elsewhere`, and images/ with the bytes
that Glance keeps.
       keystone_glance.py FOLDER USER PROJECT METHOD PATH: makes one call of Glance and prints its answer.
"""

import json
import pathlib
import signal
import socket
import subprocess
import sys
import urllib.request

VENV = pathlib.Path(sys.executable).parent
PASSWORD = "a password: with # and \"quotes\""


def configure(folder, ports):
    keystone, glance = ports
    (folder / "keystone").mkdir()
    (folder / "glance").mkdir()
    for name in ("fernet", "images", "staging", "tasks", "locks"):
        (folder / name).mkdir()
    (folder / "keystone/keystone.conf").write_text(f"""
[DEFAULT]
log_file = {folder}/keystone.log
[database]
connection = sqlite:///{folder}/keystone.db
[fernet_tokens]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/fernet
""")
    (folder / "glance/glance-api.conf").write_text(f"""
[DEFAULT]
log_file = {folder}/glance.log
enabled_backends = disk:file
worker_self_reference_url = http://127.0.0.1:{glance}
[glance_store]
default_backend = disk
[disk]
filesystem_store_datadir = {folder}/images
[os_glance_staging_store]
filesystem_store_datadir = {folder}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {folder}/tasks
[database]
connection = sqlite:///{folder}/glance.db
[oslo_concurrency]
lock_path = {folder}/locks
[paste_deploy]
flavor = keystone
config_file = {VENV.parent}/etc/glance/glance-api-paste.ini
[keystone_authtoken]
auth_type = password
auth_url = http://127.0.0.1:{keystone}/v3
www_authenticate_uri = http://127.0.0.1:{keystone}/v3
username = admin
password = {PASSWORD}
project_name = admin
user_domain_id = default
project_domain_id = default
""")


def prepare(folder, ports):
    keystone, glance = ports
    url = f"http://127.0.0.1:{keystone}/v3"
    manage = [VENV / "keystone-manage", "--config-file", folder / "keystone/keystone.conf"]
    subprocess.run([*manage, "db_sync"], check=True)
    subprocess.run([*manage, "fernet_setup", "--keystone-user", "root", "--keystone-group", "root"], check=True)
    subprocess.run([*manage, "bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-public-url", url,
                    "--bootstrap-internal-url", url, "--bootstrap-region-id", "lab"], check=True)
    subprocess.run([VENV / "glance-manage", "--config-dir", folder / "glance", "db_sync"], check=True)


def serve(what, folder, port):
    """Runs one of the two in this process; `port` is that of a socket that is open already."""
    import os

    from werkzeug.serving import make_server

    # Both read the command line of whoever imports them.
    sys.argv = sys.argv[:1]
    if what == "keystone":
        os.environ["OS_KEYSTONE_CONFIG_DIR"] = str(folder / "keystone")
        from keystone.wsgi.api import application
    else:
        os.environ["OS_GLANCE_CONFIG_DIR"] = str(folder / "glance")
        from glance.wsgi.api import application
    server = make_server("127.0.0.1", 0, application, threaded=True, fd=port)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.serve_forever()


class Keystone:
    """As much of a client as makes users and services."""

    def __init__(self, url):
        self.url, self.token = url, None

    def call(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"}
        if token or self.token:
            headers["X-Auth-Token"] = token or self.token
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return answer.headers.get("X-Subject-Token"), json.loads(text) if text else None

    def login(self, user, project):
        domain = {"id": "default"}
        identity = {"methods": ["password"], "password": {"user": {"name": user, "domain": domain, "password": PASSWORD}}}
        scope = {"project": {"name": project, "domain": domain}}
        return self.call("POST", "/auth/tokens", {"auth": {"identity": identity, "scope": scope}})


def populate(folder, ports):
    url = f"http://127.0.0.1:{ports[0]}/v3"
    keystone = Keystone(url)
    keystone.token, _ = keystone.login("admin", "admin")
    make = lambda kind, **body: keystone.call("POST", f"/{kind}s", {kind: body})[1][kind]["id"]
    service = make("service", name="glance", type="image")
    make("endpoint", service_id=service, interface="public", region_id="lab", url=f"http://127.0.0.1:{ports[1]}")
    project = make("project", name="routers", domain_id="default")
    other = make("project", name="others", domain_id="default")
    user = make("user", name="publisher", password=PASSWORD, domain_id="default")
    roles = {role["name"]: role["id"] for role in keystone.call("GET", "/roles")[1]["roles"]}
    keystone.call("PUT", f"/projects/{project}/users/{user}/roles/{roles['member']}")
    token, _ = keystone.login("publisher", "routers")
    body = {"application_credential": {"name": "ci", "secret": PASSWORD}}
    credential = keystone.call("POST", f"/users/{user}/application_credentials", body, token)[1]["application_credential"]

    password = lambda user, project, secret=PASSWORD: {
        "auth": {"auth_url": url, "username": user, "password": secret, "project_name": project,
                 "user_domain_name": "Default", "project_domain_name": "Default"},
        "region_name": "lab",
    }
    clouds = {
        "member": password("publisher", "routers"),
        "admin": password("admin", "admin"),
        "wrong": password("publisher", "routers", "not this"),
        "elsewhere": {**password("publisher", "routers"), "region_name": "nowhere"},
        "application": {
            "auth_type": "v3applicationcredential",
            "auth": {"auth_url": url.removesuffix("/v3"), "application_credential_id": credential["id"],
                     "application_credential_secret": PASSWORD},
        },
    }
    # JSON is YAML.
    (folder / "clouds.yaml").write_text(json.dumps({"clouds": clouds}, indent=1))
    (folder / "other-project").write_text(other)


def up(folder):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [listener.getsockname()[1] for listener in sockets]
    configure(folder, ports)
    prepare(folder, ports)
    children = []
    try:
        for what, listener in zip(("keystone", "glance"), sockets):
            log = open(folder / f"{what}.out", "wb")
            args = [sys.executable, __file__, folder, what, str(listener.fileno())]
            children.append(subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             pass_fds=[listener.fileno()]))
            listener.close()
        # The sockets listen from the start: the first call waits until the service takes it.
        populate(folder, ports)
        urllib.request.urlopen(f"http://127.0.0.1:{ports[1]}/healthcheck", timeout=120).read()
        print(f"ready http://127.0.0.1:{ports[1]}", flush=True)
        sys.stdin.read()
    finally:
        for child in children:
            child.terminate()
            child.wait()


def call(folder, user, project, method, path):
    clouds = json.loads((folder / "clouds.yaml").read_text())["clouds"]
    keystone = Keystone(clouds["admin"]["auth"]["auth_url"])
    token, answer = keystone.login(user, project)
    image = next(service for service in answer["token"]["catalog"] if service["type"] == "image")
    _, answer = Keystone(image["endpoints"][0]["url"]).call(method, path, token=token)
    print(json.dumps(answer))


if __name__ == "__main__":
    place = pathlib.Path(sys.argv[1]).resolve()
    if len(sys.argv) == 6:
        call(place, *sys.argv[2:])
    elif len(sys.argv) > 2:
        serve(sys.argv[2], place, int(sys.argv[3]))
    else:
        up(place)
