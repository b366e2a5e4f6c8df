// What IVS says of channels and streams, as its API has it, and how the pages of a channel ask for it.
// Promise: a member that the server leaves out is told as absent, never invented.
import { desk, every, Failure, ivs } from "../wire/call";

export interface Channel {
  arn: string;
  name: string;
  latencyMode: "LOW" | "NORMAL";
  type: "BASIC" | "STANDARD" | "ADVANCED_SD" | "ADVANCED_HD";
  preset: "" | "HIGHER_BANDWIDTH_DELIVERY" | "CONSTRAINED_BANDWIDTH_DELIVERY";
  authorized: boolean;
  insecureIngest: boolean;
  containerFormat: "TS" | "FRAGMENTED_MP4";
  ingestEndpoint: string;
  playbackUrl: string;
  recordingConfigurationArn: string;
  playbackRestrictionPolicyArn: string;
  multitrackInputConfiguration?: { enabled: boolean; policy?: "ALLOW" | "REQUIRE"; maximumResolution?: "SD" | "HD" | "FULL_HD" };
  tags?: Record<string, string>;
}

export interface Stream {
  channelArn: string;
  streamId: string;
  state: "LIVE" | "OFFLINE";
  health: "HEALTHY" | "STARVING" | "UNKNOWN";
  viewerCount: number;
  startTime: string;
}

export interface StreamKeySummary {
  arn: string;
  channelArn: string;
}

export interface StreamKey extends StreamKeySummary {
  value: string;
}

export interface RecordingConfiguration {
  arn: string;
  name?: string;
  state: "CREATING" | "CREATE_FAILED" | "ACTIVE";
  destinationConfiguration: { s3?: { bucketName: string } };
}

export interface RestrictionPolicy {
  arn: string;
  name?: string;
  allowedCountries: string[];
  allowedOrigins: string[];
  enableStrictOriginEnforcement?: boolean;
}

export interface KeyPair {
  arn: string;
  name?: string;
  fingerprint?: string;
}

/** How an operator watches: of channels that are open to all, without a token. */
export interface WatchPass {
  playbackUrl: string;
  thumbnailUrl: string;
  /** Milliseconds since 1970; absent where nothing ends. */
  expiresAt?: number;
}

/** Where encoders send to, without a key. */
export interface IngestAddresses {
  rtmps?: string;
  rtmp?: string;
}

/** The same thing on this page's own server: whatever name it calls itself by, the page may ask only here. */
export function here(url: string): string {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

export const watchPass = (arn: string) => desk<WatchPass>("POST", "watch-passes", { query: { arn } });

/** What is on air on a channel; nothing when it is offline. */
export async function streamOf(arn: string, signal?: AbortSignal): Promise<Stream | null> {
  try {
    return (await ivs<{ stream: Stream }>("GetStream", { channelArn: arn }, signal)).stream;
  } catch (error) {
    if (error instanceof Failure && error.code === "ChannelNotBroadcasting") return null;
    throw error;
  }
}

export const streamKeysOf = (channelArn: string) =>
  every<StreamKeySummary>(async (nextToken) => {
    const told = await ivs<{ streamKeys: StreamKeySummary[]; nextToken?: string }>("ListStreamKeys", {
      channelArn,
      maxResults: 50,
      ...(nextToken ? { nextToken } : {}),
    });
    return { items: told.streamKeys, ...(told.nextToken ? { nextToken: told.nextToken } : {}) };
  });

/** All of one kind that an account has: `all<KeyPair>("ListPlaybackKeyPairs", "keyPairs")`. */
export const all = <T>(operation: string, member: string) =>
  every<T>(async (nextToken) => {
    const told = await ivs<Record<string, unknown>>(operation, { maxResults: 50, ...(nextToken ? { nextToken } : {}) });
    const next = told["nextToken"];
    return { items: (told[member] ?? []) as T[], ...(typeof next === "string" ? { nextToken: next } : {}) };
  });

/** The name of a thing, or its id where it has none. */
export const nameOf = ({ name, arn }: { name?: string; arn: string }): string => name || arn.slice(arn.lastIndexOf("/") + 1);
