// A browser starts no worker for a page from the file system. There, the script of the search runs in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      this.inner = this.frame.contentWindow;
      // opened by hand, the frame's document is not replaced later by an empty one
      this.inner.document.open();
      this.inner.document.close();
      this.inner.postMessage = (data) => this.receive("message", data);
      const script = this.inner.document.createElement("script");
      script.src = new URL(url, location.href).href;
      this.ready = new Promise((done) => (script.onload = done));
      script.onerror = () => this.receive("error");
      this.inner.document.documentElement.append(script);
    }

    receive(type, data) {
      const event = new MessageEvent(type, { data });
      this.dispatchEvent(event);
      this[`on${type}`]?.(event);
    }

    postMessage(data) {
      this.ready.then(() => this.inner.onmessage?.(new MessageEvent("message", { data: structuredClone(data) })));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
