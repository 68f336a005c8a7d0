"""The policies: what proposes the next sizing from the history. One file each; `registry` knows them by name."""
