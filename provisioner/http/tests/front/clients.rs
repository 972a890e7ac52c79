//! The front against clients that we did not write: curl, wget, aria2.

use std::fs;

use crate::support::{BIG, Front};
use daybreak_http::Outcome;

#[tokio::test]
async fn curl_gets_a_file_whole() {
    let mut front = Front::start();
    let body = front.curl(&[&front.url("/images/big")]).await;
    assert!(body == front.big, "{} of {BIG} bytes, or other bytes", body.len());
    let transfer = front.ended().await;
    assert_eq!(&*transfer.path, "/images/big");
    assert_eq!((transfer.total, transfer.size, transfer.range), (BIG as u64, BIG as u64, None));
    assert!(transfer.user_agent.unwrap().starts_with("curl/"));
    assert!(matches!(transfer.outcome, Outcome::Done { sent, .. } if sent == BIG as u64));
    assert!(transfer.peer.ip().is_loopback());
}

#[tokio::test]
async fn curl_gets_bytes_from_memory() {
    let front = Front::start();
    assert_eq!(front.curl(&[&front.url("/images/small")]).await, b"#!ipxe\nexit\n");
    assert_eq!(front.curl(&[&front.url("/images/empty")]).await, b"");
}

#[tokio::test]
async fn curl_gets_ranges() {
    let mut front = Front::start();
    for (range, expected) in [
        ("0-0", 0..1),
        ("100-199", 100..200),
        ("5000000-", 5_000_000..BIG),
        ("-7", BIG - 7..BIG),
        ("4999999-9999999", 4_999_999..BIG),
    ] {
        let output = front.curl(&["-r", range, "-w", "%{http_code}", &front.url("/images/big")]).await;
        let (body, code) = output.split_at(output.len() - 3);
        assert_eq!(code, b"206", "{range}");
        assert!(body == &front.big[expected.clone()], "{range}: other bytes than {expected:?}");
        let transfer = front.ended().await;
        assert_eq!(transfer.range, Some((expected.start as u64, expected.end as u64 - 1)));
        assert_eq!(transfer.total, expected.len() as u64);
    }
}

#[tokio::test]
async fn curl_resumes_what_it_has() {
    let mut front = Front::start();
    let file = front.folder.path().join("big");
    fs::write(&file, &front.big[..1_234_567]).unwrap();
    front.curl(&["-C", "-", "-o", "big", &front.url("/images/big")]).await;
    assert!(fs::read(&file).unwrap() == front.big);
    assert_eq!(front.ended().await.total, (BIG - 1_234_567) as u64);
    // All of it is there: 416, which curl takes for done.
    let again = front
        .run("curl", &["-sS", "-C", "-", "-o", "big", "-w", "%{http_code}", &front.url("/images/big")])
        .await;
    assert_eq!(again.stdout, b"416");
    assert!(fs::read(&file).unwrap() == front.big);
}

#[tokio::test]
async fn curl_head_tells_length_and_digest() {
    let front = Front::start();
    let text = String::from_utf8(front.curl(&["--head", &front.url("/images/small")]).await).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("\r\nContent-Length: 12\r\n"), "{text}");
    assert!(text.contains("\r\nContent-Type: text/plain\r\n"), "{text}");
    assert!(text.contains("\r\nRepr-Digest: sha-256=:"), "{text}");
    assert!(text.contains("\r\nAccept-Ranges: bytes\r\n"), "{text}");
}

#[tokio::test]
async fn curl_asks_again_with_the_tag_and_gets_304() {
    let front = Front::start();
    let url = front.url("/images/big");
    front.curl(&["--etag-save", "tag", "-o", "big", &url]).await;
    let code = front.curl(&["--etag-compare", "tag", "-o", "again", "-w", "%{http_code}", &url]).await;
    assert_eq!(code, b"304");
    let code = front.curl(&["-z", "big", "-o", "again", "-w", "%{http_code}", &url]).await;
    assert_eq!(code, b"304", "the downloaded file is newer than the artefact");
    let code =
        front.curl(&["-H", "If-None-Match: \"other\"", "-o", "again", "-w", "%{http_code}", &url]).await;
    assert_eq!(code, b"200");
}

