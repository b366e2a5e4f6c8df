// Events.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Events(_: { names: Record<string, string> }) {
  return <Head title="Events" />;
}
