use super::*;
use crate::record::Writer;
use crate::transport::Congestion;

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0, 0];
    Writer::new(&mut bytes).u32(body.len() as u32).raw(body);
    bytes
}

fn body(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes));
    bytes
}

fn transport(writer: &mut Writer) {
    writer.u32(100).u32(200).f64(30_000.0).f64(0.0).u16(1200).u16(0).u8(2).u32(1 << 20).u32(1 << 23).u8(10);
}

fn listen_body() -> Vec<u8> {
    body(|writer| {
        writer.u32(1).u32(2).text("::").u16(443);
        writer.u32(1).text("chain").text("key");
        writer.u32(2).text("a").text("b").u8(1).text_option(Some("roots")).u8(0);
        writer.u32(10).u32(5).f64(1000.0).u32(4096).bytes_option(Some(b"secret"));
        transport(writer);
    })
}

fn connect_body() -> Vec<u8> {
    body(|writer| {
        writer.u32(1).u8(0).text("127.0.0.1").u16(443).text("localhost").u32(0);
        writer.u8(1).text("https://localhost/").u32(1).text("a").text_option(None);
        writer.u8(0).u8(1).text_option(None).u32(1).text("00ff");
        writer.u8(1).text("chain").text("key");
        transport(writer);
    })
}

/// A body of each kind.
fn samples() -> Vec<(u8, Vec<u8>)> {
    let inline = |writer: &mut Writer| {
        writer.u8(0).text("bytes");
    };
    vec![
        (1, body(|w| _ = w.f64(1.0))),
        (2, body(|w| inline(w.f64(1.0)))),
        (3, body(|w| _ = w.f64(1.0))),
        (4, body(|w| _ = w.f64(1.0).u32(9))),
        (5, body(|w| _ = w.f64(1.0))),
        (6, listen_body()),
        (7, body(|w| _ = w.u32(1).u32(2).u32(1).text("chain").text("key"))),
        (8, body(|w| _ = w.u32(1))),
        (9, connect_body()),
        (10, body(|w| _ = w.u32(1).u8(0))),
        (11, body(|w| _ = w.f64(1.0))),
        (32, body(|w| _ = w.u32(1).text("moq-lite-05"))),
        (33, body(|w| _ = w.u32(1).u16(404))),
        (34, body(|w| _ = w.u32(1).u32(6).text("why"))),
        (35, body(|w| _ = w.u32(1).u32(3).u8(1))),
        (36, body(|w| inline(w.u32(1).u32(3)))),
        (37, body(|w| _ = w.u32(1).u32(3).f64(4.0))),
        (38, body(|w| _ = w.u32(1).u32(3))),
        (39, body(|w| _ = w.u32(1).u32(3).u32(9))),
        (40, body(|w| _ = w.u32(1).u32(3).u32(9))),
        (41, body(|w| _ = w.u32(1).u32(3).u32(9))),
        (42, body(|w| _ = w.u32(1).u32(3).u32(9))),
        (43, body(|w| _ = w.u32(1).u32(3).u8(9).u8(1).f64(f64::INFINITY).f64(9.0))),
        (44, body(|w| _ = w.u32(1).u32(3).u8(1).u32(9))),
        (46, body(|w| inline(w.u32(1)))),
        (47, body(|w| _ = w.u32(1))),
        (48, body(|w| _ = w.u32(1))),
    ]
}

fn decode(kind: u8, body: &[u8]) -> Result<(), Malformed> {
    if kind < 32 { Shared::decode(kind, body, &[]).map(drop) } else { Threaded::decode(kind, body, &[]).map(drop) }
}

#[test]
fn decode_takes_every_kind_whole_and_refuses_every_truncation_and_any_trailing_byte() {
    for (kind, body) in samples() {
        assert_eq!(decode(kind, &body), Ok(()), "kind {kind}");
        for end in 0..body.len() {
            assert_eq!(decode(kind, &body[..end]), Err(Malformed), "kind {kind} cut at {end}");
        }
        assert_eq!(decode(kind, &[&body[..], &[0]].concat()), Err(Malformed), "kind {kind} with a byte more");
    }
}

