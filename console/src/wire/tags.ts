// Tags of a resource, set and removed one at a time.
// Promise: the service that owns the resource is asked.
import { ask } from "./call";

/** The service that a resource's tags are the business of. */
export const serviceOf = (arn: string): "ivs" | "ivschat" => (arn.split(":")[2] === "ivschat" ? "ivschat" : "ivs");

const tagsOf = (arn: string) => ({ path: `/tags/${encodeURIComponent(arn)}`, service: serviceOf(arn) });

export const setTag = (arn: string, tag: string, value: string) =>
  ask({ ...tagsOf(arn), method: "POST", body: { tags: { [tag]: value } } });

export const dropTag = (arn: string, tag: string) => ask({ ...tagsOf(arn), method: "DELETE", query: { tagKeys: tag } });
