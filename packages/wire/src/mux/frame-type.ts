/**
 * Numbers of the frames, as RFC 9000 and the QMux drafts give them.
 * @module
 */

/** Frame types; those above 2^53 are bigints, as `readVarint62` gives them. */
export const FrameType = {
	Padding: 0x00,
	ResetStream: 0x04,
	StopSending: 0x05,
	/** First of eight: bit 0 FIN, bit 1 a length follows, bit 2 an offset follows. */
	Stream: 0x08,
	MaxData: 0x10,
	MaxStreamData: 0x11,
	MaxStreamsBidi: 0x12,
	MaxStreamsUni: 0x13,
	DataBlocked: 0x14,
	StreamDataBlocked: 0x15,
	StreamsBlockedBidi: 0x16,
	StreamsBlockedUni: 0x17,
	ConnectionClose: 0x1c,
	ApplicationClose: 0x1d,
	ResetStreamAt: 0x24,
	/** The payload ends with the record. */
	Datagram: 0x30,
	DatagramWithLength: 0x31,
	PingRequest: 0x348c_6752_9ef8_c7bdn,
	PingResponse: 0x348c_6752_9ef8_c7ben,
	TransportParameters: 0x3f51_5330_0d0a_0d0an,
} as const;
