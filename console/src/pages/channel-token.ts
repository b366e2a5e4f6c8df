// Playback tokens and key pairs, made in the browser: ES384 by WebCrypto.
// Promise: a private key stays in the page; it is sent nowhere and kept nowhere.

/** What a token may say (user guide, "Generate and Sign IVS Playback Tokens"). */
export interface Claims {
  "aws:channel-arn": string;
  exp: number;
  "aws:viewer-id"?: string;
  "aws:viewer-session-version"?: number;
  "aws:single-use-uuid"?: string;
  "aws:access-control-allow-origin"?: string;
  "aws:strict-origin-enforcement"?: boolean;
  "aws:maximum-resolution"?: string;
}

const CURVE = { name: "ECDSA", namedCurve: "P-384" };

/** Browsers sign only where nobody on the way can have changed the page: with TLS, or on this machine. */
export const canSign = (): boolean => window.isSecureContext && Boolean(globalThis.crypto?.subtle);

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const base64url = (bytes: Uint8Array): string => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A block of PEM (RFC 7468). */
const pem = (label: string, bytes: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${base64(new Uint8Array(bytes)).replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${label}-----\n`;

/** The bytes of the first block with this label. */
function block(text: string, label: string): Uint8Array<ArrayBuffer> | undefined {
  const found = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  return found?.[1] ? Uint8Array.from(atob(found[1].replace(/\s/g, "")), (char) => char.charCodeAt(0)) : undefined;
}

/** One element of DER whose content has these parts. */
function der(tag: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Uint8Array.from([tag, ...length, ...parts.flatMap((part) => [...part])]);
}

// id-ecPublicKey (1.2.840.10045.2.1) and secp384r1 (1.3.132.0.34).
const EC = Uint8Array.from([0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]);
const P384 = Uint8Array.from([0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22]);

/** What `openssl ecparam -genkey` writes (RFC 5915) in the form that browsers read (RFC 5208). */
const wrapped = (key: Uint8Array) => der(0x30, der(0x02, Uint8Array.of(0)), der(0x30, EC, P384), der(0x04, key));

/** Reads a private key as openssl writes it, in either of its forms. */
export async function readPrivateKey(text: string): Promise<CryptoKey> {
  if (/BEGIN (ENCRYPTED PRIVATE KEY|PUBLIC KEY)/.test(text)) {
    throw new Error("This is not a plain private key. Decrypt it first, or take the other file of the pair.");
  }
  const plain = block(text, "PRIVATE KEY");
  const old = block(text, "EC PRIVATE KEY");
  const bytes = plain ?? (old && wrapped(old));
  if (!bytes) throw new Error("There is no private key in this text. It begins with -----BEGIN PRIVATE KEY----- or -----BEGIN EC PRIVATE KEY-----.");
  try {
    return await crypto.subtle.importKey("pkcs8", bytes, CURVE, false, ["sign"]);
  } catch {
    throw new Error("This private key can't be read. It must be an ECDSA key on the curve P-384 (secp384r1).");
  }
}

/** A token that says this. */
export async function sign(key: CryptoKey, claims: Claims): Promise<string> {
  const part = (value: unknown) => base64url(utf8(JSON.stringify(value)));
  const said = `${part({ alg: "ES384", typ: "JWT" })}.${part(claims)}`;
  const proof = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-384" }, key, new TextEncoder().encode(said));
  return `${said}.${base64url(new Uint8Array(proof))}`;
}

/** A fresh pair, in PEM. */
export async function makePair(): Promise<{ publicKey: string; privateKey: string }> {
  const pair = await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const [publicKey, privateKey] = await Promise.all([
    crypto.subtle.exportKey("spki", pair.publicKey),
    crypto.subtle.exportKey("pkcs8", pair.privateKey),
  ]);
  return { publicKey: pem("PUBLIC KEY", publicKey), privateKey: pem("PRIVATE KEY", privateKey) };
}

/** A random UUID, wherever the page came from. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
