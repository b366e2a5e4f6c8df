// Overview: what is live now, how the machine fares, what happened, what needs attention.
// Promise: each part asks for itself; a key that may not see one sees the rest.
import { Icon } from "../ui/icons";
import { Badge, Card, Empty, Head, Notice, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { href } from "../ui/route";
import { bitrate, idOf, NONE, span } from "../ui/words";
import { useMay } from "../wire/may";
import { Attention } from "./overview-attention";
import { Health } from "./overview-machine";
import { News } from "./overview-news";
import { MovingPicture } from "./overview-picture";
import { type OnAir, onAir } from "./overview-wire";

const LIVE_MS = 3_000;
/** Cards with pictures; the rest is in the list of channels. */
const CARDS = 24;

export default function Overview(_: { names: Record<string, string> }) {
  const list = useMay("ivs:ListStreams");
  const measured = useMay("rillcast:ListLiveStreams");
  const { value: streams, failure } = useLoad((signal) => onAir({ list, measured }, signal), [list, measured], LIVE_MS);
  return (
    <>
      <Head title="Overview" />
      <Notice failure={failure} />
      {(list || measured) && <Totals streams={streams} />}
      <Attention streams={streams} />
      <div class="columns">
        <div class="stack">{(list || measured) && <LiveNow streams={streams} />}</div>
        <div class="stack">
          <Health />
          <News />
        </div>
      </div>
    </>
  );
}

function Totals({ streams }: { streams: OnAir[] | undefined }) {
  const sum = (of: (stream: OnAir) => number) => streams?.reduce((sum, stream) => sum + of(stream), 0);
  const starving = streams?.filter(({ health }) => health === "STARVING").length;
  const tiles: [string, string | number][] = [
    ["Live channels", streams?.length ?? NONE],
    ["Viewers", sum(({ viewers }) => viewers) ?? NONE],
    ["Ingest", bitrate(sum(({ bitrate }) => bitrate ?? 0))],
    ["Starving", starving ?? NONE],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value]) => (
        <div key={name} class="tile">
          <dt>{name}</dt>
          <dd class={name === "Starving" && starving ? "warn-text" : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function LiveNow({ streams }: { streams: OnAir[] | undefined }) {
  const mayWatch = useMay("rillcast:WatchChannel");
  const more = streams && streams.length > CARDS && <a href={href("/channels")}>All {streams.length} live channels</a>;
  return (
    <Card title="Live now" acts={more}>
      {!streams && <Waiting />}
      {streams?.length === 0 && (
        <Empty>
          <p>Nothing is on air. Pick a channel, and send to its ingest address with its stream key.</p>
          <a class="button" href={href("/channels")}>
            <Icon name="channels" /> Channels
          </a>
        </Empty>
      )}
      {streams && streams.length > 0 && (
        <div class="live-cards">
          {streams.slice(0, CARDS).map((stream) => (
            <LiveCard key={stream.arn} stream={stream} mayWatch={mayWatch} />
          ))}
        </div>
      )}
    </Card>
  );
}

function LiveCard({ stream, mayWatch }: { stream: OnAir; mayWatch: boolean }) {
  const id = idOf(stream.arn);
  const name = stream.name || id;
  return (
    <article class="live-card" aria-label={name}>
      <div class="picture">
        <MovingPicture arn={stream.arn} name={name} off={!mayWatch || stream.hasThumbnail === false} />
        {stream.health === "STARVING" ? <Badge kind="warn">Starving</Badge> : <Badge kind="live">Live</Badge>}
      </div>
      <div class="told">
        <a href={href(`/channels/${id}`)}>{name}</a>
        <p>
          <span>{stream.viewers === 1 ? "1 viewer" : `${stream.viewers} viewers`}</span>
          <span>{bitrate(stream.bitrate)}</span>
          <span>{span((Date.now() - stream.started) / 1_000)}</span>
        </p>
      </div>
    </article>
  );
}
