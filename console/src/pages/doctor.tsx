// Doctor.
// Promise: to come.
import { Head } from "../ui/kit";

export default function Doctor(_: { names: Record<string, string> }) {
  return <Head title="Doctor" />;
}
