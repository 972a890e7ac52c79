use super::*;
use dhcproto::{Decodable, Decoder, v4};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

fn request(options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 240];
    bytes[..3].copy_from_slice(&[1, 1, 6]);
    bytes[4..8].copy_from_slice(&[1, 2, 3, 4]);
    bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 7]);
    bytes[236..240].copy_from_slice(&[99, 130, 83, 99]);
    bytes.extend_from_slice(options);
    bytes
}

fn decode(bytes: &[u8]) -> v4::Message {
    v4::Message::decode(&mut Decoder::new(bytes)).expect("a codec that we did not write reads it")
}

#[test]
fn an_independent_codec_reads_the_reply() {
    let bytes = request(&[82, 4, 1, 2, 7, 7]);
    let packet = Packet::parse(&bytes).unwrap();
    let mut out = vec![9, 9];
    let mut writer = ReplyWriter::begin(&mut out, &packet, MessageType::Offer, SERVER);
    writer.yiaddr([10, 0, 0, 9].into());
    writer.siaddr(SERVER);
    assert!(writer.file(b"undionly.kpxe"));
    writer.option(code::ROUTER, &[10, 0, 0, 1]);
    assert_eq!(writer.finish(), 0);
    assert_eq!(&out[..2], [9, 9], "what was in the buffer stays");
    assert_eq!(out.len(), 2 + MIN_LEN);
    assert_eq!(&out[out.iter().rposition(|b| *b == 255).unwrap() - 6..][..6], [82, 4, 1, 2, 7, 7]);
    let message = decode(&out[2..]);
    assert_eq!(message.opcode(), v4::Opcode::BootReply);
    assert_eq!(message.xid(), 0x0102_0304);
    assert_eq!(message.yiaddr(), Ipv4Addr::new(10, 0, 0, 9));
    assert_eq!(message.chaddr(), [2, 0, 0, 0, 0, 7]);
    assert_eq!(message.fname().unwrap(), b"undionly.kpxe\0");
    assert_eq!(message.opts().msg_type(), Some(v4::MessageType::Offer));
    assert!(message.opts().get(v4::OptionCode::RelayAgentInformation).is_some());
}

#[test]
fn what_does_not_fit_goes_to_file_and_sname_and_the_rest_is_counted() {
    let bytes = request(&[57, 2, 2, 64]); // 576
    let packet = Packet::parse(&bytes).unwrap();
    let mut out = Vec::new();
    let mut writer = ReplyWriter::begin(&mut out, &packet, MessageType::Ack, SERVER);
    writer.option(200, &[1; 250]);
    writer.option(201, &[2; 100]);
    writer.option(202, &[3; 50]);
    writer.option(203, &[4; 120]);
    assert_eq!(writer.finish(), 1);
    assert!(out.len() <= MIN_LIMIT);
    assert_eq!(&out[FILE_AT..FILE_AT + 2], [201, 100]);
    let main = &out[240..];
    assert!(main.windows(3).any(|w| w[..2] == [52, 1]), "option 52 says where to look");
}

#[test]
fn a_name_too_long_for_the_field_is_left_to_option_67() {
    let bytes = request(&[]);
    let packet = Packet::parse(&bytes).unwrap();
    let mut out = Vec::new();
    let mut writer = ReplyWriter::begin(&mut out, &packet, MessageType::Offer, SERVER);
    assert!(!writer.file(&[b'a'; 128]));
    assert!(writer.file(&[b'a'; 127]));
}

#[test]
fn long_options_are_split() {
    let bytes = request(&[57, 2, 5, 220]); // 1500
    let packet = Packet::parse(&bytes).unwrap();
    let mut out = Vec::new();
    let mut writer = ReplyWriter::begin(&mut out, &packet, MessageType::Ack, SERVER);
    writer.option(224, &[5; 300]);
    assert_eq!(writer.finish(), 0);
    out[0] = 1;
    assert_eq!(Packet::parse(&out).unwrap().get(224).unwrap().as_ref(), [5; 300]);
}

#[test]
fn option_57_is_bounded_on_both_sides() {
    for (size, limit) in [(0_u16, MIN_LIMIT), (575, MIN_LIMIT), (1000, 972), (65535, MAX_LIMIT)] {
        let [high, low] = size.to_be_bytes();
        let bytes = request(&[57, 2, high, low]);
        assert_eq!(size_limit(&Packet::parse(&bytes).unwrap()), limit, "{size}");
    }
}
