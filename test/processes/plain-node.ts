/** A relay that needs no file: open to everyone, with links to those that it is told. */
import { freePort } from "../relay-process.ts";
import { RelayNode } from "./relay-node.ts";

/** Plan one on free ports of loopback; it is not started. */
export async function plainNode(
	name: string,
	connect: readonly string[],
	flags: readonly string[] = [],
): Promise<RelayNode> {
	const host = "127.0.0.1";
	const [port, internalPort] = [await freePort(), await freePort()];
	const own = ["--server-bind", `${host}:${port}`, "--tls-generate", "localhost,127.0.0.1", "--auth-public", ""];
	const links = connect.length === 0 ? [] : ["--cluster-connect", connect.join(",")];
	const open = ["--internal-listen", `${host}:${internalPort}`, "--client-tls-disable-verify=true"];
	return new RelayNode({ name, host, port, internalPort, args: [...own, ...links, ...open, ...flags] });
}
