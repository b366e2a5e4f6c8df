// Answers that come a line of JSON at a time.
// Promise: a line is given when it is whole; what is cut off in the middle is not.

export async function* lines(answer: Response): AsyncGenerator<string> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    const parts = (rest + next.value).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter(Boolean);
  }
}
