// Sends timed metadata to what is on air, beside the picture in which it comes back.
// Promise: what is sent is bounded as the API bounds it, in bytes; what came back is what a player read.
import { useEffect, useRef, useState } from "preact/hooks";
import { Badge, Button, Card, Empty, Field, Form, Notice } from "../ui/kit";
import { Player, type TimedText } from "../ui/player";
import { ivs } from "../wire/call";
import { useMay } from "../wire/may";
import type { Part } from "./channel";
import { useSource } from "./channel-watch";

/** Bytes of one text (API reference, PutMetadata). */
const MOST = 1_024;
/** Texts that are listed. */
const KEPT = 50;

/** One text: when it was sent from here, when a player read it, when its moment came. */
interface Row {
  id: number;
  text: string;
  sent?: number;
  read?: number;
  shown?: number;
  isInband?: boolean;
}

export function Metadata({ channel, stream }: Part) {
  const may = useMay("ivs:PutMetadata", channel.arn);
  const source = useSource(channel);
  const [rows, setRows] = useState<Row[]>([]);
  const [awaited] = useState(() => new Awaited());
  const video = useRef<HTMLVideoElement | null>(null);
  const next = useRef(0);

  const put = (row: Omit<Row, "id">) => {
    next.current += 1;
    const id = next.current;
    setRows((rows) => [{ id, ...row }, ...rows].slice(0, KEPT));
    return id;
  };
  const change = (id: number, change: Partial<Row>) => setRows((rows) => rows.map((row) => (row.id === id ? { ...row, ...change } : row)));
  const heard = ({ text, at, isInband }: TimedText) => {
    const read = Date.now();
    // The oldest that was sent with this text and did not come back yet.
    const sent = isInband ? undefined : rows.filter((row) => row.text === text && row.sent !== undefined && row.read === undefined).at(-1);
    if (sent) change(sent.id, { read });
    awaited.add({ id: sent?.id ?? put({ text, read, isInband }), at });
  };
  useEffect(() => {
    const timer = window.setInterval(() => {
      for (const { id } of awaited.due(video.current?.currentTime ?? 0)) change(id, { shown: Date.now() });
    }, 50);
    return () => window.clearInterval(timer);
  }, []);
  const send = async (text: string) => {
    // Before the answer: the text may come back sooner than that.
    const id = put({ text, sent: Date.now() });
    try {
      await ivs("PutMetadata", { channelArn: channel.arn, metadata: text });
    } catch (error) {
      setRows((rows) => rows.filter((row) => row.id !== id));
      throw error;
    }
  };
  return (
    <div class="columns">
      <div class="stack">
        {may ? <Send onSend={send} onAir={Boolean(stream)} /> : <Notice kind="note">This key may not send metadata (ivs:PutMetadata).</Notice>}
        <Card title="What was sent and what came">
          {rows.length === 0 && <Empty>Nothing yet. Texts of encoders and of other programs appear here too.</Empty>}
          {rows.length > 0 && (
            <ul class="news came" aria-live="polite">
              {rows.map((row) => (
                <Came key={row.id} {...row} />
              ))}
            </ul>
          )}
        </Card>
      </div>
      <Card title="Picture">
        {source ? (
          <Player src={source} name={channel.arn} label="Live video" onMetadata={heard} onVideo={(here) => (video.current = here)} />
        ) : (
          source === null && <Empty>This key may not watch the channel, so it does not see what comes back.</Empty>
        )}
      </Card>
    </div>
  );
}

function Came({ text, sent, read, shown, isInband }: Row) {
  const after = (moment: number | undefined) => (sent !== undefined && moment !== undefined ? `${((moment - sent) / 1_000).toFixed(1)} s` : undefined);
  return (
    <li>
      <time>{new Date(sent ?? read ?? 0).toLocaleTimeString()}</time>
      <div>
        <code>{text}</code>
        <p class="faint">
          {sent === undefined && (isInband ? <Badge>from the encoder</Badge> : <Badge>from elsewhere</Badge>)}{" "}
          {read === undefined ? "sent" : sent === undefined ? "in the player" : `in the player after ${after(read)}`}
          {shown !== undefined && (sent === undefined ? ", shown" : `, with its picture after ${after(shown)}`)}
        </p>
      </div>
    </li>
  );
}

/** Texts that were read and whose moment is to come. */
class Awaited {
  #waiting: { id: number; at: number }[] = [];

  add(one: { id: number; at: number }): void {
    this.#waiting = [...this.#waiting, one].slice(-KEPT);
  }

  /** Those whose moment has come; each once. */
  due(now: number): { id: number }[] {
    const due = this.#waiting.filter(({ at }) => at <= now);
    this.#waiting = this.#waiting.filter(({ at }) => at > now);
    return due;
  }
}

function Send({ onSend, onAir }: { onSend: (text: string) => Promise<void>; onAir: boolean }) {
  const [text, setText] = useState('{"title": "Hello", "text": "from the console"}');
  const size = new TextEncoder().encode(text).length;
  const isOver = size > MOST;
  const json = wordsOfJson(text);
  const squeeze = () => setText(JSON.stringify(JSON.parse(text)));
  return (
    <Card title="Send metadata">
      <Form label="Send metadata">
        <Field label="Text" name="metadata" fault={isOver ? `${size - MOST} bytes too many.` : undefined} help="Every viewer gets it with the picture that comes next. Five a second at most on a channel where the limits are those of AWS (limits = aws).">
          <textarea value={text} rows={4} spellcheck={false} onInput={({ currentTarget: { value } }) => setText(value)} />
        </Field>
        <p class="faint" role="status">
          {size} of {MOST} bytes. {json}
        </p>
        <div class="acts">
          {json === "Valid JSON." && <Button onPress={squeeze}>Without spaces</Button>}
          <Button onPress={() => setText('{"title": "", "text": ""}')}>Caption</Button>
          <Button type="submit" kind="main" disabled={!onAir || size === 0 || isOver} onPress={() => onSend(text)}>
            Send
          </Button>
        </div>
        {!onAir && <p class="faint">Metadata goes with pictures: something must be on air.</p>}
      </Form>
    </Card>
  );
}

/** What can be said of a text that may be meant as JSON. */
function wordsOfJson(text: string): string {
  try {
    JSON.parse(text);
    return "Valid JSON.";
  } catch (error) {
    return /^\s*[[{]/.test(text) ? `Not JSON: ${(error as Error).message}` : "Plain text.";
  }
}
