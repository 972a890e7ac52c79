use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;

use super::testserver::{answer, serve};
use super::*;

/// A client that notes its pauses in place of waiting.
fn client() -> (HttpClient, Arc<Mutex<Vec<u64>>>) {
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&pauses);
    (HttpClient::new(Arc::new(move |pause| noted.lock().unwrap().push(pause.as_secs()))), pauses)
}

fn read(client: &HttpClient, url: &str, size: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    client.open(url, size).read_to_end(&mut bytes).map(|_| bytes)
}

#[test]
fn a_broken_download_goes_on_where_it_broke() {
    let (url, asked) = serve(vec![
        answer(200, "ETag: \"v1\"\r\n", b"0123456789", 4),
        answer(206, "ETag: \"v1\"\r\nContent-Range: bytes 4-9/10\r\n", b"456789", 3),
        answer(206, "Content-Range: bytes 7-9/10\r\n", b"789", 3),
    ]);
    let (client, pauses) = client();
    assert_eq!(read(&client, &url, 10).unwrap(), b"0123456789");
    let heads: Vec<String> = asked.iter().map(|asked| asked.head.to_lowercase()).collect();
    assert!(!heads[0].contains("range:"));
    assert!(
        heads[1].contains("range: bytes=4-\r\n") && heads[1].contains("if-range: \"v1\"\r\n"),
        "{}",
        heads[1]
    );
    assert!(heads[2].contains("range: bytes=7-\r\n"), "{}", heads[2]);
    assert_eq!(*pauses.lock().unwrap(), [1, 1]);
}

#[test]
fn a_server_without_ranges_is_read_again_from_the_start() {
    let (url, _asked) = serve(vec![answer(200, "", b"0123456789", 4), answer(200, "", b"0123456789", 10)]);
    assert_eq!(read(&client().0, &url, 10).unwrap(), b"0123456789");
}

#[test]
fn connections_without_a_byte_are_given_up() {
    let (url, _asked) = serve(vec![Vec::new(); 5]);
    let (client, pauses) = client();
    assert!(read(&client, &url, 10).is_err());
    assert_eq!(*pauses.lock().unwrap(), [1, 2, 4, 8]);
}

#[test]
fn a_file_of_another_size_is_refused_at_once() {
    let (url, _asked) = serve(vec![answer(200, "", b"0123456789", 10)]);
    let (client, pauses) = client();
    let error = read(&client, &url, 11).unwrap_err().to_string();
    assert!(error.contains("10 bytes, the manifest says 11"), "{error}");
    assert!(pauses.lock().unwrap().is_empty());
}

#[test]
fn a_range_that_was_not_asked_for_is_refused() {
    for range in ["bytes 5-9/10", "bytes 4-9/11", "nonsense"] {
        let (url, _asked) = serve(vec![
            answer(200, "", b"0123456789", 4),
            answer(206, &format!("Content-Range: {range}\r\n"), b"456789", 6),
        ]);
        assert!(read(&client().0, &url, 10).is_err(), "{range}");
    }
}

#[test]
fn a_busy_server_is_asked_again_and_a_missing_file_is_not() {
    let (url, _asked) = serve(vec![answer(503, "", b"", 0), answer(200, "", b"yes", 3)]);
    let (client, pauses) = client();
    assert_eq!(client.get(&url, 100).unwrap(), b"yes");
    assert_eq!(*pauses.lock().unwrap(), [1]);

    for status in [404, 410] {
        let (url, _asked) = serve(vec![answer(status, "", b"", 0)]);
        let error = client.get(&url, 100).unwrap_err();
        assert!(error.to_string().ends_with(&format!("status {status}")), "{error}");
    }
    assert_eq!(*pauses.lock().unwrap(), [1]);
}

#[test]
fn a_server_that_does_not_speak_tls_is_not_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/manifest.json", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        // Until the client hangs up, so that nothing of the answer is lost.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let (client, pauses) = client();
    let error = client.get(&url, 100).unwrap_err().to_string();
    assert!(error.starts_with(&url) && error.contains("corrupt message"), "{error}");
    assert!(pauses.lock().unwrap().is_empty());
    server.join().unwrap();
}

#[test]
fn a_small_file_that_is_too_large_is_refused() {
    let (url, _asked) = serve(vec![answer(200, "", b"12345", 5)]);
    assert!(client().0.get(&url, 4).is_err());
    let (url, _asked) = serve(vec![answer(200, "", b"1234", 4)]);
    assert_eq!(client().0.get(&url, 4).unwrap(), b"1234");
}

#[test]
fn a_report_insists_until_it_is_acknowledged() {
    let (url, asked) = serve(vec![Vec::new(), answer(500, "", b"", 0), answer(204, "", b"", 0)]);
    let (client, pauses) = client();
    client.post(&url, &serde_json::json!({"step": "done"})).unwrap();
    assert!(asked.iter().all(|asked| asked.body == "{\"step\":\"done\"}"));
    assert_eq!(*pauses.lock().unwrap(), [1, 2]);
}

#[test]
fn tokens_are_not_shown() {
    let token = "A".repeat(43);
    for (url, shown) in [
        (format!("http://h:1/seed/{token}/user-data"), "http://h:1/…/user-data"),
        (format!("http://h/report/{token}"), "http://h/…"),
        (format!("http://h/seed/{token}/"), "http://h/…/"),
        ("http://h/images/x/vmlinuz".to_owned(), "http://h/images/x/vmlinuz"),
    ] {
        assert_eq!(ShownUrl::new(&url).to_string(), shown);
    }
}
