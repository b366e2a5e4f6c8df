// What stands where a page was that failed.
// Promise: a page that fails takes nothing else with it, and says what failed.
import { Component, type ComponentChildren } from "preact";
import { Notice } from "./kit";

export class Guard extends Component<{ children: ComponentChildren }, { failure?: Error }> {
  override state: { failure?: Error } = {};

  static getDerivedStateFromError(failure: Error) {
    return { failure };
  }

  override componentDidCatch(failure: Error) {
    console.error(failure);
  }

  override render() {
    const { failure } = this.state;
    if (!failure) return this.props.children;
    return (
      <>
        <h1>This page failed</h1>
        <Notice>
          {failure.message || "Something went wrong in the browser."} Nothing was changed on the server by that. Load the page again; if it fails again, tell
          your operator what is written here.
        </Notice>
        <p>
          <button type="button" class="button" onClick={() => location.reload()}>
            Load again
          </button>
        </p>
      </>
    );
  }
}
