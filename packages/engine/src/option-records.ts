/**
 * Options as the native side reads them, defaults filled in.
 * @module
 */
import type { Certificate, ConnectOptions, ListenOptions, TransportOptions } from "./options.ts";
import type { RecordWriter } from "./record-writer.ts";

/** Body of a LISTEN record. */
export function writeListen(
	record: RecordWriter,
	ids: { request: number; endpoint: number },
	options: ListenOptions,
): void {
	record.u32(ids.request).u32(ids.endpoint).text(options.host).u16(options.port);
	record.u32(options.certificates.length);
	for (const certificate of options.certificates) writeCertificate(record, certificate);
	record.texts(options.protocols).bool(options.webtransport ?? true);
	record.textOption(options.clientRoots).bool(options.clientCertificateRequired ?? false);
	record.u32(options.handshakesPendingMax ?? 4096).u32(options.retryAbove ?? 256);
	record.f64(options.handshakeTimeoutMs ?? 10_000).u32(options.udpBufferBytes ?? 4 * 1024 * 1024);
	record.bytesOption(options.resetSecret);
	writeTransport(record, options.transport ?? {}, 0);
}

/** Which attempt of a connect a CONNECT record starts. */
export interface Attempt {
	readonly request: number;
	readonly thread: number;
	readonly host: string;
	readonly port: number;
}

/** Body of a CONNECT record. */
export function writeConnect(record: RecordWriter, attempt: Attempt, options: ConnectOptions): void {
	record.u32(attempt.request).u8(attempt.thread).text(attempt.host).u16(attempt.port);
	record.text(options.serverName).texts(options.protocols ?? []);
	const { webtransport, verify = {}, certificate } = options;
	record.bool(webtransport !== undefined);
	if (webtransport !== undefined) {
		record.text(webtransport.url).texts(webtransport.protocols).textOption(webtransport.authorization);
	}
	const fingerprints = (verify.fingerprints ?? []).map((text) => text.replaceAll(":", "").toLowerCase());
	const system = verify.system ?? (verify.roots === undefined && fingerprints.length === 0);
	record.bool(verify.disabled ?? false).bool(system && verify.disabled !== true);
	record.textOption(verify.roots).texts(fingerprints);
	record.bool(certificate !== undefined);
	if (certificate !== undefined) writeCertificate(record, certificate);
	writeTransport(record, options.transport ?? {}, 5000);
}

function writeCertificate(record: RecordWriter, certificate: Certificate): void {
	record.text(certificate.chain).text(certificate.key);
}

const CONGESTION = { cubic: 0, bbr: 1, newreno: 2 } as const;

function writeTransport(record: RecordWriter, options: TransportOptions, keepAliveMs: number): void {
	record.u32(options.bidiStreamsMax ?? 1024).u32(options.uniStreamsMax ?? 1024);
	record.f64(options.idleTimeoutMs ?? 30_000).f64(options.keepAliveMs ?? keepAliveMs);
	record.u16(options.mtuBytes ?? 1200).u16(options.mtuDiscoveryBytesMax ?? 0);
	record.u8(CONGESTION[options.congestionControl ?? "cubic"]);
	record.u32(options.streamWindowBytes ?? 1024 * 1024).u32(options.connectionWindowBytes ?? 8 * 1024 * 1024);
	record.u8(options.segmentsMax ?? 10);
}
