//! The end of a connection: ours, the peer's, or the path's.

use std::net::SocketAddr;

use bytes::Bytes;
use quinn_proto::{ConnectionError, TransportErrorCode, VarInt};

use super::young::Young;
use super::{Connection, Context, Phase, Side, http};
use crate::codes;
use crate::event::{By, Failure};
use crate::limits::REASON_BYTES_MAX;
use crate::stats;

/// TLS alerts that say something of certificates, and the one that says that no protocol fits.
const CERTIFICATE_ALERTS: [u64; 9] = [42, 43, 44, 45, 46, 48, 49, 51, 113];
const NO_PROTOCOL_ALERT: u64 = 120;

impl Connection {
    /// JavaScript ends the connection, or a peer that it has not let in yet.
    pub(super) fn close(&mut self, code: u32, reason: &str, context: &mut Context) {
        if !matches!(self.phase, Phase::Open | Phase::Waiting) {
            return;
        }
        let reason = cut(reason);
        // a page can read the code of a session that began, and of no other
        self.accept("", context);
        self.report_end(By::Local, code, reason, context);
        let wire = codes::session_to_wire(code, self.webtransport());
        let bytes = Bytes::copy_from_slice(reason.as_bytes());
        match self.http.as_mut().and_then(|http| http.session.map(|id| (http, id))) {
            Some((http, id)) => {
                http.queue(id, http::closing(code, reason), true);
                // should the capsule be held up by the peer's flow control, the close itself says the same
                self.linger((wire, bytes), context.now);
            }
            None => self.quic.close(context.now, wire, bytes),
        }
    }

    /// The engine is stopping, or the attempt is called off: no last words but QUIC's own.
    pub fn abandon(&mut self, context: &mut Context) {
        self.report_end(By::Local, 0, "", context);
        let code = if self.webtransport() { codes::H3_NO_ERROR } else { VarInt::from_u32(0) };
        self.quic.close(context.now, code, Bytes::new());
    }

    pub(super) fn on_lost(&mut self, reason: &ConnectionError, context: &mut Context) {
        // quinn-proto goes on to drain by itself
        self.deadline = None;
        if self.request().is_some() {
            let (failure, message) = lost_failure(reason, self.webtransport());
            return self.fail(failure, &message, context);
        }
        let (by, code, text) = match reason {
            ConnectionError::ApplicationClosed(close) => {
                let code = codes::session_from_wire(close.error_code, self.webtransport());
                (By::Remote, code, text_of(&close.reason))
            }
            other => (By::Transport, 0, other.to_string()),
        };
        self.report_end(by, code, &text, context);
    }

    /// Nobody listens at this address, says the network.
    pub fn refused(&mut self, remote: SocketAddr, context: &mut Context) {
        if self.request().is_some() && self.quic.is_handshaking() && self.remote() == remote {
            self.fail((Failure::Unreachable, 0, 0), "nobody listens there", context);
        }
    }

    /// An outgoing connection came to nothing; close what there is of it.
    pub(super) fn fail(&mut self, failure: (Failure, u16, u32), message: &str, context: &mut Context) {
        if let Some(request) = self.request() {
            context.events.connect_failed(request, failure, cut(message));
        }
        self.phase = Phase::Over;
        self.quic.close(context.now, codes::H3_NO_ERROR, Bytes::new());
    }

    /// Tell JavaScript, if it knows of the connection, and let go of everything that is for it.
    pub fn report_end(&mut self, by: By, code: u32, reason: &str, context: &mut Context) {
        match self.phase {
            Phase::Open | Phase::Waiting => {
                let printable = reason.replace(char::is_control, " ");
                context.events.ended(self.id, by, code, cut(&printable));
            }
            Phase::Handshake => {
                if let Side::Client { request, .. } = self.side {
                    context.events.connect_failed(request, (Failure::Closed, 0, code), cut(reason));
                }
            }
            Phase::Over => return,
        }
        self.phase = Phase::Over;
        self.deadline = None;
        self.drop_at = None;
        self.young = Young::default();
        for key in self.lanes.keys(None) {
            self.forget_play(key, context);
        }
        self.release_streams(context);
    }

