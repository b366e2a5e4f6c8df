// Where one writes to a room.
// Promise: what was not sent stays where it was written, with the reason; in slow mode the wait is counted down.
import { useEffect, useState } from "preact/hooks";
import { ChatRefusal } from "./client";

interface Props {
  send: (text: string) => Promise<void>;
  label: string;
  /** Why nothing can be sent now. */
  barred?: string | undefined;
  /** Characters that the room allows. */
  most?: number;
}

export function Composer({ send, label, barred, most = 500 }: Props) {
  const [text, setText] = useState("");
  const [trouble, setTrouble] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [wait, setWait] = useState(0);
  useEffect(() => {
    if (wait <= 0) return;
    const timer = window.setTimeout(() => setWait(wait - 1), 1_000);
    return () => window.clearTimeout(timer);
  }, [wait]);
  const over = [...text].length - most;
  const submit = async () => {
    const content = text.trim();
    if (!content || isBusy || barred || wait > 0 || over > 0) return;
    setBusy(true);
    setTrouble("");
    try {
      await send(content);
      setText("");
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
      if (error instanceof ChatRefusal && error.wait) setWait(error.wait);
    } finally {
      setBusy(false);
    }
  };
  const told = over > 0 ? `${over} characters too long.` : wait > 0 ? `Slow mode: ${wait} s to wait.` : trouble;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <input
        aria-label={label}
        placeholder={barred ?? label}
        value={text}
        autocomplete="off"
        enterkeyhint="send"
        onInput={({ currentTarget: { value } }) => {
          setText(value);
          if (wait <= 0) setTrouble("");
        }}
      />
      <button type="submit" class="button main" disabled={isBusy || Boolean(barred) || wait > 0 || over > 0 || !text.trim()}>
        Send
      </button>
      {told && (
        <p class="composer-told" role="alert">
          {told}
        </p>
      )}
    </form>
  );
}
