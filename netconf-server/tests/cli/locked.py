import os

from shared import P0, connect, vrouter

user = os.environ["NETCONF_USER"]
with connect() as m:
    # Who holds the lock is named, with where to find that session.
    with m.locked("candidate"):
        error = vrouter("-c", "configure", code=1)
        assert f"locked by session {m.session_id} of {user} from 127.0.0.1 since 20" in error, error
        # What needs the candidate is refused, what only looks is not.
        assert vrouter("show", "candidate") == "" and vrouter("compare") == ""
        assert "in use" in vrouter("commit", code=1)

    # Changes that nobody has locked are in the way, too, and it is told what to do.
    vrouter("load", "-", text='{"ietf-interfaces:interfaces": {"interface": [{"name": "p0"}]}}')
    error = vrouter("-c", "configure", code=1)
    assert "not committed" in error and "rollback" in error, error
    vrouter("rollback")
    vrouter("-c", f"configure; {P0.strip()}; commit; exit")
