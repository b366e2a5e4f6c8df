// A recording: played, looked through by its thumbnails, checked, downloaded, deleted.
// Promise: one that goes on is played from its start; nothing is offered that the key may not do.
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Card, Destroy, Facts as Values, Head, Notice } from "../ui/kit";
import { useLoad } from "../ui/load";
import { Player } from "../ui/player";
import { go, href } from "../ui/route";
import { bytes, idOf, moment, NONE, span } from "../ui/words";
import { useMay } from "../wire/may";
import { lengthOf, StateOf } from "./recording-list";
import { baseOf } from "./recording-picture";
import { Verify } from "./recording-verify";
import { deleteRecording, downloadLink, type Facts, getRecording, here, listRecordings, type Shot } from "./recording-wire";

const EVERY_MS = 10_000;
const MASTER = "media/hls/master.m3u8";

/** By its channel where the address names it, else it is looked up. */
async function load(id: string, channel: string | null, signal: AbortSignal): Promise<Facts | undefined> {
  const arn = channel ?? (await listRecordings({ id }, undefined, signal)).recordings[0]?.channelArn;
  return arn ? getRecording(id, arn, signal) : undefined;
}

export default function Recording({ names }: { names: Record<string, string> }) {
  const id = names["recording"] ?? "";
  const channel = new URLSearchParams(location.search).get("channel");
  const [isLooked, setLooked] = useState(false);
  const { value, failure } = useLoad(
    async (signal) => {
      const found = await load(id, channel, signal);
      setLooked(true);
      return found;
    },
    [id, channel],
    EVERY_MS,
  );
  const back: [string, string] = [href("/recordings"), "Recordings"];
  if (!value) {
    return (
      <>
        <Head title="Recording" back={back} />
        {failure ? <Notice failure={failure} /> : <p role="status">{isLooked ? "There is no such recording." : "Loading…"}</p>}
      </>
    );
  }
  return <Shown facts={value} back={back} />;
}

function Shown({ facts, back }: { facts: Facts; back: [string, string] }) {
  const arn = facts.channelArn;
  const mayWatch = useMay("rillcast:WatchRecording", arn);
  const mayVerify = useMay("rillcast:VerifyRecording", arn);
  const mayDownload = useMay("rillcast:DownloadRecording", arn);
  const mayDelete = useMay("rillcast:DeleteRecording", arn);
  const [base, setBase] = useState<string>();
  const video = useRef<HTMLVideoElement | null>(null);
  useEffect(() => {
    let wanted = true;
    baseOf(facts, mayWatch).then(
      (base) => wanted && setBase(base),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [facts.id, mayWatch]);
  const seek = ({ offsetMs }: Shot) => {
    if (!video.current || offsetMs === null) return;
    video.current.currentTime = offsetMs / 1_000;
    void video.current.play().catch(() => undefined);
  };
  const isOver = facts.state !== "RECORDING_STARTED";
  const name = facts.channelName || idOf(arn);
  return (
    <>
      <Head title={`Recording of ${name}`} back={back} said={<StateOf row={facts} />}>
        {mayDelete && isOver && (
          <Destroy
            label="Delete"
            question={`Delete this recording for good, with all ${bytes(facts.bytes)} of it in bucket ${facts.bucket}?`}
            act={async () => {
              await deleteRecording(facts.id, arn);
              go("/recordings");
            }}
          />
        )}
      </Head>
      {facts.reason && <Notice kind="bad">It ended before its stream did: {facts.reason}</Notice>}
      {facts.trouble && <Notice kind="warn">Its bucket can't be read now: {facts.trouble}</Notice>}
      <div class="grid">
        <Card wide>
          {facts.playableMs > 0 && base ? (
            <Player name={facts.id} live={false} muted={false} label={`Recording of ${name}`} src={`${base}/${MASTER}`} onVideo={(element) => (video.current = element)} />
          ) : (
            <Notice kind="note">{facts.playableMs > 0 ? "This key may not watch recordings (rillcast:WatchRecording)." : "There is nothing to play in it yet."}</Notice>
          )}
          {base && facts.shots.length > 0 && (
            <div class="strip" role="group" aria-label="Thumbnails">
              {facts.shots.map((shot) => (
                <button key={shot.key} type="button" disabled={shot.offsetMs === null} aria-label={`To ${span((shot.offsetMs ?? 0) / 1_000)}`} title={shot.at ? moment(shot.at) : ""} onClick={() => seek(shot)}>
                  <img src={`${base}/${shot.key}`} alt="" loading="lazy" />
                  {shot.offsetMs === null ? NONE : span(shot.offsetMs / 1_000)}
                </button>
              ))}
            </div>
          )}
        </Card>
        <About facts={facts} />
        <Renditions facts={facts} mayDownload={mayDownload} />
        {mayVerify && <Verify row={facts} />}
      </div>
    </>
  );
}

function About({ facts }: { facts: Facts }) {
  const channel = idOf(facts.channelArn);
  return (
    <Card title="Facts">
      <Values
        of={[
          ["Channel", <a href={href(`/channels/${channel}`)}>{facts.channelName || channel}</a>],
          ["Began", moment(facts.startedAt)],
          ["Ended", facts.endedAt ? moment(facts.endedAt) : NONE],
          ["Length", span(facts.durationMs ? lengthOf(facts) : facts.playableMs / 1_000)],
          ["Size", facts.bytes ? bytes(facts.bytes) : NONE],
          ["Thumbnails", String(facts.thumbnails)],
          [
            facts.streamIds.length > 1 ? "Streams" : "Stream",
            <>
              {facts.streamIds.map((stream) => (
                <div key={stream}>
                  <a href={href(`/channels/${channel}/sessions/${stream}`)}>{stream}</a>
                </div>
              ))}
            </>,
          ],
          ["For viewers", facts.private ? "Private: with a token of its channel" : <code>{facts.url}</code>],
          ["Where", <code>{`${facts.storage === "s3" ? "s3://" : ""}${facts.bucket}/${facts.prefix}`}</code>],
          ["Server", facts.server],
          ["Id", <code>{facts.id}</code>],
        ]}
      />
    </Card>
  );
}

/** Lets the browser fetch what a link leads to, with its own progress. */
async function download(facts: Facts, rendition: string): Promise<void> {
  const { url, fileName } = await downloadLink(facts.id, facts.channelArn, rendition);
  const link = document.createElement("a");
  link.href = here(url);
  link.download = fileName;
  document.body.append(link);
  link.click();
  link.remove();
}

function Renditions({ facts, mayDownload }: { facts: Facts; mayDownload: boolean }) {
  const canDownload = mayDownload && facts.playableMs > 0;
  return (
    <Card title="Renditions">
      {facts.renditions.length === 0 && <p class="faint">None: only thumbnails are recorded.</p>}
      <Values
        of={facts.renditions.map(({ name, width, height }) => [
          name,
          <>
            {width && height ? `${width} × ${height}` : "Sound alone"}{" "}
            {canDownload && (
              <Button small aria-label={`Download MP4 of ${name}`} onPress={() => download(facts, name)}>
                Download MP4
              </Button>
            )}
          </>,
        ])}
      />
      {canDownload && <p class="faint">The file is made while it is sent. A long recording is looked through first, so the download takes a moment to begin.</p>}
    </Card>
  );
}
