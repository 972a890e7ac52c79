//! Packets that no proper client sends, or not in that order.

use std::time::{Duration, Instant};

use daybreak_tftp::{EventKind, FailReason, Limits, NameError, Refusal};

use crate::support::{DEADLINE, Tftp, answer, socket};

fn code_of(packet: &[u8]) -> u16 {
    assert_eq!(packet[..2], [0, 5], "an ERROR was due, not {}", packet.escape_ascii());
    u16::from_be_bytes([packet[2], packet[3]])
}

#[test]
fn traversal_in_every_spelling_is_refused() {
    let mut tftp = Tftp::start();
    for (name, error) in [
        (&b"../etc/passwd"[..], NameError::Climbs),
        (b"/../../etc/passwd", NameError::Climbs),
        (b"boot/../../etc/passwd", NameError::Climbs),
        (b"//etc/passwd", NameError::Climbs),
        (b"..\\..\\etc\\passwd", NameError::Separator),
        (b"\\\\server\\share", NameError::Separator),
        (b"C:\\boot.ini", NameError::Separator),
        (b"%2e%2e/etc/passwd", NameError::Percent),
        (b"%252e%252e/etc/passwd", NameError::Percent),
        (b"..%5cetc", NameError::Percent),
        (b"\xc0\xae\xc0\xae/etc/passwd", NameError::Byte),
        (b"small\n", NameError::Byte),
        (&[b'a'; 300], NameError::TooLong),
        (b"", NameError::Empty),
    ] {
        let request = [b"\0\x01", name, b"\0octet\0"].concat();
        assert_eq!(code_of(&tftp.ask(&request)), 2, "{}", name.escape_ascii());
        tftp.event("the refusal", |event| {
            (event.kind == EventKind::Refused(Refusal::Name(error))).then_some(())
        });
    }
    // The absolute path of a file that exists is just a name that the map does not have.
    assert_eq!(code_of(&tftp.ask(b"\0\x01/etc/passwd\0octet\0")), 1);
    // A NUL ends the name, so what is behind it is the mode.
    assert_eq!(code_of(&tftp.ask(b"\0\x01small\0/../etc/passwd\0octet\0")), 4);
    assert_eq!(code_of(&tftp.ask(&[&b"\0\x01"[..], &[b'a'; 600], b"\0octet\0"].concat())), 4);
}

#[test]
fn an_answer_comes_from_a_port_of_its_own() {
    let tftp = Tftp::start();
    for request in [&b"\0\x01small\0octet\0"[..], b"\0\x01none\0octet\0"] {
        let socket = socket();
        socket.send_to(request, tftp.address()).unwrap();
        let (_, from) = answer(&socket);
        assert_eq!(from.ip(), tftp.address().ip());
        assert_ne!(from.port(), tftp.address().port());
    }
}

#[test]
fn a_wildcard_server_answers_from_the_address_that_was_asked() {
    let tftp = Tftp::on("0.0.0.0:0", Limits::default());
    let socket = socket();
    socket.send_to(b"\0\x01small\0octet\0", ("127.0.0.9", tftp.address().port())).unwrap();
    assert_eq!(answer(&socket).1.ip().to_string(), "127.0.0.9");
}

#[test]
fn a_repeated_request_does_not_start_a_second_transfer() {
    let mut tftp = Tftp::with(Limits { timeout: Duration::from_secs(2), ..Limits::default() });
    let socket = socket();
    let request = b"\0\x01small\0octet\0";
    socket.send_to(request, tftp.address()).unwrap();
    let (first, from) = answer(&socket);
    socket.send_to(request, tftp.address()).unwrap();
    socket.send_to(request, tftp.address()).unwrap();
    // A request from elsewhere that is refused, so that the repetitions have been taken when the refusal comes.
    tftp.ask(b"\0\x01none\0octet\0");
    assert_eq!(tftp.server().stats().sessions, 1);
    // The one session repeats itself.
    let (again, same) = answer(&socket);
    assert_eq!((first, from), (again, same));
    socket.send_to(b"\0\x04\0\x01", from).unwrap();
    assert!(matches!(tftp.ended().kind, EventKind::Finished { resent: 1, .. }));
}

#[test]
fn a_port_that_asks_again_later_gets_a_new_transfer() {
    let mut tftp = Tftp::start();
    let socket = socket();
    let request = b"\0\x01boot/loader.efi\0octet\0";
    socket.send_to(request, tftp.address()).unwrap();
    let (_, first) = answer(&socket);
    socket.send_to(b"\0\x04\0\x01", first).unwrap();
    assert_eq!(answer(&socket).0[..4], [0, 3, 0, 2]);
    socket.send_to(request, tftp.address()).unwrap();
    let (packet, second) = answer(&socket);
    assert_eq!(packet[..4], [0, 3, 0, 1]);
    assert_ne!(first, second);
    let end = tftp.ended();
    assert!(matches!(end.kind, EventKind::Failed { reason: FailReason::Superseded, .. }), "{end:?}");
}

#[test]
fn a_stranger_cannot_disturb_a_transfer() {
    let tftp = Tftp::start();
    let (client, stranger) = (socket(), socket());
    client.send_to(b"\0\x01boot/loader.efi\0octet\0", tftp.address()).unwrap();
    let (_, session) = answer(&client);
    stranger.send_to(b"\0\x05\0\0bye\0", session).unwrap();
    stranger.send_to(b"\0\x04\0\x01", session).unwrap();
    client.send_to(b"\0\x04\0\x01", session).unwrap();
    assert_eq!(answer(&client).0[..4], [0, 3, 0, 2]);
    assert_eq!(tftp.server().stats().sessions, 1);
}

