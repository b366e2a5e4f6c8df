// Channels.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Channels(_: { names: Record<string, string> }) {
  return <Head title="Channels" />;
}
