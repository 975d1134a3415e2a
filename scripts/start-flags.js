/** The command line of `npm start`: `--port`, `--host` and `--help` are its own, all others go to `moq-relay`. */
import { hostname, networkInterfaces } from "node:os";

export const USAGE = `npm start -- [--port PORT] [--host] [flags of moq-relay]

  --port PORT   UDP and TCP port of the relay and its page (4443)
  --host        listen on all addresses, so that other machines can watch; the page is then at https://
  --help        this text; "npx moq-relay --help" lists the flags of the relay (after "npm run build")
`;

/** Thrown for a command line that can't be used; the message is one line. */
export class FlagError extends Error {}

/** Read the command line. @throws FlagError */
export function readFlags(args) {
	let port = 4443;
	let isOpen = false;
	const passed = [];
	for (let at = 0; at < args.length; at++) {
		const [flag, inline] = args[at].split(/=(.*)/s);
		if (flag === "--host" && inline === undefined) isOpen = true;
		else if (flag === "--host") throw new FlagError("--host takes no value; it listens on all addresses");
		else if (flag === "--port") port = readPort(inline ?? args[++at]);
		else passed.push(args[at]);
	}
	return { port, isOpen, passed };
}

/** The names that the throw-away certificate is for. */
export function certificateNames({ isOpen }) {
	const own = ["localhost", "127.0.0.1", "::1"];
	return isOpen ? [...new Set([...own, hostname(), ...outsideAddresses()])] : own;
}

/** The addresses of the page, the best first. */
export function pageAddresses({ isOpen, port }) {
	const local = `http://localhost:${port}/`;
	if (!isOpen) return [local];
	const hosts = outsideAddresses().map((address) => (address.includes(":") ? `[${address}]` : address));
	return [...(hosts.length === 0 ? [hostname()] : hosts).map((host) => `https://${host}:${port}/`), local];
}

/** Addresses of this machine that others may reach, IPv4 first. */
function outsideAddresses() {
	const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	const usable = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
	return usable.map(({ address }) => address).sort((a, b) => Number(a.includes(":")) - Number(b.includes(":")));
}

function readPort(text) {
	const port = /^\d{1,5}$/.test(text ?? "") ? Number(text) : 0;
	if (port < 1 || port > 65535) throw new FlagError(`--port takes a number from 1 to 65535, not "${text ?? ""}"`);
	return port;
}
