use super::*;

fn request(options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_LEN];
    bytes[0] = 1;
    bytes[1] = 1;
    bytes[2] = 6;
    bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 7]);
    bytes[236..240].copy_from_slice(&COOKIE);
    bytes.extend_from_slice(options);
    bytes
}

fn refusal(bytes: &[u8]) -> DecodeError {
    Packet::parse(bytes).err().expect("must be refused")
}

#[test]
fn refuses_what_is_not_a_request() {
    assert_eq!(refusal(&[]), DecodeError::TooShort);
    assert_eq!(refusal(&request(&[])[..239]), DecodeError::TooShort);
    assert_eq!(refusal(&request(&[0; 1300])), DecodeError::TooLong);
    let mut reply = request(&[]);
    reply[0] = 2;
    assert_eq!(refusal(&reply), DecodeError::NotARequest);
    let mut bootp = request(&[]);
    bootp[236] = 0;
    assert_eq!(refusal(&bootp), DecodeError::NoCookie);
    let mut hlen = request(&[]);
    hlen[2] = 17;
    assert_eq!(refusal(&hlen), DecodeError::HardwareAddress);
}

#[test]
fn refuses_options_that_reach_beyond_the_packet() {
    assert_eq!(refusal(&request(&[53])), DecodeError::CutOption);
    assert_eq!(refusal(&request(&[53, 2, 1])), DecodeError::CutOption);
    assert_eq!(refusal(&request(&[53, 255, 1])), DecodeError::CutOption);
}

#[test]
fn refuses_an_option_bomb() {
    let bomb: Vec<u8> = [224, 0].repeat(MAX_OPTIONS + 1);
    assert_eq!(refusal(&request(&bomb)), DecodeError::TooManyOptions);
    assert!(Packet::parse(&request(&bomb[2..])).is_ok());
}

#[test]
fn joins_an_option_that_came_in_pieces() {
    let bytes = request(&[61, 2, 1, 2, 53, 1, 1, 61, 1, 3, 61, 0, 255]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.get(61).unwrap().as_ref(), [1, 2, 3]);
    assert_eq!(packet.message_type(), Some(MessageType::Discover));
}

#[test]
fn reads_options_from_overloaded_fields_in_the_order_of_the_rfc() {
    let mut bytes = request(&[52, 1, 3, 12, 1, b'a', 255, 12, 1, b'z']);
    bytes[FILE][..4].copy_from_slice(&[12, 1, b'b', 255]);
    bytes[SNAME][..4].copy_from_slice(&[12, 1, b'c', 255]);
    assert_eq!(Packet::parse(&bytes).unwrap().get(12).unwrap().as_ref(), b"abc");
}

#[test]
fn an_option_of_the_wrong_length_counts_as_absent() {
    let bytes = request(&[50, 3, 1, 2, 3, 53, 2, 1, 1, 57, 1, 9, 82, 3, 5, 9, 1]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.ipv4(50), None);
    assert_eq!(packet.message_type(), None);
    assert_eq!(packet.u16(57), None);
    assert_eq!(packet.relay_sub_option(5), None);
    assert!(packet.has(50));
}

#[test]
fn finds_a_relay_sub_option() {
    let bytes = request(&[82, 9, 1, 1, 7, 5, 4, 10, 0, 0, 1]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.relay_sub_option(5).unwrap(), [10, 0, 0, 1]);
    assert_eq!(packet.relay_sub_option(2), None);
}

#[test]
fn hardware_address_of_zeroes_is_none() {
    assert_eq!(HwAddr::new(1, &[0; 6]), None);
    assert_eq!(HwAddr::new(1, &[]), None);
    assert_eq!(HwAddr::new(1, &[1; 17]), None);
    let mac = HwAddr::ethernet([0x52, 0x54, 0, 1, 2, 0xff]);
    assert_eq!(mac.to_string(), "52:54:00:01:02:ff");
    assert_eq!(mac.mac(), Some([0x52, 0x54, 0, 1, 2, 0xff]));
}