    pub(super) fn check_deadline(&mut self, context: &mut Context) {
        if self.deadline.is_none_or(|deadline| deadline > context.now) {
            return;
        }
        self.deadline = None;
        match self.phase {
            Phase::Handshake | Phase::Waiting => {
                stats::add(&context.counters.handshakes_timed_out, 1);
                self.report_end(By::Transport, 0, "handshake timed out", context);
                self.quic.close(context.now, VarInt::from_u32(0), Bytes::from_static(b"handshake timed out"));
            }
            Phase::Open => {}
            Phase::Over => {
                let (code, reason) = std::mem::take(&mut self.last_words);
                self.quic.close(context.now, code, reason);
            }
        }
    }
}

/// A reason as a peer gave it; QUIC may have cut it in the middle of a character.
fn text_of(reason: &[u8]) -> String {
    match std::str::from_utf8(reason) {
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&reason[..error.valid_up_to()]).into_owned()
        }
        _ => String::from_utf8_lossy(reason).into_owned(),
    }
}

/// At most the longest reason, cut between characters.
fn cut(reason: &str) -> &str {
    let mut end = reason.len().min(REASON_BYTES_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

/// What an attempt that was lost is to be called.
fn lost_failure(reason: &ConnectionError, webtransport: bool) -> ((Failure, u16, u32), String) {
    let kind = match reason {
        ConnectionError::TimedOut => Failure::Timeout,
        ConnectionError::Reset => Failure::Unreachable,
        ConnectionError::VersionMismatch => Failure::Protocol,
        ConnectionError::TransportError(error) => tls_failure(error.code, Failure::Certificate),
        ConnectionError::ConnectionClosed(close) => tls_failure(close.error_code, Failure::Refused),
        ConnectionError::ApplicationClosed(close) => {
            let code = codes::session_from_wire(close.error_code, webtransport);
            return ((Failure::Closed, 0, code), reason.to_string());
        }
        ConnectionError::LocallyClosed => Failure::Closed,
        ConnectionError::CidsExhausted => Failure::Engine,
    };
    ((kind, 0, 0), reason.to_string())
}

/// `certificate`: what an alert about certificates means, which depends on who sent it.
fn tls_failure(code: TransportErrorCode, certificate: Failure) -> Failure {
    match u64::from(code).checked_sub(0x100) {
        Some(NO_PROTOCOL_ALERT) => Failure::Protocol,
        Some(alert) if CERTIFICATE_ALERTS.contains(&alert) => certificate,
        _ => Failure::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_leaves_whole_characters() {
        let long = "ä".repeat(REASON_BYTES_MAX);
        assert_eq!(cut(&long).len(), REASON_BYTES_MAX);
        assert_eq!(cut(&format!("x{long}")).len(), REASON_BYTES_MAX - 1);
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn text_of_forgives_a_character_that_was_cut() {
        let whole = "grün".as_bytes();
        assert_eq!(text_of(whole), "grün");
        assert_eq!(text_of(&whole[..3]), "gr");
        assert_eq!(text_of(&[b'a', 0xff, b'b']), "a\u{fffd}b");
    }

    #[test]
    fn lost_failure_tells_certificates_and_protocols_from_refusals() {
        let alert = |number: u8| {
            ConnectionError::TransportError(quinn_proto::TransportError {
                code: TransportErrorCode::crypto(number),
                frame: None,
                reason: String::new(),
            })
        };
        assert_eq!(lost_failure(&alert(48), false).0.0, Failure::Certificate);
        assert_eq!(lost_failure(&alert(120), false).0.0, Failure::Protocol);
        assert_eq!(lost_failure(&alert(40), false).0.0, Failure::Refused);
        assert_eq!(lost_failure(&ConnectionError::TimedOut, false).0.0, Failure::Timeout);
    }
}
