// Access keys and policies as the desk tells them.
// Promise: what these say is what crates/rillcast/src/desk/{keys,policies}.rs answer.
import { desk } from "../wire/call";

export interface AccessKey {
  accessKeyId: string;
  name: string;
  active: boolean;
  /** A ready-made policy's name, or `custom`. */
  policy: string;
  document: string;
  /** Milliseconds since 1970. */
  created: number;
  lastUsed?: number;
  own: boolean;
}

export interface MadeKey {
  key: AccessKey;
  secretAccessKey: string;
  region: string;
}

export interface Policies {
  readyMade: { name: string; document: string }[];
  actions: string[];
  conditionKeys: { name: string; meaning: string }[];
}

export interface Checked {
  valid: boolean;
  error?: string;
  allowed?: boolean;
  decision?: string;
  explanation?: string[];
}

const NAMES: Record<string, string> = { admin: "Everything", "read-only": "Read only", application: "Run streams", custom: "Own policy" };

export const readyMadeName = (name: string): string => NAMES[name] ?? name;

export const policyName = ({ policy }: AccessKey): string => readyMadeName(policy);

/** The account's keys. */
export const keys = async (signal: AbortSignal): Promise<AccessKey[]> => (await desk<{ keys: AccessKey[] }>("GET", "keys", { signal })).keys;

/** What policies are made of. */
export const policies = (signal: AbortSignal): Promise<Policies> => desk<Policies>("GET", "policies", { signal });

/** Disables a key, or enables it again. */
export const change = (id: string, act: "disable" | "enable"): Promise<unknown> => desk("POST", `keys/${id}/${act}`, { body: {} });

export const setPolicy = (id: string, policy: string): Promise<unknown> => desk("PUT", `keys/${id}/policy`, { body: { policy } });

export const remove = (id: string): Promise<unknown> => desk("DELETE", `keys/${id}`);

export const create = (name: string, policy: string): Promise<MadeKey> => desk<MadeKey>("POST", "keys", { body: { name, policy } });

export const check = (body: { policy: string; action?: string; resource?: string; context?: Record<string, string[]> }, signal?: AbortSignal): Promise<Checked> =>
  desk<Checked>("POST", "policies/check", { body, ...(signal ? { signal } : {}) });
