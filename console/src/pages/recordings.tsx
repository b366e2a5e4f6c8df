// Recordings.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Recordings(_: { names: Record<string, string> }) {
  return <Head title="Recordings" />;
}
