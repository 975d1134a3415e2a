/** A relay that needs no file: with links to those that it is told, and open to everyone unless the flags say otherwise. */
import { lastingPort } from "./lasting-port.ts";
import { RelayNode } from "./relay-node.ts";

/** Where one listens, if not on free ports; with `--cluster-root` among the flags it is known by this port too. */
export interface PlainSeat {
	readonly port: number;
	readonly internalPort: number;
}

/** Plan one on loopback; it is not started. */
export async function plainNode(
	name: string,
	connect: readonly string[],
	{ flags = [], seat }: { readonly flags?: readonly string[]; readonly seat?: PlainSeat } = {},
): Promise<RelayNode> {
	const host = "127.0.0.1";
	const { port, internalPort } = seat ?? { port: await lastingPort(), internalPort: await lastingPort() };
	const own = ["--server-bind", `${host}:${port}`, "--tls-generate", "localhost,127.0.0.1"];
	const open = flags.includes("--auth-key") ? [] : ["--auth-public", ""];
	const links = connect.length === 0 ? [] : ["--cluster-connect", connect.join(",")];
	const joins = flags.includes("--cluster-root") ? ["--cluster-node", `https://${host}:${port}/`] : [];
	const rest = ["--internal-listen", `${host}:${internalPort}`, "--client-tls-disable-verify=true"];
	return new RelayNode({
		name,
		host,
		port,
		internalPort,
		args: [...own, ...open, ...links, ...joins, ...rest, ...flags],
	});
}
