//! What nobody should send: the server answers with an error or hangs up, and goes on for others.

use super::rig::{Netconfd, Place};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

const HELLO: &str = "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities><capability>\
                     urn:ietf:params:netconf:base:1.0</capability><capability>urn:ietf:params:netconf:base:1.1\
                     </capability></capabilities></hello>]]>]]>";

/// Sends bytes on the local socket and reads until the server hangs up or is silent for a while.
fn send(server: &Netconfd, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(server.folder.join("socket")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    // The server may hang up before it has taken everything.
    let _ = stream.write_all(bytes);
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

fn chunk(text: &str) -> String {
    format!("\n#{}\n{text}\n##\n", text.len())
}

fn rpc(inner: &str) -> String {
    format!("<rpc message-id=\"1\" xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">{inner}</rpc>")
}

/// A session that is in order, after all that was not.
fn still_serves(server: &mut Netconfd) {
    assert!(server.runs(), "the server ended");
    let said = send(
        server,
        format!("{HELLO}{}", chunk(&rpc("<get-config><source><running/></source></get-config>"))).as_bytes(),
    );
    assert!(said.contains("<data>"), "{said}");
}

#[test]
fn garbage_ends_its_session_and_no_other() {
    let place = Place::new();
    let mut server = place.start();
    let deep = rpc(&format!(
        "<edit-config><target><candidate/></target><config>{}</config></edit-config>",
        "<a>".repeat(200_000)
    ));
    let after = |text: &str| format!("{HELLO}{text}");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no hello", b"GET / HTTP/1.1\r\n\r\n]]>]]>".to_vec()),
        ("NULs", vec![0; 100_000]),
        ("a hello of another world", b"<hello/>]]>]]>".to_vec()),
        ("a chunk of 4 GiB", after("\n#4294967295\nx").into_bytes()),
        ("a chunk of nothing", after("\n#0\n\n##\n").into_bytes()),
        ("a chunk without end", after("\n#99999999999999999999\n").into_bytes()),
        ("old framing in a new session", after(&format!("{}]]>]]>", rpc("<get/>"))).into_bytes()),
        ("deep nesting", after(&chunk(&deep)).into_bytes()),
        ("a NUL in a message", after(&chunk(&rpc("<get>\0</get>"))).into_bytes()),
        ("a document type", after(&chunk("<!DOCTYPE a [<!ENTITY b 'c'>]><rpc/>")).into_bytes()),
        ("no XML", after(&chunk("}{")).into_bytes()),
    ];
    for (what, bytes) in cases {
        let said = send(&server, &bytes);
        assert!(!said.contains("<ok/>") && !said.contains("<data>"), "{what}: {said}");
        assert!(server.runs(), "{what} ended the server");
    }
    still_serves(&mut server);
}

#[test]
fn bad_requests_are_answered_by_name() {
    let place = Place::new();
    let mut server = place.start();
    for (inner, tag) in [
        ("<make-coffee/>", "unknown-element"),
        ("<get-config/>", "missing-element"),
        ("<get-config><source><nowhere/></source></get-config>", "unknown-element"),
        ("<get-config><source><running/></source><x/></get-config>", "unknown-element"),
        ("<get><filter type=\"magic\"/></get>", "bad-attribute"),
        ("<get><filter type=\"xpath\"/></get>", "missing-attribute"),
        ("<get><filter type=\"xpath\" select=\"//[\"/></get>", "invalid-value"),
        (
            "<copy-config><target><url>http://a/</url></target><source><running/></source></copy-config>",
            "operation-not-supported",
        ),
        (
            "<edit-config><target><candidate/></target><url>http://a/</url></edit-config>",
            "operation-not-supported",
        ),
        (
            "<copy-config><target><startup/></target><source><running/></source><with-defaults xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">report-all</with-defaults></copy-config>",
            "invalid-value",
        ),
        ("<commit><confirm-timeout>5</confirm-timeout></commit>", "missing-element"),
        ("<commit><confirmed/><confirm-timeout>soon</confirm-timeout></commit>", "invalid-value"),
        ("<cancel-commit/>", "invalid-value"),
        ("<kill-session><session-id>x</session-id></kill-session>", "invalid-value"),
    ] {
        let said = send(&server, format!("{HELLO}{}", chunk(&rpc(inner))).as_bytes());
        assert!(said.contains(&format!("<error-tag>{tag}</error-tag>")), "{inner}: {said}");
    }
    still_serves(&mut server);
}

#[test]
fn connections_that_say_nothing_do_not_keep_others_out() {
    let place = Place::new();
    let mut server = place.start();
    let silent: Vec<_> = (0..20).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let half: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = UnixStream::connect(server.folder.join("socket")).unwrap();
            stream.write_all(b"<hel").unwrap();
            stream
        })
        .collect();
    still_serves(&mut server);
    drop((silent, half));
    still_serves(&mut server);
}

#[test]
fn a_reader_that_stops_reading_takes_no_memory() {
    let place = Place::new();
    let mut server = place.start();
    let mut stream = UnixStream::connect(server.folder.join("socket")).unwrap();
    stream.write_all(HELLO.as_bytes()).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    // Requests for a long answer, none of which is read, until the server takes no more.
    let request = chunk(&rpc(
        "<get-schema xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><identifier>iana-if-type</identifier></get-schema>",
    ));
    let taken = (0..100_000).take_while(|_| stream.write_all(request.as_bytes()).is_ok()).count();
    assert!(taken < 100_000, "the server took everything");
    assert!(server.resident_mib() < 400, "{} MiB", server.resident_mib());
    still_serves(&mut server);
}
