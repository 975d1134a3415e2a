//! Reading: stream data and datagrams to JavaScript, as far as the credit goes.

use quinn_proto::{Dir, ReadError, StreamId, VarInt};

use super::{Connection, Context, Phase};
use crate::codes;
use crate::stats;

/// What reading a stream came to.
enum Read {
    /// Nothing more for now.
    Blocked,
    /// The credit is used up.
    Stalled,
    Finished,
    Reset(VarInt),
    /// Stopped by us.
    Gone,
}

impl Connection {
    pub(super) fn read_streams(&mut self, context: &mut Context) {
        if self.phase != Phase::Open {
            return;
        }
        for handle in self.streams.take_readable() {
            self.read_stream(handle, context);
        }
    }

    fn read_stream(&mut self, handle: u32, context: &mut Context) {
        let Some(stream) = self.streams.table.get(&handle) else { return };
        let (Some(id), Some(recv)) = (stream.id, &stream.recv) else { return };
        let stream_left = context.limits.stream_read_ahead.saturating_sub(recv.outstanding);
        let session_left = context.limits.session_read_ahead.saturating_sub(self.outstanding);
        if stream_left.min(session_left) == 0 {
            return self.streams.stall(handle);
        }
        if !self.may_report(context) {
            return self.streams.readable(handle);
        }
        let start = context.events.data_begin(self.id, handle);
        let before = context.events.bytes.len();
        let read = self.read_into(id, stream_left.min(session_left), &mut context.events.bytes);
        let bytes = (context.events.bytes.len() - before) as u64;
        context.events.data_end(start, matches!(read, Read::Finished));
        self.outstanding += bytes;
        self.streams.handed(handle, bytes);
        match read {
            Read::Blocked => {}
            Read::Stalled => self.streams.stall(handle),
            Read::Finished | Read::Gone => self.end_recv(handle),
            Read::Reset(code) => {
                let plain = codes::stream_from_wire(code, self.webtransport());
                context.events.reset(self.id, handle, plain);
                self.end_recv(handle);
            }
        }
    }

    /// Append up to `credit` bytes of the stream.
    fn read_into(&mut self, id: StreamId, credit: u64, into: &mut Vec<u8>) -> Read {
        let mut recv = self.quic.recv_stream(id);
        let Ok(mut chunks) = recv.read(true) else { return Read::Gone };
        let mut left = credit as usize;
        let read = loop {
            if left == 0 {
                break Read::Stalled;
            }
            match chunks.next(left) {
                Ok(Some(chunk)) => {
                    left -= chunk.bytes.len();
                    into.extend_from_slice(&chunk.bytes);
                }
                Ok(None) => break Read::Finished,
                Err(ReadError::Blocked) => break Read::Blocked,
                Err(ReadError::Reset(code)) => break Read::Reset(code),
            }
        };
        // whether credit has to go to the peer shows in the transmits, which follow every turn
        let _ = chunks.finalize();
        read
    }

    /// Up to `limit` bytes of a stream that is HTTP/3's own. True when the stream is over.
    pub(super) fn pull(&mut self, id: StreamId, limit: usize, into: &mut Vec<u8>) -> bool {
        !matches!(self.read_into(id, limit as u64, into), Read::Blocked | Read::Stalled)
    }

    fn end_recv(&mut self, handle: u32) {
        if let Some(stream) = self.streams.table.get_mut(&handle) {
            stream.recv = None;
        }
        self.tidy_stream(handle);
    }

    /// STOP_SENDING, once the stream is open.
    pub(super) fn stop_stream(&mut self, handle: u32, code: u32) {
        let Some(stream) = self.streams.table.get_mut(&handle) else { return };
        let Some(id) = stream.id else {
            stream.stop = Some(code);
            return;
        };
        if stream.recv.take().is_some() {
            // a stream that is over by now needs no stop
            let _ = self.quic.recv_stream(id).stop(codes::stream_to_wire(code));
        }
        self.tidy_stream(handle);
    }

    pub(super) fn read_datagrams(&mut self, context: &mut Context) {
        while let Some(datagram) = self.quic.datagrams().recv() {
            let payload = match &self.http {
                None => Some(&datagram[..]),
                Some(http) => http.unwrap_datagram(&datagram),
            };
            match payload {
                Some(payload) if self.phase == Phase::Open && self.may_report(context) => {
                    context.events.datagram(self.id, payload);
                }
                _ => stats::add(&context.counters.datagrams_dropped, 1),
            }
        }
    }

    /// The largest payload of a datagram that is sure to fit; 0 when the peer takes none.
    pub(super) fn datagram_max(&mut self) -> u32 {
        let prefix = self.http.as_ref().map_or(0, |http| http.datagram_prefix().len());
        self.quic.datagrams().max_size().unwrap_or(0).saturating_sub(prefix) as u32
    }

    /// Refuse all that a stream of the peer's carries, both ways.
    pub(super) fn refuse_stream(&mut self, id: StreamId, code: VarInt) {
        let _ = self.quic.recv_stream(id).stop(code);
        if id.dir() == Dir::Bi {
            let _ = self.quic.send_stream(id).reset(code);
        }
        self.owners.remove(&id);
    }
}
