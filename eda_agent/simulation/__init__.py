"""From a sizing to measurements: decks, ngspice in worker processes, waveforms, and the only place that fans out."""
