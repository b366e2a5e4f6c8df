// Access keys.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Keys(_: { names: Record<string, string> }) {
  return <Head title="Access keys" />;
}
