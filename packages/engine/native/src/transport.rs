//! QUIC's knobs as JavaScript gives them, and as quinn-proto takes them.

use std::sync::Arc;
use std::time::Duration;

use quinn_proto::congestion::{BbrConfig, CubicConfig, NewRenoConfig};
use quinn_proto::{IdleTimeout, MtuDiscoveryConfig, TransportConfig, VarInt};

use crate::limits::{DATAGRAM_RECEIVE_BUFFER, DATAGRAM_SEND_BUFFER, SEND_WINDOW_MIN, STREAMS_INITIAL};
use crate::record::{Malformed, Reader};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Congestion {
    Cubic,
    Bbr,
    NewReno,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TransportOptions {
    pub bidi_streams: u32,
    pub uni_streams: u32,
    /// 0 for never.
    pub idle_timeout_ms: f64,
    /// 0 for none.
    pub keep_alive_ms: f64,
    pub mtu: u16,
    /// 0 for no discovery.
    pub mtu_discovery_max: u16,
    pub congestion: Congestion,
    pub stream_window: u32,
    pub connection_window: u32,
    /// Segments per send call.
    pub segments: u8,
}

impl TransportOptions {
    pub fn decode(reader: &mut Reader) -> Result<Self, Malformed> {
        Ok(Self {
            bidi_streams: reader.u32()?,
            uni_streams: reader.u32()?,
            idle_timeout_ms: reader.f64()?,
            keep_alive_ms: reader.f64()?,
            mtu: reader.u16()?,
            mtu_discovery_max: reader.u16()?,
            congestion: match reader.u8()? {
                0 => Congestion::Cubic,
                1 => Congestion::Bbr,
                2 => Congestion::NewReno,
                _ => return Err(Malformed),
            },
            stream_window: reader.u32()?,
            connection_window: reader.u32()?,
            segments: reader.u8()?.max(1),
        })
    }

    /// The most streams the peer may have open, by direction (`Dir as usize`).
    pub fn streams(&self) -> [u32; 2] {
        [self.bidi_streams, self.uni_streams]
    }

    pub fn config(&self) -> Arc<TransportConfig> {
        let mut config = TransportConfig::default();
        config
            .max_concurrent_bidi_streams(self.bidi_streams.min(STREAMS_INITIAL).into())
            .max_concurrent_uni_streams(self.uni_streams.min(STREAMS_INITIAL).into())
            .max_idle_timeout(milliseconds(self.idle_timeout_ms).and_then(idle_timeout))
            .keep_alive_interval(milliseconds(self.keep_alive_ms))
            .initial_mtu(self.mtu)
            .mtu_discovery_config((self.mtu_discovery_max > 0).then(|| {
                let mut discovery = MtuDiscoveryConfig::default();
                discovery.upper_bound(self.mtu_discovery_max);
                discovery
            }))
            .stream_receive_window(self.stream_window.into())
            .receive_window(self.connection_window.into())
            .send_window(SEND_WINDOW_MIN)
            .datagram_receive_buffer_size(Some(DATAGRAM_RECEIVE_BUFFER))
            .datagram_send_buffer_size(DATAGRAM_SEND_BUFFER);
        match self.congestion {
            Congestion::Cubic => config.congestion_controller_factory(Arc::new(CubicConfig::default())),
            Congestion::Bbr => config.congestion_controller_factory(Arc::new(BbrConfig::default())),
            Congestion::NewReno => config.congestion_controller_factory(Arc::new(NewRenoConfig::default())),
        };
        Arc::new(config)
    }
}

/// `None` for 0, and for what is no duration.
pub fn milliseconds(value: f64) -> Option<Duration> {
    (value > 0.0).then(|| Duration::try_from_secs_f64(value / 1000.0).ok()).flatten()
}

fn idle_timeout(after: Duration) -> Option<IdleTimeout> {
    // what does not fit 62 bits of milliseconds is as good as never
    VarInt::try_from(after.as_millis() as u64).ok().map(IdleTimeout::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_takes_what_is_no_duration_as_none() {
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(milliseconds(value), None);
        }
        assert_eq!(milliseconds(1.5), Some(Duration::from_micros(1500)));
    }
}
