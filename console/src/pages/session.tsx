// Session.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Session(_: { names: Record<string, string> }) {
  return <Head title="Session" />;
}
