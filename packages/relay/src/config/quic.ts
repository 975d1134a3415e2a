/**
 * `[server.quic]` and `[client.quic]`: the QUIC transport.
 * @module
 */
import { choice, count, duration, type Kind, optional, pattern, text, toggle } from "./kind.ts";
import { RELOAD_LINKS, RELOAD_SOCKET } from "./reload.ts";
import { type Entries, type Setting, type SettingFacts, setting, type Table, table } from "./setting.ts";

/** Transport settings that both directions have. Undefined leaves the choice to the engine. */
export interface QuicConfig {
	/** Inbound streams of each kind that one connection may have open. */
	readonly maxStreams: number;
	readonly gso: boolean;
	readonly idleTimeoutMs: number;
	/** 0 is off. */
	readonly keepAliveMs: number;
	readonly mtuDiscovery: boolean;
	readonly congestionControl: "cubic" | "bbr" | "loss" | "delay" | undefined;
	/** Folder for qlog files. */
	readonly qlog: string | undefined;
}

/** Transport settings of the listening side. */
export interface ServerQuicConfig extends QuicConfig {
	/** `ip:port` that clients are asked to migrate to. */
	readonly preferredV4: string | undefined;
	readonly preferredV6: string | undefined;
	/** File with the secret that stateless resets are made with; undefined makes one of the first private key. */
	readonly resetKey: string | undefined;
	/** QUIC-LB server id, hex. */
	readonly quicLbId: string | undefined;
	/** QUIC-LB nonce length in bytes. */
	readonly quicLbNonce: number | undefined;
}

/** The settings of `[server.quic]`. */
export const serverQuicTable: Table<ServerQuicConfig> = table(
	{ doc: "QUIC of the connections that others open" },
	{
		...shared({ reload: RELOAD_SOCKET }),
		maxStreams: maxStreams("server", 10000, { reload: RELOAD_SOCKET }),
		resetKey: setting(optional(text("a file", "FILE")), {
			doc: "File of 32 or more random bytes by which a relay that was started again tells its former peers so; by default made of the first private key and the host's name. One file for all relays behind one address, and for no others",
			reload: RELOAD_SOCKET,
		}),
		preferredV4: setting(optional(addressText()), {
			doc: "IPv4 address that clients are asked to move to after an anycast handshake",
			key: "preferred_v4",
			flag: "--server-preferred-v4",
			env: "MOQ_SERVER_PREFERRED_V4",
			aliases: ["server.preferred_v4"],
			reload: RELOAD_SOCKET,
			pending: "clients are not asked to move to another address",
		}),
		preferredV6: setting(optional(addressText()), {
			doc: "IPv6 address that clients are asked to move to after an anycast handshake",
			key: "preferred_v6",
			flag: "--server-preferred-v6",
			env: "MOQ_SERVER_PREFERRED_V6",
			aliases: ["server.preferred_v6"],
			reload: RELOAD_SOCKET,
			pending: "clients are not asked to move to another address",
		}),
		quicLbId: setting(optional(pattern(/^([0-9A-Fa-f]{2}){1,15}$/, "1 to 15 bytes in hex", "HEX")), {
			doc: "Server id that QUIC-LB load balancers find in connection ids",
			flag: "--server-quic-lb-id",
			env: "MOQ_SERVER_QUIC_LB_ID",
			aliases: ["server.quic_lb_id"],
			reload: RELOAD_SOCKET,
			pending: "connection ids carry no QUIC-LB server id",
		}),
		quicLbNonce: setting(optional(count(4, 18)), {
			doc: "Random bytes after the QUIC-LB server id; all together at most 20",
			flag: "--server-quic-lb-nonce",
			env: "MOQ_SERVER_QUIC_LB_NONCE",
			aliases: ["server.quic_lb_nonce"],
			reload: RELOAD_SOCKET,
			pending: "connection ids carry no QUIC-LB server id",
		}),
	},
);

/** The settings of `[client.quic]`. */
export const clientQuicTable: Table<QuicConfig> = table(
	{ doc: "QUIC of the connections that this relay opens" },
	{
		...shared({ reload: RELOAD_LINKS }),
		maxStreams: maxStreams("client", 1024, { reload: RELOAD_LINKS }),
	},
);

type SideFacts = Pick<SettingFacts, "reload" | "pending">;

function maxStreams(side: string, fallback: number, facts: SideFacts): Setting<number> {
	return setting(count(1, 1_000_000), {
		doc: "Streams of each kind that the peer may have open on one connection",
		fallback,
		oldFlags: [`--${side}-max-streams`],
		aliases: [`${side}.max_streams`],
		...facts,
	});
}

function shared(facts: SideFacts): Omit<Entries<QuicConfig>, "maxStreams"> {
	return {
		gso: setting(toggle(), { doc: "Hand several packets to the kernel at once", fallback: true, ...facts }),
		idleTimeoutMs: setting(duration(), {
			doc: "A connection that is silent for this long is over",
			key: "idle_timeout",
			fallback: "30s",
			...facts,
		}),
		keepAliveMs: setting(duration(), {
			doc: 'Pause between keep-alive packets on a quiet connection; "0s" is off',
			key: "keep_alive",
			fallback: "5s",
			...facts,
		}),
		mtuDiscovery: setting(toggle(), {
			doc: "Look for packet sizes above 1200 bytes",
			fallback: false,
			...facts,
		}),
		congestionControl: setting(optional(choice(["cubic", "bbr", "loss", "delay"])), {
			doc: "What tells congestion: loss is cubic, the default, and delay is bbr",
			...facts,
		}),
		qlog: setting(optional(text("a folder", "DIR")), {
			doc: "Folder for qlog files",
			...facts,
			pending: "no qlog files are written",
		}),
	};
}

function addressText(): Kind<string> {
	return text("an address with a port", "IP:PORT");
}