#[test]
fn decode_refuses_unknown_kinds() {
    for kind in (0..=255).filter(|kind| *kind != 45 && !samples().iter().any(|sample| sample.0 == *kind)) {
        assert_eq!(decode(kind, &[0; 64]), Err(Malformed), "kind {kind}");
    }
}

#[test]
fn decode_keeps_the_fields_of_listen_and_connect() {
    let Ok(Shared::Listen(listen)) = Shared::decode(6, &listen_body(), &[]) else { panic!("no listen") };
    assert_eq!((listen.request, listen.endpoint, listen.port), (1, 2, 443));
    assert_eq!(listen.protocols, ["a", "b"]);
    assert_eq!(listen.transport.congestion, Congestion::NewReno);
    let Ok(Shared::Connect(connect)) = Shared::decode(9, &connect_body(), &[]) else { panic!("no connect") };
    assert_eq!(connect.webtransport.unwrap().url, "https://localhost/");
    assert!(connect.verify.system && !connect.verify.disabled);
}

#[test]
fn decode_finds_payloads_by_index_and_refuses_a_wrong_one() {
    let payloads = [Bytes::from_static(b"zero"), Bytes::from_static(b"one")];
    let named = |index: u32| body(|w| _ = w.f64(1.0).u8(1).u32(index));
    assert_eq!(Shared::decode(2, &named(1), &payloads), Ok(Shared::TapeAppend(1, payloads[1].clone())));
    assert_eq!(Shared::decode(2, &named(2), &payloads), Err(Malformed));
}

#[test]
fn decode_refuses_policies_that_are_no_numbers() {
    for (latency, budget) in [(f64::NAN, 1.0), (1.0, f64::NAN), (-1.0, 1.0)] {
        let body = body(|w| _ = w.u32(1).u32(3).u8(9).u8(1).f64(latency).f64(budget));
        assert_eq!(Threaded::decode(43, &body, &[]), Err(Malformed));
    }
}

#[test]
fn play_lists_its_targets_and_stops_at_a_truncated_one() {
    let body = body(|w| {
        w.f64(9.0);
        w.u32(1).u32(2).f64(3.0).u16(2).raw(b"ab");
        w.u32(4).u32(5).f64(6.0).u16(0);
    });
    let Ok(Threaded::Play { tape: 9, targets }) = Threaded::decode(45, &body, &[]) else { panic!("no play") };
    let targets: Vec<_> = targets.map(Result::unwrap).collect();
    assert_eq!(targets[0], Target { connection: 1, lane: 2, tag: 3.0, header: b"ab" });
    assert_eq!(targets[1], Target { connection: 4, lane: 5, tag: 6.0, header: b"" });
    for end in 9..body.len() {
        let Ok(Threaded::Play { targets, .. }) = Threaded::decode(45, &body[..end], &[]) else { continue };
        let whole = end == 8 + 20;
        assert_eq!(targets.last(), if whole { targets_first() } else { Some(Err(Malformed)) }, "cut at {end}");
    }
}

fn targets_first() -> Option<Result<Target<'static>, Malformed>> {
    Some(Ok(Target { connection: 1, lane: 2, tag: 3.0, header: b"ab" }))
}

#[test]
fn records_end_at_the_first_malformed_one() {
    let mut batch = record(32, b"abc");
    batch.extend(record(33, b""));
    let whole: Vec<_> = Records::new(&batch).collect();
    assert_eq!(whole, [Ok((32, &b"abc"[..])), Ok((33, &b""[..]))]);
    for end in 1..batch.len() {
        let last = Records::new(&batch[..end]).last().unwrap();
        assert_eq!(last.is_ok(), end == 11, "cut at {end}");
    }
}
