// Chat room.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Room(_: { names: Record<string, string> }) {
  return <Head title="Chat room" />;
}
