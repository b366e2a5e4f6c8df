// Calls to this server, signed in the browser as any SDK signs them (AWS Signature Version 4).
// Promise: every failure is a `Failure` with words for a person; nothing is sent to another server.
import { Sha256 } from "@aws-crypto/sha256-js";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import { dropKey, heldKey, type Key } from "./session";

/** Why a call did not do what it was to. */
export class Failure extends Error {
  constructor(
    /** What the server calls it, such as `ValidationException`; `Unreachable` when there was no answer. */
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

type Service = "ivs" | "ivschat";
type Query = Record<string, string | number | undefined>;

interface Asked {
  method: string;
  path: string;
  query?: Query;
  body?: unknown;
  service: Service;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Codes that mean that the key itself is not (or no longer) good. */
const BAD_KEY = new Set(["UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId"]);

async function send(key: Key, asked: Asked): Promise<Response> {
  const text = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const query = Object.fromEntries(
    Object.entries(asked.query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  const request = new HttpRequest({
    method: asked.method,
    protocol: location.protocol,
    hostname: location.hostname,
    path: asked.path,
    query,
    headers: {
      host: location.host,
      ...(text === undefined ? {} : { "content-type": "application/json" }),
      ...asked.headers,
    },
    ...(text === undefined ? {} : { body: text }),
  });
  const signer = new SignatureV4({
    service: asked.service,
    region: key.region,
    credentials: { accessKeyId: key.id, secretAccessKey: key.secret },
    sha256: Sha256,
  });
  const { headers } = await signer.sign(request);
  delete headers["host"]; // the browser's own to send
  const search = new URLSearchParams(query).toString().replaceAll("+", "%20");
  const url = asked.path + (search ? `?${search}` : "");
  try {
    return await fetch(url, { method: asked.method, headers, body: text ?? null, signal: asked.signal ?? null });
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new Failure("Unreachable", "The server does not answer. Is it running, and is this machine online?", 0);
  }
}

/** The server's refusal, in its own words. */
export async function failureIn(answer: Response): Promise<Failure> {
  const told = (await answer.json().catch(() => ({}))) as { message?: string; exceptionMessage?: string };
  const code = (answer.headers.get("x-amzn-errortype") ?? "").split(":")[0] || `HTTP ${answer.status}`;
  return new Failure(code, told.message ?? told.exceptionMessage ?? answer.statusText, answer.status);
}

/** The answer to a signed request, whatever its body is. */
export async function ask(asked: Asked, key: Key | undefined = heldKey()): Promise<Response> {
  if (!key) throw new Failure("SignedOut", "Sign in first.", 401);
  let answer = await send(key, asked);
  // As SDKs do: what came too fast did nothing, and may come again a moment later.
  for (let wait = 300; answer.status === 429 && wait < 5_000; wait *= 2) {
    await new Promise((done) => setTimeout(done, wait * (0.75 + Math.random() / 2)));
    answer = await send(key, asked);
  }
  if (answer.ok) return answer;
  const failure = await failureIn(answer);
  if (BAD_KEY.has(failure.code) && heldKey()?.id === key.id) {
    dropKey();
    window.dispatchEvent(new CustomEvent("rillcast-signed-out", { detail: failure.message }));
  }
  throw failure;
}

async function json<T>(asked: Asked, key?: Key): Promise<T> {
  const text = await (await ask(asked, key)).text();
  return (text ? JSON.parse(text) : {}) as T;
}

/** An operation of IVS: `ivs("GetChannel", { arn })`. */
export const ivs = <T = Record<string, unknown>>(operation: string, input: unknown = {}, signal?: AbortSignal) =>
  json<T>({ method: "POST", path: `/${operation}`, body: input, service: "ivs", ...(signal ? { signal } : {}) });

/** An operation of IVS Chat. */
export const ivschat = <T = Record<string, unknown>>(operation: string, input: unknown = {}, signal?: AbortSignal) =>
  json<T>({ method: "POST", path: `/${operation}`, body: input, service: "ivschat", ...(signal ? { signal } : {}) });

/** The house's own ways: `desk("GET", "machine")`; see crates/rillcast/src/desk/doors.rs and crates/events/src/admin.rs. */
export const desk = <T>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  { query, body, key, signal }: { query?: Query; body?: unknown; key?: Key; signal?: AbortSignal } = {},
) =>
  json<T>(
    {
      method,
      path: `/rillcast/v1/${path}`,
      service: "ivs",
      ...(query ? { query } : {}),
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    },
    key,
  );

/** All pages of a list, at most `most` items of them. */
export async function every<T>(
  page: (nextToken: string | undefined) => Promise<{ nextToken?: string; items: T[] }>,
  most = 10_000,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { nextToken, items } = await page(token);
    all.push(...items);
    token = nextToken;
  } while (token && all.length < most);
  return all;
}
