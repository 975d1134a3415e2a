use super::*;

fn stream(number: u32) -> StreamId {
    StreamId::from(VarInt::from_u32(number))
}

fn capsule(code: u32, reason: &str) -> Vec<u8> {
    closing(code, reason).to_vec()
}

#[test]
fn classify_asks_for_exactly_what_is_missing() {
    let session = 0x1234_u64;
    for (dir, kind) in [(Dir::Uni, WT_UNI), (Dir::Bi, WT_BIDI)] {
        let mut header = Vec::new();
        varint::write(kind, &mut header);
        varint::write(session, &mut header);
        let mut first = Vec::new();
        loop {
            match classify(dir, &first) {
                Kind::Needs(missing) => {
                    assert!(missing > 0 && first.len() + missing <= header.len());
                    let end = first.len() + missing;
                    first.extend_from_slice(&header[first.len()..end]);
                }
                Kind::Session(found) => break assert_eq!(found, session),
                _ => panic!("misread after {} bytes", first.len()),
            }
        }
        assert_eq!(first, header);
    }
}

#[test]
fn classify_knows_the_streams_of_http() {
    assert!(matches!(classify(Dir::Uni, &[0x00]), Kind::Control));
    assert!(matches!(classify(Dir::Uni, &[0x02]), Kind::Ignored));
    assert!(matches!(classify(Dir::Uni, &[0x03]), Kind::Ignored));
    assert!(matches!(classify(Dir::Uni, &[0x21]), Kind::Foreign));
    assert!(matches!(classify(Dir::Bi, &[0x01]), Kind::Request));
}

#[test]
fn http_names_its_session_in_prefixes_and_datagrams() {
    let mut http = Http::new();
    assert_eq!(http.unwrap_datagram(&[0, b'x']), None);
    http.set_session(stream(400));
    assert_eq!(http.prefix(Dir::Uni)[..], [0x40, 0x54, 0x41, 0x90]);
    assert_eq!(http.prefix(Dir::Bi)[..], [0x40, 0x41, 0x41, 0x90]);
    let datagram = [&http.datagram_prefix()[..], b"hello"].concat();
    assert_eq!(http.unwrap_datagram(&datagram), Some(&b"hello"[..]));
    assert_eq!(http.unwrap_datagram(b"\x01hello"), None);
    assert_eq!(http.unwrap_datagram(b""), None);
}

#[test]
fn settings_are_read_whole_or_not_at_all() {
    let greeting = Http::greeting();
    assert_eq!(settings(&greeting), Ok(Some(true)));
    for end in 0..greeting.len() {
        assert_eq!(settings(&greeting[..end]), Ok(None), "cut at {end}");
    }
    assert_eq!(settings(&[0x00, 0x04, 0x00]), Ok(Some(false)));
    assert_eq!(settings(&[0x00, 0x01, 0x00]), Err(()));
}

#[test]
fn capsules_close_the_session_however_the_bytes_are_cut() {
    // a frame that is no DATA, an unknown capsule, then the close, in one DATA frame each
    let mut wire = vec![0x21, 3, 1, 2, 3];
    wire.extend([0x00, 4, 0x3f, 2, 9, 9]);
    wire.extend(capsule(30, "so long"));
    for cut in 1..=wire.len() {
        let mut capsules = Capsules::default();
        let mut closed = None;
        for part in wire.chunks(cut) {
            closed = capsules.take(part).unwrap();
        }
        assert_eq!(closed, Some((30, "so long".to_owned())), "in parts of {cut}");
    }
}

#[test]
fn capsules_may_span_data_frames() {
    let whole = capsule(7, "x");
    let body = &whole[2..];
    let mut wire = Vec::new();
    for byte in body {
        wire.extend([0x00, 1, *byte]);
    }
    assert_eq!(Capsules::default().take(&wire), Ok(Some((7, "x".to_owned()))));
}

#[test]
fn capsules_refuse_what_would_grow_without_bound() {
    let mut wire = vec![0x00];
    varint::write(u64::from(u32::MAX), &mut wire);
    // an unknown capsule that claims more than anyone needs
    wire.push(0x3f);
    varint::write(1 << 30, &mut wire);
    assert_eq!(Capsules::default().take(&wire), Err(()));
}

#[test]
fn capsules_keep_nothing_of_a_flood_without_content() {
    let frames = [[0x21, 0], [0x00, 0]].concat().repeat(10_000);
    let unknown = [0x00, 2, 0x3f, 0].repeat(10_000);
    let mut capsules = Capsules::default();
    for wire in [&frames[..], &unknown[..]] {
        for part in wire.chunks(999) {
            assert_eq!(capsules.take(part), Ok(None));
            assert!(capsules.frames.len() + capsules.capsules.len() < 8);
        }
    }
    assert_eq!(capsules.take(&capsule(30, "so long")), Ok(Some((30, "so long".to_owned()))));
}

#[test]
fn response_leaves_out_a_protocol_that_fits_no_header() {
    assert_eq!(response(200, ""), response(200, "grün\u{7f}"));
    assert_ne!(response(200, ""), response(200, "moq-lite-05"));
}

#[test]
fn refusal_tells_plain_requests_from_bad_ones() {
    assert_eq!(refusal(&ConnectError::WrongMethod(Some(http::Method::GET))), http::StatusCode::NOT_FOUND);
    assert_eq!(refusal(&ConnectError::WrongProtocol(None)), http::StatusCode::NOT_IMPLEMENTED);
    assert_eq!(refusal(&ConnectError::WrongPath), http::StatusCode::BAD_REQUEST);
}
