// Light or dark: as the system has it, or as somebody chose in this browser.
// Promise: a choice is kept by the browser and told to nobody.
import { useState } from "preact/hooks";

const LOOKS = ["system", "light", "dark"] as const;
export type Look = (typeof LOOKS)[number];

const PLACE = "rillcast-look";

function kept(): Look {
  try {
    return LOOKS.find((look) => look === localStorage.getItem(PLACE)) ?? "system";
  } catch {
    return "system";
  }
}

function wear(look: Look): void {
  document.documentElement.dataset["look"] = look;
}

/** Before anything is drawn. */
export const wearKept = (): void => wear(kept());

/** The look, and the way to the next one. */
export function useLook(): [Look, () => void] {
  const [look, setLook] = useState(kept);
  const turn = () => {
    const next = LOOKS[(LOOKS.indexOf(look) + 1) % LOOKS.length] ?? "system";
    try {
      localStorage.setItem(PLACE, next);
    } catch {
      // It holds for this tab then.
    }
    wear(next);
    setLook(next);
  };
  return [look, turn];
}
