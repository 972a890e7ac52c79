import json

from shared import FOLDER, P0, connect, names, until, vrouter


def commits():
    return [line.split() for line in vrouter("show", "commits").splitlines()[1:]]


with connect() as m:
    user = vrouter("-c", "show commits").splitlines()
    assert user[0].split() == ["number", "time", "user", "how"] and user[1].split()[-1] == "start", user

    vrouter("-c", f"configure; {P0.strip()}; commit; exit")
    vrouter("-c", "configure; set interfaces interface p1 type ethernetCsmacd; delete interfaces interface p0; commit; exit")
    listed = commits()
    assert [line[0] for line in listed] == ["0", "1", "2"] and [line[-1] for line in listed] == ["commit", "commit", "start"]
    assert len(listed[0]) == 4, "who did it is there"
    state = json.loads(vrouter("show", "commits", "-o", "json"))["daybreak-commits:commits"]["commit"]
    assert [entry["action"] for entry in state] == ["commit", "commit", "start"], state

    # What is different from an earlier one, and the way back to it: by a commit like any other.
    lines = vrouter("compare", "1")
    assert lines == "delete interfaces interface p0\nset interfaces interface p1 type ethernetCsmacd\n", lines
    assert vrouter("compare", "0") == vrouter("compare") == ""
    vrouter("rollback", "1")
    assert names(m.get_config("running")) == ["p1"] and names(m.get_config("candidate")) == ["p0"]
    assert vrouter("compare", "1") == ""
    vrouter("commit")
    assert names(m.get_config("running")) == ["p0"]
    assert [line[-1] for line in commits()] == ["commit", "commit", "commit", "start"]

    # In the shell, and back to nothing at all.
    out = vrouter(text="configure\nrollback 3\ncompare\ncommit\nexit\n")
    assert "delete interfaces" in out and names(m.get_config("running")) == [], out
    vrouter("rollback", "0")

    for arguments, code, part in [
        (["rollback", "77"], 1, "0 to 4 are"),
        (["compare", "77"], 1, "0 to 4 are"),
        (["rollback", "x"], 2, "invalid value"),
        (["-c", "rollback x"], 2, "a number of show commits"),
        (["-c", "compare 1 2"], 2, "a number of show commits"),
        (["show", "commits", "77"], 2, "there is no 77"),
    ]:
        error = vrouter(*arguments, code=code)
        assert part in error, (arguments, error)
    assert vrouter("compare") == ""

    # They are for root alone.
    folder = FOLDER / "commits"
    until("all of them on disk", lambda: len(list(folder.glob("*.xml.gz"))) == 5)
    assert folder.stat().st_mode & 0o777 == 0o700 and all(f.stat().st_mode & 0o777 == 0o600 for f in folder.iterdir())
