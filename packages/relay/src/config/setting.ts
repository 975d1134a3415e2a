/**
 * A setting, and a table of settings: everything that file, environment, flags, help and documentation need to know.
 * @module
 */
import * as v from "valibot";
import type { Kind } from "./kind.ts";

/** What is told of a setting beside its kind. */
export interface SettingFacts {
	/** One sentence without a final period: what it does. */
	readonly doc: string;
	/** Whether a change counts while the relay runs, or why not. */
	readonly reload: string;
	/** Its name in its table; by default the property's in snake_case. */
	readonly key?: string;
	/** The value when nobody gives one, as in a file; absent without a default. */
	readonly fallback?: unknown;
	/** By default `--` and the path with dashes. */
	readonly flag?: string;
	/** Flags of earlier releases. */
	readonly oldFlags?: readonly string[];
	/** By default `MOQ_` and the path with underscores. */
	readonly env?: string;
	/** Whole paths of earlier releases: `server.listen`. */
	readonly aliases?: readonly string[];
	/** It does nothing yet: one sentence that says so. Given with another value than the default, it is reported. */
	readonly pending?: string;
	/** Its value is never shown. */
	readonly secret?: boolean;
	/** An empty flag or variable is a value; otherwise an empty variable counts as absent. */
	readonly emptyIsValue?: boolean;
	/** Older spellings that mean other settings of the same table; undefined when the value is an ordinary one. */
	readonly expand?: (value: unknown) => Readonly<Record<string, unknown>> | undefined;
}

/** One setting. */
export interface Setting<T> {
	readonly kind: Kind<T>;
	readonly facts: SettingFacts;
}

/** A way to write a whole table as one value (`public = "demo"`), as a flag and a variable too. */
export interface Shorthand {
	readonly flag: string;
	readonly env: string;
	readonly doc: string;
	readonly reload: string;
	readonly placeholder: string;
	readonly fromText: (text: string) => unknown;
	/** The table that the value stands for; undefined when it is no such value. */
	readonly expand: (value: unknown) => Readonly<Record<string, unknown>> | undefined;
}

/** What is told of a table. */
export interface TableFacts {
	/** One sentence without a final period. */
	readonly doc: string;
	readonly key?: string;
	readonly shorthand?: Shorthand;
}

/** A table; `T` is what the program sees. */
export interface Table<T> {
	/** Checks the table with all properties present, by property name. */
	readonly schema: v.GenericSchema<unknown, T>;
	readonly entries: Readonly<Record<string, Setting<unknown> | Table<unknown>>>;
	readonly facts: TableFacts;
}

/** The entries of a table by property name. */
export type Entries<T> = { readonly [K in keyof T]-?: Setting<T[K]> | Table<T[K]> };

/** Declare a setting. */
export function setting<T>(kind: Kind<T>, facts: SettingFacts): Setting<T> {
	return { kind, facts };
}

/** Declare a table: strict, and of exactly the properties of `T`. */
export function table<T>(facts: TableFacts, entries: Entries<T>): Table<T> {
	const list = Object.entries<Setting<unknown> | Table<unknown>>(entries);
	const schemas = Object.fromEntries(
		list.map(([name, entry]) => [name, isTable(entry) ? entry.schema : entry.kind.schema]),
	);
	// `Entries` ties each property's schema to its type; valibot cannot express that for a computed object.
	const schema = v.strictObject(schemas) as unknown as v.GenericSchema<unknown, T>;
	return { schema, entries: Object.fromEntries(list), facts };
}

/** Whether an entry is a table. */
export function isTable(entry: Setting<unknown> | Table<unknown>): entry is Table<unknown> {
	return "entries" in entry;
}
