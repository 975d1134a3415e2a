/**
 * Values by path, found from above and from below.
 * @module
 */
import { splitPath } from "@moq-relay/wire";

/**
 * A tree of path segments. Each path may hold one value (what is there) and any number of listeners (who wants to know
 * of it and of all below); empty nodes go at once.
 */
export class PathTree<Value, Listener> {
	readonly #root: Node<Value, Listener> = new Node();

	/** True when nothing is held. */
	get isEmpty(): boolean {
		return this.#root.isEmpty;
	}

	get(path: string): Value | undefined {
		let node: Node<Value, Listener> | undefined = this.#root;
		for (const segment of splitPath(path)) {
			node = node.children.get(segment);
			if (node === undefined) return undefined;
		}
		return node.value;
	}

	set(path: string, value: Value): void {
		this.#reach(path).value = value;
	}

	delete(path: string): void {
		this.#change(path, (node) => {
			node.value = undefined;
		});
	}

	listen(prefix: string, listener: Listener): void {
		this.#reach(prefix).listeners.add(listener);
	}

	unlisten(prefix: string, listener: Listener): void {
		this.#change(prefix, (node) => node.listeners.delete(listener));
	}

	/** Listeners of `path` and of everything above it. */
	listenersOf(path: string): Listener[] {
		let node: Node<Value, Listener> | undefined = this.#root;
		const found = [...node.listeners];
		for (const segment of splitPath(path)) {
			node = node.children.get(segment);
			if (node === undefined) break;
			found.push(...node.listeners);
		}
		return found;
	}

	/** Values at `prefix` and below. */
	valuesUnder(prefix: string): Value[] {
		let node: Node<Value, Listener> | undefined = this.#root;
		for (const segment of splitPath(prefix)) {
			node = node.children.get(segment);
			if (node === undefined) return [];
		}
		const found: Value[] = [];
		// Depth is bounded by `PATH_SEGMENTS_MAX`.
		const visit = (at: Node<Value, Listener>) => {
			if (at.value !== undefined) found.push(at.value);
			for (const child of at.children.values()) visit(child);
		};
		visit(node);
		return found;
	}

	#reach(path: string): Node<Value, Listener> {
		let node = this.#root;
		for (const segment of splitPath(path)) {
			let child = node.children.get(segment);
			if (child === undefined) {
				child = new Node();
				node.children.set(segment, child);
			}
			node = child;
		}
		return node;
	}

	#change(path: string, change: (node: Node<Value, Listener>) => void): void {
		const segments = splitPath(path);
		const line = [this.#root];
		for (const segment of segments) {
			const child = line.at(-1)?.children.get(segment);
			if (child === undefined) return;
			line.push(child);
		}
		const target = line.at(-1);
		if (target !== undefined) change(target);
		for (let depth = segments.length; depth > 0 && line[depth]?.isEmpty === true; depth--) {
			line[depth - 1]?.children.delete(segments[depth - 1] as string);
		}
	}
}

class Node<Value, Listener> {
	readonly children: Map<string, Node<Value, Listener>> = new Map();
	readonly listeners: Set<Listener> = new Set();
	value: Value | undefined;

	get isEmpty(): boolean {
		return this.value === undefined && this.listeners.size === 0 && this.children.size === 0;
	}
}
