// Server log.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Logs(_: { names: Record<string, string> }) {
  return <Head title="Server log" />;
}
