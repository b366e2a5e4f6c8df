// Overview.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Overview(_: { names: Record<string, string> }) {
  return <Head title="Overview" />;
}
