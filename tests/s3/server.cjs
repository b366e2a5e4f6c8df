// An S3 service for tests: s3rver, which keeps its objects in a folder, made as strict as the real one.
//
// Promise: a call whose signature is wrong is refused, unsigned ones may only read; an object is there whole or
// not at all, also when this process is killed; the process ends when its standard input does.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { Transform } = require("node:stream");
const { pipeline } = require("node:stream/promises");

const S3rver = require("s3rver");
const account = require("s3rver/lib/models/account").DUMMY_ACCOUNT;
const Store = require("s3rver/lib/stores/filesystem");
const S3Error = require("s3rver/lib/models/error");
const S3Object = require("s3rver/lib/models/object");

const [folder, port, id, secret] = process.argv.slice(2);
account.createKeyPair(id, secret);

const sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex");
const hmac = (key, text) => crypto.createHmac("sha256", key).update(text).digest();

// --- Signatures (SigV4 in the header, as "Signature Calculations for the Authorization Header" has it) ---

/// Why this request is refused; nothing if it is good.
function refusal(request) {
  const given = request.headers.authorization;
  if (given === undefined) return ["GET", "HEAD", "OPTIONS"].includes(request.method) ? undefined : "AccessDenied";
  const found = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(given);
  if (!found) return "AuthorizationHeaderMalformed";
  const [, by, scope, names, signature] = found;
  if (by !== id) return "InvalidAccessKeyId";
  const [target, query = ""] = request.url.split("?");
  const sorted = query.split("&").filter(Boolean).map((pair) => (pair.includes("=") ? pair : `${pair}=`)).sort();
  const headers = names.split(";").map((name) => `${name}:${String(request.headers[name] ?? "").trim().replace(/ +/g, " ")}\n`);
  const canonical = [
    request.method,
    target.split("/").map((step) => plain(decodeURIComponent(step))).join("/"),
    sorted.join("&"),
    headers.join(""),
    names,
    request.headers["x-amz-content-sha256"],
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce(hmac, `AWS4${secret}`);
  return hmac(key, toSign).toString("hex") === signature ? undefined : "SignatureDoesNotMatch";
}

function plain(step) {
  return encodeURIComponent(step).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function refuse(request, response, code) {
  response.writeHead(403, { "Content-Type": "application/xml", Connection: "close" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>refused</Message></Error>`);
  request.resume();
}

// --- Objects, whole or not at all ---

/// Writes `content` to `file` by way of a draft; its size and MD5 sum.
async function keep(content, file, promised) {
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.draft-${crypto.randomBytes(8).toString("hex")}`;
  const [md5, sum] = [crypto.createHash("md5"), crypto.createHash("sha256")];
  let size = 0;
  const count = new Transform({
    transform(chunk, _, done) {
      size += chunk.length;
      md5.update(chunk);
      sum.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(Buffer.isBuffer(content) ? [content] : content, count, fs.createWriteStream(draft));
    if (/^[0-9a-f]{64}$/.test(promised ?? "") && sum.digest("hex") !== promised) {
      throw new S3Error("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match.");
    }
    return { size, md5: md5.digest("hex"), name: () => fs.promises.rename(draft, file) };
  } catch (error) {
    await fs.promises.rm(draft, { force: true });
    throw error;
  }
}

Store.prototype.putObject = async function (object) {
  // Parts that are put together have no such header.
  const promised = object.content.headers?.["x-amz-content-sha256"];
  const file = this.getResourcePath(object.bucket, object.key, "object");
  const { size, md5, name } = await keep(object.content, file, promised);
  await this.putMetadata(object.bucket, object.key, object.metadata, md5);
  await name();
  return { size, md5 };
};

Store.prototype.putPart = async function (bucket, uploadId, number, content) {
  const part = path.join(this.getResourcePath(bucket, undefined, "uploads"), uploadId, String(number));
  const { size, md5, name } = await keep(content, part, content.headers?.["x-amz-content-sha256"]);
  await fs.promises.writeFile(`${part}.md5`, md5);
  await name();
  return { size, md5 };
};

/// What it lacks: an upload in parts is given up.
async function abort(url, response) {
  const [, bucket] = url.pathname.split("/");
  const id = path.basename(url.searchParams.get("uploadId"));
  await fs.promises.rm(path.join(folder, bucket, "._S3rver_uploads", id), { recursive: true, force: true });
  response.writeHead(204).end();
}

// --- Lists, in the order of keys ---

const MARK = "._S3rver_object";

/// The keys below a folder.
function* keysIn(folder, above = "") {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* keysIn(path.join(folder, entry.name), `${above}${entry.name}/`);
    else if (entry.name.endsWith(MARK)) yield above + entry.name.slice(0, -MARK.length);
  }
}

Store.prototype.listObjects = async function (bucket, { delimiter, startAfter = "", prefix = "", maxKeys = 1000 }) {
  const [objects, commonPrefixes] = [[], new Set()];
  const found = [...keysIn(this.getBucketPath(bucket))].filter((key) => key > startAfter && key.startsWith(prefix));
  let isTruncated = false;
  for (const key of found.sort()) {
    const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    if (end >= 0) commonPrefixes.add(key.slice(0, end + delimiter.length));
    else if ((isTruncated = objects.length >= maxKeys)) break;
    else objects.push(new S3Object(bucket, key, null, await this.getMetadata(bucket, key)));
  }
  return { objects, commonPrefixes: [...commonPrefixes].sort(), isTruncated };
};

/// It hides its continuation tokens by DES, which OpenSSL no longer has alone; three times the same key is the same.
for (const name of ["createCipheriv", "createDecipheriv"]) {
  const make = crypto[name];
  crypto[name] = (kind, key, iv) =>
    kind === "des" ? make("des-ede3-cbc", Buffer.concat([key, key, key]), iv) : make(kind, key, iv);
}

// --- The process ---

const s3 = new S3rver({ directory: folder, silent: true, vhostBuckets: false });
const answer = s3.callback();
const server = http.createServer((request, response) => {
  const code = refusal(request);
  const url = new URL(request.url, "http://s3");
  if (code !== undefined) refuse(request, response, code);
  else if (request.method === "DELETE" && url.searchParams.has("uploadId")) abort(url, response);
  else answer(request, response);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit(0));