#[test]
fn a_client_that_only_wants_the_size_is_told_apart() {
    let mut tftp = Tftp::start();
    let socket = socket();
    socket.send_to(b"\0\x01boot/loader.efi\0octet\0tsize\x000\0", tftp.address()).unwrap();
    let (oack, session) = answer(&socket);
    assert_eq!(oack, b"\0\x06tsize\x001000003\0");
    socket.send_to(b"\0\x05\0\x08User aborted the transfer\0", session).unwrap();
    let reason = FailReason::Declined { code: 8, message: "User aborted the transfer".to_owned() };
    assert!(matches!(tftp.ended().kind, EventKind::Failed { reason: why, acked: 0, .. } if why == reason));
}

#[test]
fn a_silent_client_is_given_up() {
    let limits = Limits { timeout: Duration::from_millis(20), retries: 3, ..Limits::default() };
    let mut tftp = Tftp::with(limits);
    let socket = socket();
    socket.send_to(b"\0\x01boot/loader.efi\0octet\0", tftp.address()).unwrap();
    let end = tftp.ended();
    assert!(matches!(end.kind, EventKind::Failed { reason: FailReason::NoAnswer, .. }), "{end:?}");
    for _ in 0..4 {
        assert_eq!(answer(&socket).0[..4], [0, 3, 0, 1]);
    }
    socket.send_to(b"\0\x01small\0octet\0", tftp.address()).unwrap();
    let end = tftp.ended();
    assert!(matches!(end.kind, EventKind::Failed { reason: FailReason::NoLastAnswer, .. }), "{end:?}");
}

#[test]
fn a_session_has_an_end_whatever_the_client_does() {
    let limits = Limits {
        timeout: Duration::from_millis(50),
        retries: 1000,
        deadline: Duration::from_millis(200),
        ..Limits::default()
    };
    let mut tftp = Tftp::with(limits);
    let socket = socket();
    socket.send_to(b"\0\x01boot/loader.efi\0octet\0", tftp.address()).unwrap();
    let end = tftp.ended();
    assert!(matches!(end.kind, EventKind::Failed { reason: FailReason::Deadline, .. }), "{end:?}");
}

#[test]
fn limits_hold_and_are_reported() {
    let mut tftp = Tftp::with(Limits { sessions: 3, sessions_per_client: 2, ..Limits::default() });
    let request = b"\0\x01boot/loader.efi\0octet\0";
    let (first, second, third) = (socket(), socket(), socket());
    first.send_to(request, tftp.address()).unwrap();
    let (_, session) = answer(&first);
    second.send_to(request, tftp.address()).unwrap();
    answer(&second);
    third.send_to(request, tftp.address()).unwrap();
    tftp.event("the refusal", |event| {
        (event.kind == EventKind::Refused(Refusal::SessionsOfClient(2))).then_some(())
    });
    let other = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
    other.set_read_timeout(Some(DEADLINE)).unwrap();
    other.send_to(request, tftp.address()).unwrap();
    answer(&other);
    let another = std::net::UdpSocket::bind("127.0.0.3:0").unwrap();
    another.send_to(request, tftp.address()).unwrap();
    tftp.event("the refusal", |event| (event.kind == EventKind::Refused(Refusal::Sessions(3))).then_some(()));
    assert_eq!(tftp.server().stats().refused, 2);
    // A place that becomes free goes to who asks again.
    first.send_to(b"\0\x05\0\0bye\0", session).unwrap();
    tftp.ended();
    third.send_to(request, tftp.address()).unwrap();
    assert_eq!(answer(&third).0[..4], [0, 3, 0, 1]);
}

#[test]
fn stopping_lets_transfers_finish_and_then_cuts_them() {
    let mut tftp = Tftp::with(Limits { timeout: DEADLINE, ..Limits::default() });
    let (polite, silent) = (socket(), socket());
    polite.send_to(b"\0\x01small\0octet\0", tftp.address()).unwrap();
    let (_, session) = answer(&polite);
    silent.send_to(b"\0\x01boot/loader.efi\0octet\0", tftp.address()).unwrap();
    answer(&silent);
    let server = tftp.server.take().unwrap();
    let stopping = std::thread::spawn(move || {
        let started = Instant::now();
        server.stop(Duration::from_secs(1));
        started.elapsed()
    });
    polite.send_to(b"\0\x04\0\x01", session).unwrap();
    assert!(matches!(tftp.ended().kind, EventKind::Finished { .. }));
    let end = tftp.ended();
    assert!(matches!(end.kind, EventKind::Failed { reason: FailReason::Stopped, .. }), "{end:?}");
    assert_eq!(code_of(&answer(&silent).0), 0);
    assert!(stopping.join().unwrap() >= Duration::from_secs(1));
}

#[test]
fn noise_gets_no_answer_and_does_no_harm() {
    let tftp = Tftp::start();
    let socket = socket();
    for noise in
        [&b""[..], b"\0", b"\0\x05\0\0x\0", b"\xff\xff\xff\xff", &[0; 1400], b"GET / HTTP/1.0\r\n\r\n"]
    {
        socket.send_to(noise, tftp.address()).unwrap();
    }
    socket.send_to(b"\0\x01small\0octet\0", tftp.address()).unwrap();
    assert_eq!(answer(&socket).0, b"\0\x03\0\x01#!ipxe\nexit\n");
}

#[test]
fn an_address_in_use_is_named() {
    let tftp = Tftp::start();
    let (sink, _events) = daybreak_tftp::channel(4);
    let files = std::sync::Arc::new(tftp.files.clone());
    let error = daybreak_tftp::start(&[tftp.address()], Limits::default(), files, sink).unwrap_err();
    assert!(error.to_string().contains(&tftp.address().to_string()), "{error}");
}
