// Chat rooms as the API and the desk tell of them.
// Promise: names are the vendor's; what moderation needs beyond it is said as docs/guide/chat-extensions.md has it.
import { desk, every, ivschat } from "../wire/call";

export interface Room {
  arn: string;
  id: string;
  name: string;
  createTime: string;
  updateTime: string;
  /** Only of one room, not in lists. */
  maximumMessageLength?: number;
  maximumMessageRatePerSecond?: number;
  messageReviewHandler?: { uri?: string; fallbackResult?: "ALLOW" | "DENY" };
  loggingConfigurationIdentifiers?: string[];
  tags?: Record<string, string>;
}

export interface Logging {
  arn: string;
  id: string;
  name: string;
  state: string;
  destinationConfiguration: {
    s3?: { bucketName: string };
    cloudWatchLogs?: { logGroupName: string };
    firehose?: { deliveryStreamName: string };
  };
  createTime: string;
}

export interface Person {
  userId: string;
  connections: number;
}

export interface Restriction {
  userId: string;
  kind: "BAN" | "MUTE";
  /** Milliseconds since 1970. */
  until: number | null;
  reason: string | null;
}

export interface Review {
  uri: string;
  configured: boolean;
  resting: boolean;
  waiting: number;
  allowed: number;
  denied: number;
  failed: number;
  invalid: number;
  /** Milliseconds. */
  lastTook: number | null;
  meanTook: number | null;
  lastFailure: { at: number; text: string } | null;
}

/** What one server knows of a room. Counts are since `since`. */
export interface Stats {
  node: string;
  room: {
    since: number;
    connections: number;
    users: number;
    people: Person[];
    messages: number;
    events: number;
    deletions: number;
    disconnections: number;
    joins: number;
    allowed: number;
    denied: number;
    tooFast: number;
    refused: number;
    remembered: number;
  } | null;
  review: Review | null;
  restrictions: Restriction[];
  moreRestrictions: number;
}

export const stats = (arn: string, signal?: AbortSignal) =>
  desk<Stats>("GET", "rooms/stats", { query: { arn }, ...(signal ? { signal } : {}) });

export const rooms = () =>
  every(async (nextToken) => {
    const page = await ivschat<{ rooms: Room[]; nextToken?: string }>("ListRooms", { maxResults: 50, ...(nextToken ? { nextToken } : {}) });
    return { items: page.rooms, ...(page.nextToken ? { nextToken: page.nextToken } : {}) };
  });

export const loggings = () =>
  every(async (nextToken) => {
    const page = await ivschat<{ loggingConfigurations: Logging[]; nextToken?: string }>("ListLoggingConfigurations", {
      maxResults: 50,
      ...(nextToken ? { nextToken } : {}),
    });
    return { items: page.loggingConfigurations, ...(page.nextToken ? { nextToken: page.nextToken } : {}) };
  });

export function destinationOf({ destinationConfiguration: to }: Logging): string {
  if (to.s3) return `S3 bucket ${to.s3.bucketName}`;
  if (to.cloudWatchLogs) return `CloudWatch log group ${to.cloudWatchLogs.logGroupName}`;
  return `Firehose ${to.firehose?.deliveryStreamName ?? ""}`;
}

/** An event of moderation that the server carries out. */
export const command = (arn: string, eventName: string, attributes: Record<string, string>) =>
  ivschat("SendEvent", { roomIdentifier: arn, eventName, attributes });
