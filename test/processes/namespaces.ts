/** Relays in network namespaces of their own, and a router between them that can lose what one sends to another. Linux, as root. */
import { execFileSync } from "node:child_process";

/** A router in a namespace, and a seat for each relay; all of it goes with the disposal. */
export class Namespaces implements Disposable {
	readonly #prefix: string;
	readonly #seats: string[] = [];
	readonly #lost = new Set<string>();
	readonly #subnet: string;

	/** `subnet`: two bytes such as "10.99"; the machine reaches all seats by the router. @throws Error without the rights */
	constructor(subnet: string = "10.99") {
		this.#subnet = subnet;
		// Names of links are 15 characters at most; the last ones of a former instance may still be on their way out.
		this.#prefix = `m${process.pid}${String.fromCharCode(97 + (instances++ % 26))}`;
		if (process.getuid?.() !== 0) throw new Error("network namespaces need root; nothing was tried without");
		ip("netns", "add", this.#router);
		try {
			const outside = `${this.#prefix}h`;
			ip("link", "add", outside, "type", "veth", "peer", "name", "out", "netns", this.#router);
			ip("addr", "add", `${subnet}.0.1/30`, "dev", outside);
			ip("link", "set", outside, "up");
			this.#inside(this.#router, "addr", "add", `${subnet}.0.2/30`, "dev", "out");
			this.#inside(this.#router, "link", "set", "out", "up");
			execFileSync("ip", ["netns", "exec", this.#router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
			ip("route", "add", `${subnet}.0.0/16`, "via", `${subnet}.0.2`);
		} catch (error) {
			this[Symbol.dispose]();
			throw error;
		}
	}

	get #router(): string {
		return `${this.#prefix}r`;
	}

	/** The address of seat `at`, whether or not it is there yet. */
	host(at: number): string {
		return `${this.#subnet}.${at + 1}.2`;
	}

	/** One more seat: its namespace. */
	add(): string {
		const at = this.#seats.length;
		const name = `${this.#prefix}n${at}`;
		const gateway = `${this.#subnet}.${at + 1}.1`;
		ip("netns", "add", name);
		this.#seats.push(name);
		ip("link", "add", `v${at}`, "netns", this.#router, "type", "veth", "peer", "name", "e", "netns", name);
		this.#inside(this.#router, "addr", "add", `${gateway}/30`, "dev", `v${at}`);
		this.#inside(this.#router, "link", "set", `v${at}`, "up");
		this.#inside(name, "addr", "add", `${this.host(at)}/30`, "dev", "e");
		this.#inside(name, "link", "set", "e", "up");
		this.#inside(name, "link", "set", "lo", "up");
		this.#inside(name, "route", "add", "default", "via", gateway);
		return name;
	}

	/** From now on, nothing that `from` sends reaches `to`; the other way is not touched. Nobody is told. */
	lose(from: string, to: string): void {
		this.#inside(this.#router, "rule", "add", "from", from, "to", to, "blackhole");
		this.#lost.add(`${from} ${to}`);
	}

	/** Everything gets through again. */
	heal(): void {
		for (const way of this.#lost) {
			const [from = "", to = ""] = way.split(" ");
			this.#inside(this.#router, "rule", "del", "from", from, "to", to, "blackhole");
		}
		this.#lost.clear();
	}

	[Symbol.dispose](): void {
		// The route goes with its link. A namespace itself goes later than its name, when the last socket in it is gone.
		ip("link", "del", `${this.#prefix}h`);
		for (const name of [...this.#seats, this.#router]) ip("netns", "del", name);
	}

	#inside(namespace: string, ...args: readonly string[]): void {
		ip("-n", namespace, ...args);
	}
}

let instances = 0;

function ip(...args: readonly string[]): void {
	execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
