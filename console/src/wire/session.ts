// Who is signed in: an access key, kept in this tab and nowhere else.
// Promise: the secret leaves the tab only as signatures.

/** An access key and what its calls are signed for. */
export interface Key {
  id: string;
  secret: string;
  region: string;
}

/** Who the server says the key belongs to. */
export interface Identity {
  account: string;
  region: string;
  name: string;
  arn: string;
}

const PLACE = "rillcast-key";

/** The key that this tab holds. */
export function heldKey(): Key | undefined {
  try {
    const text = sessionStorage.getItem(PLACE);
    return text ? (JSON.parse(text) as Key) : undefined;
  } catch {
    return undefined;
  }
}

export function holdKey(key: Key): void {
  sessionStorage.setItem(PLACE, JSON.stringify(key));
}

export function dropKey(): void {
  sessionStorage.removeItem(PLACE);
}
