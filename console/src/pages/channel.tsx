// Channel.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Channel(_: { names: Record<string, string> }) {
  return <Head title="Channel" />;
}