#[tokio::test]
async fn wget_continues_a_download() {
    let front = Front::start();
    let file = front.folder.path().join("big");
    fs::write(&file, &front.big[..4_000_000]).unwrap();
    let output = front.run("wget", &["-q", "--no-proxy", "-c", &front.url("/images/big")]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::read(&file).unwrap() == front.big);
}

#[tokio::test]
async fn aria2_fetches_parts_side_by_side() {
    let mut front = Front::start();
    let url = front.url("/images/big");
    let args = ["-q", "--no-conf", "-x4", "-s4", "-k1M", "--file-allocation=none", "-o", "big", &url];
    let output = front.run("aria2c", &args).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(fs::read(front.folder.path().join("big")).unwrap() == front.big);
    let mut part = front.ended().await;
    while part.range.is_none() {
        part = front.ended().await;
    }
    assert!(part.total < BIG as u64);
}

#[tokio::test]
async fn several_ranges_in_one_request_get_the_whole() {
    let front = Front::start();
    let output = front.curl(&["-r", "0-1,4-5", "-w", "%{http_code}", &front.url("/images/small")]).await;
    assert_eq!(output, b"#!ipxe\nexit\n200");
}

#[tokio::test]
async fn one_connection_carries_artefacts_and_routes_in_turn() {
    let front = Front::start();
    let (small, peer, echo) = (front.url("/images/small"), front.url("/peer"), front.url("/echo"));
    let report = ["-w", "%{num_connects} "];
    let output = front
        .curl(
            &[
                &report[..],
                &[&peer, "-o", "1", &small, "-o", "2", &peer, "-o", "3"],
                &["--next", "-sS", "-w", "%{num_connects} ", "-d", "body", &echo, "-o", "4"],
                &["--next", "-sS", "-w", "%{num_connects} ", &small, "-o", "5"],
            ]
            .concat(),
        )
        .await;
    assert_eq!(String::from_utf8(output).unwrap(), "1 0 0 0 0 ");
    let read = |name: &str| fs::read_to_string(front.folder.path().join(name)).unwrap();
    assert!(read("1").starts_with("127.0.0.1:"));
    assert_eq!(read("1"), read("3"));
    assert_eq!((read("2").as_str(), read("4").as_str()), ("#!ipxe\nexit\n", "body"));
    assert_eq!(read("5"), "#!ipxe\nexit\n");
}

#[tokio::test]
async fn curl_uploads_to_a_route() {
    let front = Front::start();
    let file = front.folder.path().join("up");
    fs::write(&file, &front.big[..1_500_000]).unwrap();
    let echo = front.url("/echo");
    // Over 1 MiB curl asks first, with "Expect: 100-continue".
    assert!(front.curl(&["--data-binary", "@up", &echo]).await == front.big[..1_500_000]);
    let chunked = front.curl(&["-H", "Transfer-Encoding: chunked", "--data-binary", "@up", &echo]).await;
    assert!(chunked == front.big[..1_500_000]);
    assert_eq!(front.curl(&["--data-binary", "@up", &front.url("/none")]).await, b"unread");
}

#[tokio::test]
async fn old_clients_are_served_and_closed() {
    let front = Front::start();
    let output = front.curl(&["--http1.0", "-i", &front.url("/images/small")]).await;
    let text = String::from_utf8(output).unwrap();
    assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\n#!ipxe\nexit\n"), "{text}");
}

#[tokio::test]
async fn what_nobody_knows_is_the_routers_404() {
    let front = Front::start();
    for path in ["/images/none", "/images", "/images/big/", "//images/big", "/IMAGES/big"] {
        let code = front.curl(&["-o", "out", "-w", "%{http_code}", &front.url(path)]).await;
        assert_eq!(code, b"404", "{path}");
    }
    let code =
        front.curl(&["-T", "/dev/null", "-o", "out", "-w", "%{http_code}", &front.url("/images/big")]).await;
    assert_eq!(code, b"404", "PUT on an artefact");
}
