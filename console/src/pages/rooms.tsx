// Chat rooms.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Rooms(_: { names: Record<string, string> }) {
  return <Head title="Chat rooms" />;
}
