// Quotas.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Quotas(_: { names: Record<string, string> }) {
  return <Head title="Quotas" />;
}
