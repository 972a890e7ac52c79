//! A part of the router that is not what running says, and is again.

use crate::client::Client;
use crate::namespace::{in_machine, until};
use crate::router::Router;
use crate::texts::small;

/// What of running is not in effect, as the server tells.
fn problems() -> String {
    let filter = "<commits xmlns=\"urn:daybreak:yang:daybreak-commits\"><problem/></commits>";
    let said = Client::open().ask(&format!("<get><filter type=\"subtree\">{filter}</filter></get>"));
    assert!(said.contains("<data"), "{said}");
    said
}

#[test]
fn what_is_not_in_effect_is_told_until_it_is() {
    in_machine(|folder| {
        let mut router = Router::start(folder);
        let before = router.commit(&small());
        assert!(!problems().contains("<problem>"), "{}", problems());
        router.kill_netconfd();
        router.kill_vrouterd();
        router.start_netconfd();
        until("the missing port is told of", || problems().contains("there is no interface p8"));
        router.start_vrouterd();
        until("everything is in effect", || !problems().contains("<problem>"));
        before.is_now("after the data plane has come back");
    });
}
