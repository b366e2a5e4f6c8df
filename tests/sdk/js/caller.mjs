// The AWS SDK for JavaScript, kept running: one call in, what the SDK made of the answer out.
//
// Promise: an error is told as the SDK's user sees it: its class, its name, its message; nothing is read past the SDK.

import readline from "node:readline";

const [sdk, name] = process.env.STORY_SERVICE === "ivschat"
  ? [await import("@aws-sdk/client-ivschat"), "Ivschat"]
  : [await import("@aws-sdk/client-ivs"), "Ivs"];

const client = new sdk[`${name}Client`]({
  endpoint: process.env.STORY_ENDPOINT,
  region: process.env.AWS_REGION,
  maxAttempts: 1,
});

const verbs = {
  async call({ operation, input }) {
    const { $metadata, ...output } = await client.send(new sdk[`${operation}Command`](input));
    return { output, status: $metadata.httpStatusCode };
  },

  async pages({ operation, input, size }) {
    const pages = [];
    for await (const page of sdk[`paginate${operation}`]({ client, pageSize: size }, input)) {
      const { $metadata, ...output } = page;
      pages.push(output);
    }
    return { output: pages };
  },
};

function refusal(error) {
  const { name, message, exceptionMessage, $metadata } = error;
  const typed = typeof sdk[name] === "function" && error instanceof sdk[name];
  return { code: name, text: message, exceptionMessage, typed, status: $metadata?.httpStatusCode ?? null };
}

async function answer(asked) {
  try {
    return await verbs[asked.verb](asked);
  } catch (error) {
    if (error instanceof sdk[`${name}ServiceException`]) return { refusal: refusal(error) };
    return { failure: String(error?.stack ?? error) };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
