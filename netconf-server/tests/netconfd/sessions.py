from common import connect, interface, names, refused

# The second one is killed, so it cannot close itself.
other = connect()
with connect() as m:
    with m.locked("candidate"):
        error = refused(lambda: other.lock("candidate"), "lock-denied")
        assert m.session_id in str(error.info), error.info
        refused(lambda: other.edit_config(target="candidate", config=interface("p0")), "in-use")
        m.edit_config(target="candidate", config=interface("p0"))
        m.commit()
    assert names(other.get_config("running")) == ["p0"]

    # What a locked candidate holds goes with the lock.
    other.lock("candidate")
    other.edit_config(target="candidate", config=interface("p1"))
    refused(lambda: m.kill_session(m.session_id), "invalid-value")
    refused(lambda: m.kill_session("999999"), "invalid-value")
    m.kill_session(other.session_id)
    # The reply says that its locks are free.
    m.lock("candidate")
    assert names(m.get_config("candidate")) == ["p0"]
    m.unlock("candidate")
    refused(lambda: m.unlock("candidate"), "operation-failed")
