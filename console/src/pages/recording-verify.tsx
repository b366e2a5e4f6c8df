// Is a recording whole? Every object is looked at, with progress and what was found.
// Promise: the verdict is the server's; leaving the page ends the work.
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Card, Notice } from "../ui/kit";
import { asFailure } from "../ui/load";
import { bytes } from "../ui/words";
import type { Failure } from "../wire/call";
import { type Report, type Row, verify } from "./recording-wire";

export function Verify({ row }: { row: Row }) {
  const [part, setPart] = useState<number>();
  const [report, setReport] = useState<Report>();
  const [failure, setFailure] = useState<Failure>();
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const begin = async () => {
    const own = new AbortController();
    stop.current = own;
    setReport(undefined);
    setFailure(undefined);
    setPart(0);
    try {
      setReport(await verify(row.id, row.channelArn, setPart, own.signal));
    } catch (error) {
      if (!own.signal.aborted) setFailure(asFailure(error));
    } finally {
      setPart(undefined);
    }
  };
  return (
    <Card
      title="Is it whole?"
      acts={part === undefined ? <Button small onPress={begin}>Verify</Button> : <Button small onPress={() => stop.current?.abort()}>Stop</Button>}
    >
      {part !== undefined && <progress aria-label="Verifying" value={part} max={1} />}
      {part === undefined && !report && !failure && <p class="faint">Reads every object to its last picture, and compares it with what the recording says of itself.</p>}
      <Notice failure={failure} />
      {report && <Found report={report} />}
    </Card>
  );
}

function Found({ report }: { report: Report }) {
  const size = `${report.objects} objects, ${bytes(report.bytes)}`;
  const faults = report.faults.length + report.moreFaults;
  return (
    <>
      <Notice kind={report.good ? "good" : "bad"}>
        {report.good ? `Whole${report.isGoingOn ? " so far: it goes on" : ""}: ${size}.` : `Damaged: ${faults === 1 ? "one fault" : `${faults} faults`} in ${size}.`}
      </Notice>
      <Findings title="Faults" of={report.faults} more={report.moreFaults} />
      <Findings title="Worth knowing" of={report.notes} more={report.moreNotes} />
    </>
  );
}

function Findings({ title, of, more }: { title: string; of: Report["faults"]; more: number }) {
  if (of.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="findings" tabIndex={0} aria-label={title}>
        {of.map(({ object, words }, at) => (
          <li key={at}>
            <code>{object}</code> {words}
          </li>
        ))}
        {more > 0 && <li>and {more} more</li>}
      </ul>
    </>
  );
}
