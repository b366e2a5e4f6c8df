// Recording.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Recording(_: { names: Record<string, string> }) {
  return <Head title="Recording" />;
}
