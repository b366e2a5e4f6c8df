// One stream session: what came in, how it fared, what happened; live, or long after.
// Promise: all of it is of this session; while it is live the page follows it.
import { useState } from "preact/hooks";
import type { Range } from "../ui/chart";
import { marksOf, type StreamEvent } from "../ui/happenings";
import { Badge, Card, Empty, Facts, Head, Notice, Paste, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { href } from "../ui/route";
import { Timeline } from "../ui/timeline";
import { bitrate, idOf, moment, NONE, span } from "../ui/words";
import { useArn } from "../wire/arn";
import { ivs } from "../wire/call";
import { useMay } from "../wire/may";
import { type Samples, samplesOfStream } from "../wire/samples";
import { HealthCharts, Ranges } from "./health";

interface Video {
  codec?: string;
  encoder?: string;
  profile?: string;
  level?: string;
  targetBitrate?: number;
  targetFramerate?: number;
  videoHeight?: number;
  videoWidth?: number;
}

interface Audio {
  codec?: string;
  channels?: number;
  sampleRate?: number;
  targetBitrate?: number;
}

interface Session {
  streamId: string;
  startTime: string;
  endTime?: string;
  channel: {
    arn: string;
    name?: string;
    type?: string;
    preset?: string;
    latencyMode?: string;
    authorized?: boolean;
    insecureIngest?: boolean;
    containerFormat?: string;
    playbackRestrictionPolicyArn?: string;
  };
  ingestConfiguration?: { video?: Video; audio?: Audio };
  recordingConfiguration?: {
    arn: string;
    name?: string;
    destinationConfiguration?: { s3?: { bucketName?: string } };
    recordingReconnectWindowSeconds?: number;
    renditionConfiguration?: { renditionSelection?: string; renditions?: string[] };
    thumbnailConfiguration?: { recordingMode?: string; targetIntervalSeconds?: number };
  };
  truncatedEvents: StreamEvent[];
}

const MINUTE = 60_000;
const SPANS: readonly (readonly [last: number | undefined, title: string])[] = [
  [5 * MINUTE, "Last 5 minutes"],
  [60 * MINUTE, "Last hour"],
  [undefined, "All of it"],
];

export default function SessionPage({ names }: { names: Record<string, string> }) {
  const [id, stream] = [names["channel"] ?? "", names["stream"] ?? ""];
  const channel = useArn("channel", id);
  const [isLive, setLive] = useState(true);
  const { value: session, failure } = useLoad<Session | undefined>(
    async (signal) => {
      if (!channel) return undefined;
      const input = { channelArn: channel, streamId: stream };
      const found = (await ivs<{ streamSession: Session }>("GetStreamSession", input, signal)).streamSession;
      setLive(!found.endTime);
      return found;
    },
    [channel, stream],
    isLive ? 5_000 : undefined,
  );
  const back: [string, string] = [href(`/channels/${id}`), session?.channel.name || id];
  if (!session) return <Frame back={back}>{failure ? <Notice failure={failure} /> : <Waiting />}</Frame>;
  return (
    <Frame back={back} said={isLive ? <Badge kind="live">LIVE</Badge> : "Ended"}>
      <Notice failure={failure} />
      <Card>
        <Facts of={timesOf(session)} />
        <div class="acts">
          <Paste text={session.streamId} label="stream ID" />
          {session.recordingConfiguration && <RecordingLink channel={session.channel.arn} stream={session.streamId} />}
        </div>
      </Card>
      <Measured session={session} />
      <div class="grid">
        <Card title="Ingest configuration">
          <Incoming session={session} />
        </Card>
        <Card title="Channel as it went on air">
          <Facts of={channelOf(session)} />
        </Card>
        <Card title="Recording configuration">
          <Recorded session={session} />
        </Card>
      </div>
    </Frame>
  );
}

function Frame({ back, said, children }: { back: [string, string]; said?: preact.ComponentChildren; children: preact.ComponentChildren }) {
  return (
    <>
      <Head title="Stream session" back={back} said={said} />
      {children}
    </>
  );
}

/** Charts and events, which lead to each other. */
function Measured({ session }: { session: Session }) {
  const channel = session.channel.arn;
  const may = useMay("rillcast:ReadStreamSamples", channel);
  const isLive = !session.endTime;
  const [last, setLast] = useState<number | undefined>(isLive ? 5 * MINUTE : undefined);
  const [zoom, setZoom] = useState<Range>();
  const began = new Date(session.startTime).getTime();
  const { value, failure } = useLoad<Samples | undefined>(
    (signal) => {
      if (!may) return Promise.resolve(undefined);
      const [from, to] = zoom ?? [last === undefined ? undefined : Date.now() - last, undefined];
      return samplesOfStream(session.streamId, { channel, from, to }, signal);
    },
    [channel, session.streamId, may, last, zoom, session.endTime],
    isLive && !zoom ? 5_000 : undefined,
  );
  const around = (at: number) => {
    setZoom([Math.max(began, at - MINUTE), at + MINUTE]);
    document.getElementById("measured")?.scrollIntoView({ block: "nearest" });
  };
  const { video } = session.ingestConfiguration ?? {};
  const shown: Range | undefined = zoom ?? (value ? [value.from, Math.max(value.to, value.from + 10_000)] : undefined);
  return (
    <>
      <div id="measured">
        <Card
          title="Health"
          acts={
            isLive &&
            may && <Ranges of={SPANS} at={zoom ? -1 : last} onPick={(picked) => (setZoom(undefined), setLast(picked))} />
          }
        >
          <Notice failure={failure} />
          {!may && <p class="faint">This key may not read what was measured (rillcast:ReadStreamSamples).</p>}
          {value && shown && (
            <HealthCharts
              samples={value}
              range={shown}
              zoomed={zoom !== undefined}
              onRange={setZoom}
              marks={marksOf(session.truncatedEvents)}
              announced={{ videoBitrate: video?.targetBitrate, frameRate: video?.targetFramerate }}
            />
          )}
        </Card>
      </div>
      <Card title="Events">
        <Timeline events={session.truncatedEvents} from={began} {...(may ? { onPick: around } : {})} />
      </Card>
    </>
  );
}

function RecordingLink({ channel, stream }: { channel: string; stream: string }) {
  const may = useMay("rillcast:ListRecordings", channel);
  if (!may) return null;
  return (
    <a class="button" href={href(`/recordings?stream=${stream}&channel=${encodeURIComponent(channel)}`)}>
      Its recording
    </a>
  );
}

type Rows = [name: string, value: preact.ComponentChildren][];

function timesOf({ startTime, endTime, truncatedEvents }: Session): Rows {
  const end = endTime ? new Date(endTime).getTime() : Date.now();
  const starved = truncatedEvents.filter(({ name }) => name === "Starvation Start").length;
  return [
    ["Started", moment(startTime)],
    ["Ended", endTime ? moment(endTime) : "It is live"],
    ["Length", span((end - new Date(startTime).getTime()) / 1000)],
    ["Starved", starved === 0 ? "Never" : starved === 1 ? "Once" : `${starved} times`],
  ];
}

function Incoming({ session }: { session: Session }) {
  const { video, audio } = session.ingestConfiguration ?? {};
  if (!video && !audio) return <Empty>The encoder has not said what it sends.</Empty>;
  const rows: Rows = [];
  if (video) {
    rows.push(
      ["Picture", `${video.videoWidth ?? "?"} × ${video.videoHeight ?? "?"}`],
      ["Video codec", [video.codec, video.profile, video.level].filter(Boolean).join(" · ") || NONE],
      ["Announced frame rate", video.targetFramerate ? `${video.targetFramerate} fps` : "Not announced"],
      ["Announced video bitrate", video.targetBitrate ? bitrate(video.targetBitrate) : "Not announced"],
      ["Encoder", video.encoder || NONE],
    );
  } else rows.push(["Picture", "None"]);
  if (audio) {
    rows.push(
      ["Sound", `${audio.codec ?? ""}, ${audio.channels === 2 ? "stereo" : audio.channels === 1 ? "mono" : `${audio.channels ?? "?"} channels`}, ${(audio.sampleRate ?? 0) / 1000} kHz`],
      ["Announced audio bitrate", audio.targetBitrate ? bitrate(audio.targetBitrate) : "Not announced"],
    );
  } else rows.push(["Sound", "None"]);
  return <Facts of={rows} />;
}

function channelOf({ channel }: Session): Rows {
  return [
    ["Name", channel.name || NONE],
    ["Type", [channel.type, channel.preset].filter(Boolean).join(" · ") || NONE],
    ["Latency", channel.latencyMode === "LOW" ? "Low" : "Normal"],
    ["Who may watch", channel.authorized ? "Viewers with a token (private)" : "Everyone"],
    ["Plain RTMP", channel.insecureIngest ? "Allowed" : "Refused: RTMPS only"],
    ["Segments", channel.containerFormat === "TS" ? "MPEG-TS" : "Fragmented MP4"],
    ["Playback restriction", channel.playbackRestrictionPolicyArn ? idOf(channel.playbackRestrictionPolicyArn) : "None"],
  ];
}

function Recorded({ session: { recordingConfiguration: one } }: { session: Session }) {
  if (!one) return <p class="faint">This session was not recorded.</p>;
  const renditions = one.renditionConfiguration;
  const thumbnails = one.thumbnailConfiguration;
  return (
    <Facts
      of={[
        ["Name", one.name || idOf(one.arn)],
        ["Bucket", one.destinationConfiguration?.s3?.bucketName ?? NONE],
        ["Renditions", renditions?.renditionSelection === "CUSTOM" ? (renditions.renditions ?? []).join(", ") : renditions?.renditionSelection === "NONE" ? "None" : "All"],
        ["Thumbnails", thumbnails?.recordingMode === "DISABLED" ? "None" : `One each ${thumbnails?.targetIntervalSeconds ?? 60} s`],
        ["Joined after a break of", one.recordingReconnectWindowSeconds ? `at most ${one.recordingReconnectWindowSeconds} s` : "Never: each session has its own"],
      ]}
    />
  );
}
